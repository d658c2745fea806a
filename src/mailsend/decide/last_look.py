"""The last look before every attempt: whether these very bytes may still go out (house, M35)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailsend.model.address import Address
from mailsend.model.circumstances import Owner
from mailsend.model.rules import Rules, TestMode
from mailsend.model.server import Server
from mailsend.model.submission import Submission

__all__ = ["Drop", "DropReason", "Go", "Hold", "HoldReason", "LookedAt", "last_look"]


class HoldReason(StrEnum):
    """Why a finished mail is kept back."""

    INTERCEPTOR = "interceptor"
    TEST_MODE = "test_mode"
    SENDER_NO_LONGER_ALLOWED = "sender_no_longer_allowed"
    UNKNOWN_CUSTOMER = "unknown_customer"
    SERVER_NOT_RELEASED = "server_not_released"
    NOT_YET = "not_yet"


class DropReason(StrEnum):
    """Why recipients are not tried any more."""

    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Go:
    """The mail may go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The mail is kept back; its bytes are neither changed nor routed anew."""

    reason: HoldReason
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """These requested recipients are not tried any more."""

    reason: DropReason
    recipients: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What the last look knows: the time (UTC), the rules and the test mode of this moment.

    ``rules`` is None where the mail's customer is no longer known. ``released`` are the customer's
    servers that carry mail; None where only the rules know of that.
    """

    now: datetime
    rules: Rules | None
    test_mode: TestMode
    released: tuple[Server, ...] | None = None


def last_look(submission: Submission, seen: LookedAt) -> Go | Hold | Drop:
    """Say whether the finished mail may go out now."""
    if submission.expires_at is not None and submission.expires_at <= seen.now:
        return Drop(reason=DropReason.EXPIRED, recipients=tuple(submission.recipients))
    if submission.hold is not None:
        return Hold(reason=HoldReason.INTERCEPTOR, why=submission.hold.why or submission.hold.reason)
    if seen.rules is None:
        return Hold(reason=HoldReason.UNKNOWN_CUSTOMER)
    if seen.test_mode.enabled and not _only_to(seen.test_mode.recipient, submission):
        return Hold(reason=HoldReason.TEST_MODE)
    if seen.rules.version != submission.rules_version and not _still_allowed(submission, seen.rules):
        return Hold(reason=HoldReason.SENDER_NO_LONGER_ALLOWED)
    if seen.released is not None:
        for one in submission.routes.offered:
            if one.owner is Owner.CUSTOMER and one.server not in seen.released:
                return Hold(reason=HoldReason.SERVER_NOT_RELEASED, why=_not_released(one.server))
    if submission.message.send_at is not None and submission.message.send_at > seen.now:
        return Hold(reason=HoldReason.NOT_YET, why=submission.message.send_at.isoformat())
    return Go()


def _not_released(server: Server) -> str:
    return f"{server.name} is not released any more: release it again, or prepare the mail anew."


def _only_to(test_address: Address | None, submission: Submission) -> bool:
    return submission.in_test_mode and all(
        envelope.recipients == (test_address,) for envelope in submission.envelopes
    )


def _still_allowed(submission: Submission, rules: Rules) -> bool:
    scope = rules.scope(submission.message.customer, submission.message.business_unit)
    sender = submission.sender.mailbox.address
    if scope.allows(sender.domain) or (scope.customer is not None and scope.customer.owns(sender.domain)):
        return True
    return any(
        level.fallback_sender is not None and level.fallback_sender.address == sender
        for _, level in scope.levels
    )
