"""The last look before every attempt: whether these very bytes may still go out (house, M35)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailsend.model.address import Address, Mailbox
from mailsend.model.circumstances import Owner
from mailsend.model.consignment import Deliverable
from mailsend.model.frozen import by_slots
from mailsend.model.rules import Rules, TestMode
from mailsend.model.server import Server
from mailsend.model.standing_hold import StandingHold

__all__ = ["Drop", "DropReason", "Go", "Hold", "HoldReason", "LookedAt", "last_look"]


class HoldReason(StrEnum):
    """Why a finished mail is kept back."""

    INTERCEPTOR = "interceptor"
    TEST_MODE = "test_mode"
    SENDER_NO_LONGER_ALLOWED = "sender_no_longer_allowed"
    UNKNOWN_CUSTOMER = "unknown_customer"
    SERVER_NOT_RELEASED = "server_not_released"
    STANDING_HOLD = "standing_hold"
    NOT_YET = "not_yet"


class DropReason(StrEnum):
    """Why recipients are not tried any more."""

    EXPIRED = "expired"
    SUPPRESSED = "suppressed"


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


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What the last look knows: the time (UTC), the rules and the test mode of this moment.

    ``rules`` is None where the mail's customer is no longer known. ``released`` are the customer's
    servers that carry mail; None where only the rules know of that. ``suppressed`` are the addresses
    that a list keeps from this mail now, by what they are compared by; ``holds`` stand now (M43).
    """

    now: datetime
    rules: Rules | None
    test_mode: TestMode
    released: tuple[Server, ...] | None = None
    suppressed: Collection[str] = ()
    holds: tuple[StandingHold, ...] = ()


def last_look(submission: Deliverable, seen: LookedAt) -> Go | Hold | Drop:
    """Say whether the finished mail may go out now."""
    if submission.expires_at is not None and submission.expires_at <= seen.now:
        return Drop(reason=DropReason.EXPIRED, recipients=tuple(submission.recipients))
    if submission.hold is not None:
        return Hold(reason=HoldReason.INTERCEPTOR, why=submission.hold.why or submission.hold.reason)
    if seen.rules is None:
        return Hold(reason=HoldReason.UNKNOWN_CUSTOMER)
    may_be_real = submission.confirmed or not seen.test_mode.enabled
    if not may_be_real and not _only_to(seen.test_mode.recipient, submission):
        return Hold(reason=HoldReason.TEST_MODE)
    if seen.holds:
        facts = submission.facts
        for standing in seen.holds:
            if standing.catches(facts):
                return Hold(reason=HoldReason.STANDING_HOLD, why=f"Kept back by {standing}")
    if seen.rules.version != submission.rules_version and not _still_allowed(submission, seen.rules):
        return Hold(reason=HoldReason.SENDER_NO_LONGER_ALLOWED)
    if seen.released is not None:
        for one in submission.routes.offered:
            if one.owner is Owner.CUSTOMER and one.server not in seen.released:
                return Hold(reason=HoldReason.SERVER_NOT_RELEASED, why=_not_released(one.server))
    if submission.message.send_at is not None and submission.message.send_at > seen.now:
        return Hold(reason=HoldReason.NOT_YET, why=submission.message.send_at.isoformat())
    if seen.suppressed:  # last: whoever is not dropped is offered to a server
        dropped = tuple([one for one in submission.recipients if one.key in seen.suppressed])
        if dropped:
            return Drop(reason=DropReason.SUPPRESSED, recipients=dropped)
    return Go()


def _not_released(server: Server) -> str:
    return f"{server.name} is not released any more: release it again, or prepare the mail anew."


def _only_to(test_address: Address | None, submission: Deliverable) -> bool:
    return submission.in_test_mode and all(
        envelope.recipients == (test_address,) for envelope in submission.envelopes
    )


def _still_allowed(submission: Deliverable, rules: Rules) -> bool:
    scope = rules.scope(submission.message.customer, submission.message.business_unit)
    sender = submission.sender.mailbox.address
    if scope.allows(sender.domain) or (scope.customer is not None and scope.customer.owns(sender.domain)):
        return True
    # The last two are senders of our own notices.
    return any(
        sender in (_address(level.fallback_sender), _address(level.notification_sender), level.admin_address)
        for _, level in scope.levels
    )


def _address(mailbox: Mailbox | None) -> Address | None:
    return None if mailbox is None else mailbox.address
