"""Why a mail is kept back, in words, and whom a drop concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.last_look import Hold, HoldReason
from mailsend.model.address import Address
from mailsend.model.consignment import Deliverable
from mailsend.model.envelope import Envelope

__all__ = ["advice_for", "only_for"]

_WORDS: Final[Mapping[HoldReason, str]] = MappingProxyType(
    {
        HoldReason.INTERCEPTOR: "An interceptor of the application holds this mail.",
        HoldReason.TEST_MODE: "Test mode is on and this mail is for real recipients: prepare it anew, so that"
        " it goes to the test address, or switch test mode off.",
        HoldReason.SENDER_NO_LONGER_ALLOWED: "The rules have changed and no longer allow this sender: prepare"
        " the mail anew.",
        HoldReason.UNKNOWN_CUSTOMER: "The rules no longer know this mail's customer: correct the rules, or"
        " prepare the mail anew.",
        HoldReason.SERVER_NOT_RELEASED: "The customer's server is not released any more: release it again,"
        " or prepare the mail anew.",
        HoldReason.STANDING_HOLD: "A standing hold keeps it back: lift that, and release the mail.",
        HoldReason.NOT_YET: "The time in send_at has not come: deliver the mail again then.",
    }
)


def advice_for(hold: Hold) -> str:
    """Give the hold's own words where it has some; a bare time is put into a sentence."""
    if hold.reason is HoldReason.NOT_YET and hold.why:
        return f"Not before {hold.why}: deliver the mail again then."
    return hold.why or _WORDS[hold.reason]


def only_for(
    requested: Iterable[Address], submission: Deliverable, envelopes: Iterable[Envelope]
) -> frozenset[Address]:
    """Give the envelope addresses that stand for none but ``requested``; copies for nobody go with all."""
    dropped = set(requested)
    decisions = submission.recipients
    kept = {one.envelope_address for who, one in decisions.items() if who not in dropped}
    standing = {one.envelope_address for one in decisions.values()}
    every = {who for envelope in envelopes for who in envelope.recipients}
    return frozenset(who for who in every if who not in kept and (who in standing or kept <= {None}))
