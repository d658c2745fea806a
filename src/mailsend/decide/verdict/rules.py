"""The rules of M18 and M19 as a table: the first that fits names the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from mailsend.decide.verdict.terms import Reason, Step
from mailsend.model.reply import Reply, Severity

__all__ = ["RULES", "Given", "Rule"]


class Given(Enum):
    """A fact beside the reply that a rule may ask for."""

    ACCEPTED_BEFORE = auto()  # a recipient of this transaction was accepted
    LOGGED_IN = auto()  # this is submission, not relaying
    REPEATED = auto()  # the same X.7.x was given to a recipient of another domain just before
    OUTLOOK = auto()  # Outlook's protection hosts say it
    BY_TOKEN = auto()  # the log-in is by an access token


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason, and what must be so for it; an empty condition always holds.

    ``enhanced`` lists patterns in which ``x`` stands for any class and ``""`` for no code.
    """

    reason: Reason
    steps: frozenset[Step]
    codes: frozenset[int]
    severity: Severity | None
    enhanced: re.Pattern[str] | None
    text: re.Pattern[str]
    given: Given | None

    def fits(self, step: Step, reply: Reply, words: str, facts: frozenset[Given]) -> bool:
        """Say whether this rule speaks of ``reply`` at ``step``; ``words`` is its text without names."""
        return (
            (not self.steps or step in self.steps)
            and (not self.codes or reply.code in self.codes)
            and (self.severity is None or reply.severity is self.severity)
            and (self.enhanced is None or self.enhanced.fullmatch(reply.enhanced or "") is not None)
            and (self.given is None or self.given in facts)
            and self.text.search(words) is not None
        )


def _rule(
    reason: Reason,
    *,
    at: Iterable[Step] = (),
    codes: Iterable[int] = (),
    severity: Severity | None = None,
    enhanced: Iterable[str] = (),
    text: str = "",
    given: Given | None = None,
) -> Rule:
    patterns = "|".join(
        one.replace("x", r"[245]").replace(".", r"\.").replace("*", r"\d+") for one in enhanced
    )
    return Rule(
        reason,
        frozenset(at),
        frozenset(codes),
        severity,
        re.compile(patterns) if enhanced else None,
        re.compile(text, re.IGNORECASE),
        given,
    )


_NO_CODE = ("", "x.0.0")
_POLICY = (*_NO_CODE, "x.7.*")
_OPENING = (Step.GREETING, Step.EHLO)
_BEFORE_CONTENT = (*_OPENING, Step.MAIL, Step.RCPT, Step.DATA)
_ENVELOPE = (Step.MAIL, Step.RCPT, Step.DATA, Step.DOT)
_TO_RECIPIENTS = (Step.RCPT, Step.DATA, Step.DOT)
_TRANSIENT, _PERMANENT = Severity.TRANSIENT, Severity.PERMANENT

