"""Where answers go: every mail carries Reply-To (S5, M3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from mailsend.model.address import Address, Mailbox
from mailsend.model.circumstances import Circumstances
from mailsend.model.decision import Decision, PassedOver
from mailsend.model.freemail import is_freemail
from mailsend.model.message import Message
from mailsend.model.no_reply import is_no_reply

if TYPE_CHECKING:
    from mailsend.decide.sender import SenderDecision

__all__ = ["ReplyToDecision", "ReplyToFinding", "ReplyToPassedOver", "ReplyToReason", "resolve_reply_to"]


class ReplyToReason(StrEnum):
    """Why answers go there."""

    CALLER = "caller"
    REQUESTED_SENDER = "requested_sender"
    BUSINESS_UNIT = "business_unit"
    CUSTOMER = "customer"
    APPLICATION = "application"
    EFFECTIVE_SENDER = "effective_sender"
    TEST_MODE = "test_mode"


class ReplyToPassedOver(StrEnum):
    """Why a candidate gets no answers."""

    NO_REPLY = "no_reply"
    SUPPRESSED = "suppressed"
    BOUNCE_MAILBOX = "bounce_mailbox"
    TEST_MODE = "test_mode"


class ReplyToFinding(StrEnum):
    """What a person should look at."""

    FOREIGN_FREEMAIL = "foreign_freemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToDecision(Decision):
    """The mailboxes in Reply-To; bounce routing reads this, never the header."""

    step: ClassVar[str] = "reply_to"
    mailboxes: tuple[Mailbox, ...]
    findings: tuple[ReplyToFinding, ...] = ()

    @property
    def mailbox(self) -> Mailbox:
        """The first mailbox, which bounce routing uses."""
        return self.mailboxes[0]

    def value(self) -> list[str]:
        """Give the mailboxes as text."""
        return [str(one) for one in self.mailboxes]

    def facts(self) -> dict[str, Any]:
        """Give the findings."""
        return {"findings": [str(one) for one in self.findings]}


def resolve_reply_to(
    message: Message, sender: SenderDecision, circumstances: Circumstances
) -> ReplyToDecision:
    """Take the first source of answers that somebody reads; the effective sender is the last."""
    passed: list[PassedOver] = []

    def obstacle(mailbox: Mailbox) -> ReplyToPassedOver | None:
        if circumstances.test_mode.enabled:
            return ReplyToPassedOver.TEST_MODE
        if is_no_reply(mailbox.address):
            return ReplyToPassedOver.NO_REPLY
        if circumstances.is_suppressed(mailbox.address):
            return ReplyToPassedOver.SUPPRESSED
        if circumstances.scope.is_bounce_mailbox(mailbox.address):
            return ReplyToPassedOver.BOUNCE_MAILBOX
        return None

    for source, mailboxes in _candidates(message, sender, circumstances):
        kept: list[Mailbox] = []
        for mailbox in mailboxes:
            why = obstacle(mailbox)
            if why is None:
                kept.append(mailbox)
            else:
                passed.append(PassedOver(candidate=str(mailbox), source=str(source), reason=why))
        if kept:
            return ReplyToDecision(
                reason=source,
                mailboxes=tuple(kept),
                passed_over=tuple(passed),
                findings=_findings(kept, message, circumstances),
            )
    test_address = circumstances.test_mode.recipient if circumstances.test_mode.enabled else None
    if test_address is not None:
        return ReplyToDecision(
            reason=ReplyToReason.TEST_MODE,
            mailboxes=(Mailbox("", test_address),),
            passed_over=tuple(passed),
        )
    return ReplyToDecision(
        reason=ReplyToReason.EFFECTIVE_SENDER,
        mailboxes=(sender.mailbox,),
        passed_over=tuple(passed),
    )


def _candidates(
    message: Message, sender: SenderDecision, circumstances: Circumstances
) -> Iterator[tuple[ReplyToReason, tuple[Mailbox, ...]]]:
    yield ReplyToReason.CALLER, message.reply_to
    if sender.replaced is not None:
        yield ReplyToReason.REQUESTED_SENDER, (sender.replaced,)
    for name, level in circumstances.scope.levels:
        if level.reply_to is not None:
            yield ReplyToReason(name), (level.reply_to,)


def _findings(
    kept: Iterable[Mailbox], message: Message, circumstances: Circumstances
) -> tuple[ReplyToFinding, ...]:
    if message.reply_to_verified:
        return ()
    foreign = any(
        is_freemail(one.address.domain) and not _is_ours(one.address, circumstances) for one in kept
    )
    return (ReplyToFinding.FOREIGN_FREEMAIL,) if foreign else ()


def _is_ours(address: Address, circumstances: Circumstances) -> bool:
    stated = (level.reply_to for _, level in circumstances.scope.levels)
    return any(one is not None and one.address.key == address.key for one in stated)
