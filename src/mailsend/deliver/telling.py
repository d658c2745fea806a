"""From what the parcels were told to the report: one result for each requested recipient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mailsend.deliver.parcel import Parcel
from mailsend.model.address import Address, ByAddress
from mailsend.model.consignment import Deliverable
from mailsend.model.decision import Decision
from mailsend.model.report import Attempt, Outcome, RecipientResult, Report

__all__ = ["report_of"]

# Where one address stands in several envelopes, the gravest result is the one that is told.
_GRAVITY: Final = (
    Outcome.UNKNOWN,
    Outcome.REJECTED,
    Outcome.EXPIRED,
    Outcome.CANCELLED,
    Outcome.SUPPRESSED,
    Outcome.HELD,
    Outcome.DEFERRED,
    Outcome.PENDING,
    Outcome.ACCEPTED,
)
_NOT_TRIED: Final = "not_tried"


def report_of(
    submission: Deliverable,
    parcels: Sequence[Parcel],
    attempts: Sequence[Attempt],
    *,
    error: Exception | None = None,
    decisions: Iterable[Decision] = (),
    index: int = 0,
) -> Report:
    """Say what became of each requested recipient."""
    told = parcels[0].results if len(parcels) == 1 else _gravest(parcels)
    requested = submission.requested
    recipients = {}
    for who in requested:
        decision = requested[who]
        stands = decision.envelope_address
        recipients[who] = (
            RecipientResult(outcome=decision.outcome, reason=decision.reason)
            if stands is None
            else told.get(stands) or _not_tried(stands)
        )
    return Report(
        id=submission.id,
        index=index,
        message_id=submission.message_id,
        recipients=ByAddress(recipients),
        attempts=tuple(attempts),
        digest=submission.digest,
        decisions=tuple(decisions),
        error=error,
    )


def _gravest(parcels: Iterable[Parcel]) -> dict[Address, RecipientResult]:
    told: dict[Address, RecipientResult] = {}
    for parcel in parcels:
        for one in parcel.envelope.recipients:
            result = parcel.results.get(one) or _not_tried(one)
            known = told.get(one)
            if known is None or _GRAVITY.index(result.outcome) < _GRAVITY.index(known.outcome):
                told[one] = result
    return told


def _not_tried(address: Address) -> RecipientResult:
    """Tell of a recipient to whom no server was offered."""
    return RecipientResult(outcome=Outcome.DEFERRED, envelope_address=address, reason=_NOT_TRIED)
