"""The end of thought: a finished mail with all its decisions, or a refusal with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsend.model.by_address import ByAddress
from mailsend.model.content import Content
from mailsend.model.decision import RECORD_VERSION, Decision, DecisionRecord, Facts, PassedOver
from mailsend.model.envelope import Envelope
from mailsend.model.frozen import FrozenDict, by_slots
from mailsend.model.message import Message

if TYPE_CHECKING:
    from mailsend.decide.content import ContentDecision
    from mailsend.decide.recipients import RecipientDecision, RecipientsDecision
    from mailsend.decide.reply_to import ReplyToDecision
    from mailsend.decide.return_path import ReturnPathDecision
    from mailsend.decide.route import RoutesDecision
    from mailsend.decide.sender import SenderDecision
    from mailsend.decide.signing import SignaturesDecision
    from mailsend.model.standing_hold import MailFacts

__all__ = ["Hold", "Refusal", "Submission"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A mail is to be kept back; ``reason`` is a stable code, ``why`` says it in words."""

    reason: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A message may not go out: which step refused it, why, and what had been decided by then.

    ``advice`` is one line that says what to do next.
    """

    step: str
    reason: StrEnum
    facts: Facts = field(default_factory=FrozenDict)
    advice: str = ""
    passed_over: tuple[PassedOver, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", FrozenDict(self.facts))

    def record(self) -> DecisionRecord:
        """Give the refusal in the form that decisions are written down in."""
        return {
            "v": RECORD_VERSION,
            "step": self.step,
            "reason": str(self.reason),
            "value": None,
            "passed_over": [one.record() for one in self.passed_over],
            "facts": dict(self.facts),
        }

    def explain(self, locale: str = "en") -> str:
        """Say in words why the message was refused."""
        from mailsend.model.words import explain

        return explain(self.record(), locale)


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A finished mail: bytes, envelopes, and the decision behind each choice.

    The object that a preview shows is the object that is delivered. ``data`` ends its lines with
    CRLF, ``digest`` is its SHA-256 in hexadecimal; ``prepared`` is UTC. ``unmarked`` is the content
    without what a test copy says of itself; None where it says nothing.
    """

    id: str
    message_id: str
    message: Message = field(repr=False)
    sender: SenderDecision
    reply_to: ReplyToDecision
    recipients: RecipientsDecision
    routes: RoutesDecision
    return_path: ReturnPathDecision
    content: ContentDecision
    signatures: SignaturesDecision
    envelopes: tuple[Envelope, ...]
    rendered: Content = field(repr=False)
    data: bytes = field(repr=False)
    digest: str
    rules_version: str
    prepared: datetime
    in_test_mode: bool = False
    expires_at: datetime | None = None
    hold: Hold | None = None
    unmarked: Content | None = field(default=None, repr=False)

    @property
    def confirmed(self) -> bool:
        """Whether a person confirmed it in spite of test mode: never before it is in the store."""
        return False

    @property
    def facts(self) -> MailFacts:
        """What a standing hold may ask of it (M43)."""
        from mailsend.model.standing_hold import MailFacts

        message, each = self.message, self.recipients.each
        asked = [(str(one.field), str(who)) for who, one in each.items()]
        standing = {one.envelope_address for one in each.values()}
        copies = [who for envelope in self.envelopes for who in envelope.recipients if who not in standing]
        return MailFacts(
            customer=message.customer or "",
            unit=message.business_unit or "",
            template=self.content.template or "",
            kind=message.kind,
            requested="" if message.from_ is None else str(message.from_.address),
            sender=str(self.sender.mailbox.address),
            tags=message.tags,
            recipients=(*asked, *[("archive", str(who)) for who in dict.fromkeys(copies)]),
        )

    @property
    def requested(self) -> ByAddress[RecipientDecision]:
        """Every requested recipient, and what was decided of it: quicker to read than ``recipients``."""
        return self.recipients.each

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions, in the order in which they were made."""
        return (
            self.sender,
            self.reply_to,
            self.recipients,
            self.routes,
            self.return_path,
            self.content,
            self.signatures,
        )

    @property
    def subject(self) -> str:
        """The subject that the recipient reads."""
        return self.rendered.subject

    @property
    def text(self) -> str | None:
        """The plain-text body, if there is one."""
        return self.rendered.text

    @property
    def html(self) -> str | None:
        """The HTML body, if there is one."""
        return self.rendered.html

    def records(self) -> list[DecisionRecord]:
        """Give every decision as it is written down."""
        return [one.record() for one in self.decisions]

    def explain(self, locale: str = "en") -> str:
        """Tell, like a person, which choices were made for this mail and why."""
        told = [one.explain(locale) for one in self.decisions]
        if self.hold is not None:
            from mailsend.model.words import why_it_waits

            by_whom = why_it_waits("interceptor", locale).removesuffix(".")
            told.append(f"{by_whom}: {self.hold.why or self.hold.reason}")
        return "\n".join(told)