# Sources, read in November 2026: RFC 3463, 4954, 7372, 7505, 8689; "Email non-delivery reports and SMTP
# errors in Exchange Online" (learn.microsoft.com); "Gmail SMTP errors and codes" (support.google.com/a).
RULES: Final[tuple[Rule, ...]] = (
    # Too fast: slow down, no attempt counted (M19).
    _rule(Reason.AUTH_TEMPORARY, at=(Step.AUTH,), codes=(432,), enhanced=("4.7.12",)),  # RFC 4954, section 6
    _rule(
        Reason.RATE, codes=(432,)
    ),  # Exchange: "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"
    _rule(Reason.RATE, enhanced=(r"4.7.[5-9]\d\d",)),
    _rule(Reason.RATE, codes=(421,), enhanced=("4.7.*",)),
    _rule(Reason.SERVER_BUSY, codes=(421,)),
    # Codes that depend on who says them (M19).
    _rule(Reason.AUTH_SWITCHED_OFF, enhanced=("5.7.30",), text=r"basic auth"),  # Exchange Online, 2025
    _rule(
        Reason.AUTH_SWITCHED_OFF, enhanced=("5.7.139",), text=r"disabled|basic auth"
    ),  # Exchange Online, 2025
    _rule(
        Reason.AUTH_FORBIDDEN, at=(Step.AUTH,), enhanced=("5.7.139",), text=r"policy|criteria"
    ),  # Exchange Online: security defaults, conditional access
    _rule(Reason.AUTH_FORBIDDEN, at=(Step.AUTH,), codes=(534,), text=r"web browser"),  # Gmail: 5.7.14
    _rule(Reason.APPLICATION_PASSWORD_NEEDED, at=(Step.AUTH,), codes=(534,), text=r"application.specific"),
    _rule(Reason.TOKEN_REFUSED, at=(Step.AUTH,), codes=(535,), given=Given.BY_TOKEN),
    _rule(
        Reason.APPLICATION_PASSWORD_NEEDED, at=(Step.AUTH,), codes=(535,), text=r"BadCredentials"
    ),  # Gmail: the end of the link that it gives
    _rule(Reason.SENDER_AUTHENTICATION, at=_ENVELOPE, enhanced=("x.7.30",), text=r"dkim"),  # Gmail, 2024
    _rule(Reason.REQUIRE_TLS_NOT_OFFERED, enhanced=("5.7.30",)),  # RFC 8689, section 5
    _rule(
        Reason.SENDER_AUTHENTICATION, at=_ENVELOPE, enhanced=("x.7.509", "x.7.515")
    ),  # Exchange Online: DMARC; Outlook.com, May 2025
    _rule(Reason.SENDER_AUTHENTICATION, at=_ENVELOPE, enhanced=(r"x.7.2[0-4]", "x.7.26")),  # RFC 7372; Gmail
    _rule(Reason.CLIENT_REFUSED, enhanced=("x.7.25",)),  # RFC 7372: no reverse DNS for our address
    _rule(
        Reason.NO_SUCH_USER,
        at=(Step.RCPT,),
        codes=(550,),
        enhanced=("5.4.1",),
        text=r"access denied",
        given=Given.OUTLOOK,
    ),
    _rule(Reason.NO_SUCH_USER, at=(Step.RCPT,), codes=(551,)),
    # The sender at this server (M18).
    _rule(Reason.SENDER_NOT_ALLOWED, at=_ENVELOPE, enhanced=("x.7.60", "5.2.252")),  # Exchange: SendAsDenied
    _rule(Reason.SENDER_NOT_ALLOWED, at=_ENVELOPE, text=r"\bnot owned\b|to send as\b"),
    _rule(Reason.SENDER_REFUSED, at=_ENVELOPE, enhanced=(r"x.1.[78]",)),
    _rule(Reason.SENDER_REFUSED, at=(Step.MAIL,), enhanced=("x.1.*",)),
    # Server or account by the step, and 530 and 535 at any (M18).
    _rule(Reason.TLS_DEMANDED, codes=(530,), text=r"starttls"),
    _rule(Reason.AUTH_REQUIRED, codes=(530,)),
    _rule(Reason.AUTH_FAILED, codes=(535,)),
    _rule(Reason.AUTH_TEMPORARY, at=(Step.AUTH,), severity=_TRANSIENT),
    _rule(Reason.AUTH_REFUSED, at=(Step.AUTH,)),
    _rule(Reason.TLS_REFUSED, at=(Step.STARTTLS,)),
    # Size, and how many (M19).
    _rule(Reason.TOO_BIG, at=_ENVELOPE, enhanced=("x.3.4", "x.2.3")),
    _rule(
        Reason.TOO_MANY_RECIPIENTS,
        at=(Step.RCPT,),
        codes=(452, 552),
        enhanced=_NO_CODE,
        given=Given.ACCEPTED_BEFORE,
    ),
    _rule(Reason.TOO_MANY_RECIPIENTS, at=(Step.RCPT,), enhanced=("x.5.3",), given=Given.ACCEPTED_BEFORE),
    _rule(Reason.TOO_BIG, at=(Step.MAIL, Step.DATA, Step.DOT), codes=(552,), enhanced=(*_NO_CODE, "x.3.*")),
    # The account's own mailbox (M19).
    _rule(Reason.SENDING_MAILBOX_FULL, at=(Step.MAIL,), enhanced=("x.2.2",)),
    _rule(Reason.SENDING_MAILBOX_FULL, at=(Step.DOT,), enhanced=("x.2.2",), given=Given.LOGGED_IN),
    _rule(Reason.ACCOUNT_DISABLED, at=(Step.MAIL,), enhanced=("x.2.*",)),
    # The recipient (M18).
    _rule(Reason.BAD_DOMAIN, at=_TO_RECIPIENTS, enhanced=("x.1.10",), text=r"null mx"),  # RFC 7505
    _rule(Reason.NO_SUCH_USER, at=_TO_RECIPIENTS, enhanced=("x.1.1", "x.1.10")),
    _rule(Reason.BAD_DOMAIN, at=_TO_RECIPIENTS, enhanced=("x.1.2",)),
    _rule(Reason.BAD_ADDRESS, at=_TO_RECIPIENTS, enhanced=("x.1.3",)),
    _rule(Reason.MOVED, at=_TO_RECIPIENTS, enhanced=("x.1.6",)),
    _rule(Reason.MAILBOX_DISABLED, at=_TO_RECIPIENTS, enhanced=("5.2.1",)),
    _rule(Reason.MAILBOX_FULL, at=_TO_RECIPIENTS, enhanced=("x.2.2",)),
    _rule(Reason.RECIPIENT_REFUSED, at=_TO_RECIPIENTS, enhanced=(r"x.[12].*",)),
    # A route that ends nowhere (RFC 3463, section 3.5; Exchange Online): sent again, it would end there again.
    _rule(
        Reason.RECIPIENT_REFUSED, at=_TO_RECIPIENTS, severity=_PERMANENT, enhanced=("x.4.6", "x.4.14")
    ),  # a loop
    _rule(Reason.BAD_DOMAIN, at=_TO_RECIPIENTS, severity=_PERMANENT, enhanced=("x.4.4", "x.4.310")),
    # The server, its network, the dialogue, the message, by the subject of the code (RFC 3463).
    _rule(
        Reason.HELO_REFUSED, at=_BEFORE_CONTENT, enhanced=("x.5.*",), text=r"\bhelo command rejected"
    ),  # Postfix: a name that is none
    _rule(Reason.SERVER_FAULT, enhanced=("x.3.*",)),
    _rule(Reason.NETWORK, enhanced=("x.4.*",)),
    _rule(Reason.PROTOCOL, enhanced=("x.5.*",)),
    _rule(Reason.MESSAGE_FORMAT, enhanced=("x.6.*",)),
    # Policy before the content: by its words the server's, else the recipient's (M18).
    _rule(
        Reason.RECIPIENT_POLICY, at=(Step.RCPT,), enhanced=_POLICY, text=r"RESOLVER\.RST"
    ),  # Exchange: closed group
    _rule(
        Reason.RECIPIENT_POLICY,
        at=(Step.RCPT,),
        enhanced=_POLICY,
        text=r"\bblocked by (the |this |its )?(recipient|user|mailbox|owner)\b"
        r"|\b(recipient|user|owner)'?s? (own |personal )?(block|black|deny).?list"
        r"|\b(recipient|user|mailbox)\s+(has been|is|was) blocked\b",
    ),
    _rule(
        Reason.GREYLISTED,
        at=(Step.RCPT, Step.DATA),
        severity=_TRANSIENT,
        enhanced=_POLICY,
        text=r"gr[ea]y.?list",
    ),
    _rule(Reason.RELAYING_DENIED, at=_BEFORE_CONTENT, enhanced=_POLICY, text=r"\brelay(ing)?\b"),
    _rule(
        Reason.BLOCK_LISTED,
        at=_BEFORE_CONTENT,
        enhanced=_POLICY,
        text=r"\b(block|black|deny).?list|\b(listed|blocked) (at|by|in|on|using)\b|dnsbl|\brbl\b|reputation",
    ),
    _rule(Reason.HELO_REFUSED, at=_BEFORE_CONTENT, enhanced=_POLICY, text=r"\b(helo|ehlo)\b"),
    _rule(
        Reason.RATE,
        at=_BEFORE_CONTENT,
        enhanced=_POLICY,
        text=r"\brate\b|rate.?limit|throttl|too (many|much|fast|frequent)|limit exceeded",
    ),
    _rule(
        Reason.AUTH_REQUIRED,
        at=_BEFORE_CONTENT,
        enhanced=_POLICY,
        text=r"\bauthenticat|\blog(ged)?.?in\b|\bauth\b",
    ),
    _rule(
        Reason.CLIENT_REFUSED,
        at=_BEFORE_CONTENT,
        enhanced=_POLICY,
        text=r"\bclient\b|reverse (dns|hostname)|\bptr\b|your (ip|host)|\bbanned\b",
    ),
    _rule(
        Reason.SENDER_REFUSED,
        at=(Step.RCPT,),
        enhanced=_POLICY,
        text=r"\bsender (address rejected|verif)",
    ),  # Postfix, Exim: said when the recipient is asked for
    _rule(Reason.SERVER_POLICY, at=(Step.RCPT,), enhanced=("x.7.*",), given=Given.REPEATED),
    _rule(Reason.RECIPIENT_POLICY, at=(Step.RCPT,), enhanced=("x.7.*",)),
    _rule(Reason.CONTENT_REFUSED, at=(Step.DOT,), enhanced=("x.7.*",)),
    _rule(Reason.SERVER_POLICY, enhanced=("x.7.*",)),
    # Without an enhanced code the step decides (M18); what is about something else is no missing user (M17).
    _rule(
        Reason.MAILBOX_FULL,
        at=(Step.RCPT,),
        enhanced=_NO_CODE,
        text=r"\b(mailbox|inbox) (is )?full\b|over.?quota|quota (is )?exceeded",
    ),
    _rule(
        Reason.RECIPIENT_POLICY,
        at=(Step.RCPT,),
        enhanced=_NO_CODE,
        codes=(550,),
        text=r"\bpolicy\b|\bspam|\bjunk|unsolicited|prohibit|access denied",
    ),
    _rule(Reason.NO_SUCH_USER, at=(Step.RCPT,), codes=(550,)),
    _rule(Reason.BAD_ADDRESS, at=(Step.RCPT,), codes=(553,)),
    _rule(Reason.PROTOCOL, at=_ENVELOPE, codes=(500, 501, 502, 503, 504, 555)),
    _rule(Reason.RECIPIENT_REFUSED, at=(Step.RCPT,)),
    _rule(Reason.SENDER_REFUSED, at=(Step.MAIL,), severity=_PERMANENT),
    _rule(Reason.CONTENT_REFUSED, at=(Step.DOT,), severity=_PERMANENT),
    _rule(Reason.SERVER_FAULT),
)
