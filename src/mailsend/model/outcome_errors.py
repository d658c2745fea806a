"""The error that a report stands for, for callers who want one raised."""

from __future__ import annotations

from collections.abc import Mapping

from mailsend.errors import (
    MessageRefused,
    SubmissionDeferred,
    SubmissionError,
    SubmissionRejected,
    SubmissionUnknown,
)
from mailsend.model.address import Address
from mailsend.model.report import Outcome, RecipientResult, Report

__all__ = ["failure", "incomplete"]

_SHOWN = 3
_OPEN = (Outcome.DEFERRED, Outcome.HELD, Outcome.PENDING)


def failure(report: Report, *, may_be_held: bool = False) -> Exception | None:
    """Give what ``send`` raises: nothing where a recipient was accepted.

    Nor, with ``may_be_held``, where the mail is held, nor where the queue goes on with it: then it must
    not be sent again (M39). A refusal, an error and silence after the final dot are never passed over.
    """
    if report.queued and report.error is None:
        return None
    told = report.refusal is not None or report.error is not None or bool(report.unknown)
    if not told and (report.accepted or (may_be_held and report.held)):
        return None
    return incomplete(report)


def incomplete(report: Report) -> Exception | None:
    """Give what to raise where not every recipient was accepted; ``None`` where all were.

    MessageRefused for a refusal, the error that stopped the mail, SubmissionUnknown where a
    recipient's outcome is unknown, SubmissionDeferred where some may be accepted later,
    SubmissionRejected where nobody is left who may be.
    """
    if report.refusal is not None:
        return MessageRefused(report.refusal)
    if report.error is not None:
        return report.error
    if report.complete:
        return None
    kind, words = _kind(report)
    missing = {who: one for who, one in report.recipients.items() if one.outcome is not Outcome.ACCEPTED}
    advice = next((one.advice for one in missing.values() if one.advice), "")
    accepted = f" ({len(report.accepted)} accepted)" if report.accepted else ""
    return kind(f"{words}{accepted}{_listed(missing)}", report, advice=advice)


def _kind(report: Report) -> tuple[type[SubmissionError], str]:
    if report.unknown:
        return SubmissionUnknown, "the server fell silent after the final dot"
    if not report.recipients or any(one.outcome in _OPEN for one in report.recipients.values()):
        return SubmissionDeferred, "not every recipient was accepted now"
    return SubmissionRejected, "recipients were refused for good"


def _listed(missing: Mapping[Address, RecipientResult]) -> str:
    lines = [_line(who, one) for who, one in missing.items()]
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return ": " + "; ".join(lines[:_SHOWN]) + more if lines else ""


def _line(who: Address, one: RecipientResult) -> str:
    server = f" at {one.server}" if one.server else ""
    why = one.reply if one.reply is not None else one.reason
    return f"{who} {one.outcome}{server}{f' ({why})' if why else ''}"
