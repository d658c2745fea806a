"""What becomes of one recipient after a round: again when, held, or at an end (M18, M20, M21)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailsend.decide.last_look import HoldReason
from mailsend.decide.retry import Becomes, Resend, after_unknown, becomes, hint_in, next_attempt
from mailsend.decide.verdict import Reason
from mailsend.model.queue_reason import QueueReason
from mailsend.model.report import Outcome, RecipientResult
from mailsend.store.mails.written import storable
from mailsend.store.queue import KeptRecipient, RecipientEnding
from mailsend.store.times import moment, moment_or_none

if TYPE_CHECKING:
    from mailsend.model.rules import RetryRules

__all__ = ["after_silence", "as_it_was", "recipient_ending"]


# A mail that never reached its server because of a limit is no further than before.
_SOON: Final = timedelta(seconds=1)
_NOT_COUNTED: Final = frozenset({Reason.OVER_LIMIT, Reason.CLOSED, Reason.TAKEN_OVER, "not_tried"})


def recipient_ending(
    kept: KeptRecipient,
    result: RecipientResult,
    *,
    retry: RetryRules,
    since: datetime,
    now: datetime,
    jitter: float,
    digest: str,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    queue_id: str = "",
) -> RecipientEnding:
    """Say what becomes of one recipient after a round: its outcome, and when it is tried again.

    ``since`` is when its retry window began; ``digest`` is that of the bytes that were sent.
    """
    told = _told(kept, result, queue_id)
    outcome, was_unknown = result.outcome, kept.outcome == Outcome.UNKNOWN
    if outcome is Outcome.UNKNOWN:
        resends = kept.resends + was_unknown
        return after_silence(told, resends, retry=retry, now=now, digest=digest)
    if outcome is Outcome.HELD and result.reason == HoldReason.NOT_YET:
        return replace(told, outcome=kept.outcome, reason="", due_at=moment_or_none(not_before))
    if outcome is Outcome.DEFERRED:
        missing = result.reason == Reason.NAME_MISSING
        if becomes(outcome=outcome, lasting=result.lasting, name_missing=missing) is Becomes.HELD:
            told = replace(told, outcome=Outcome.HELD)
        else:
            due = _again(told.attempts, result, retry=retry, since=since, now=now, jitter=jitter)
            if due is not None and expires_at is not None:
                due = min(due, expires_at)  # the last look ends it then
            told = replace(told, due_at=moment_or_none(due))
            if due is None:
                told = replace(told, outcome=Outcome.EXPIRED)
    return _as_unknown_as_before(kept, told) if was_unknown else told


def _as_unknown_as_before(kept: KeptRecipient, told: RecipientEnding) -> RecipientEnding:
    """Give what a second try came to: one that did not come to pass says nothing of the first (M20)."""
    match told.outcome:
        case Outcome.DEFERRED:
            return replace(told, outcome=Outcome.UNKNOWN, pinned=kept.pinned)
        case Outcome.HELD if told.reason != QueueReason.ROUTE_GONE:
            return replace(told, pinned=kept.pinned)  # whoever releases it finds it unknown again
        case Outcome.HELD | Outcome.EXPIRED | Outcome.SUPPRESSED:
            return replace(as_it_was(kept), due_at=None)
        case _:
            return told


def _again(
    attempts: int,
    result: RecipientResult,
    *,
    retry: RetryRules,
    since: datetime,
    now: datetime,
    jitter: float,
) -> datetime | None:
    hint = None if result.reply is None else hint_in(result.reply)
    due = next_attempt(attempts, retry, since=since, now=now, hint=hint, jitter=jitter)
    if due is not None and result.reason in _NOT_COUNTED:
        return min(due, now + _SOON)
    return due


def after_silence(
    told: RecipientEnding, resends: int, *, retry: RetryRules, now: datetime, digest: str
) -> RecipientEnding:
    """Say what follows silence after the final dot: once more, held, or unknown for good (M20)."""
    told = replace(told, outcome=Outcome.UNKNOWN, resends=resends, pinned=told.server, due_at=None)
    then = after_unknown(resends, retry, silent_since=now, server=told.server, digest=digest)
    if isinstance(then, Resend):
        return replace(told, due_at=moment(then.at))
    return replace(told, outcome=Outcome.HELD) if then is Becomes.HELD else told


def _told(kept: KeptRecipient, result: RecipientResult, queue_id: str) -> RecipientEnding:
    reply = result.reply
    return RecipientEnding(
        position=kept.position,
        outcome=result.outcome,
        reason=result.reason[:32],
        fault=str(result.fault or ""),
        lasting=result.lasting,
        attempts=kept.attempts + result.attempts,
        resends=kept.resends,
        code=None if reply is None else reply.code,
        enhanced=(reply.enhanced or "")[:32] if reply else "",
        reply=storable(reply.text) if reply else "",
        server=storable(result.server or ""),
        queue_id=queue_id,
    )


def as_it_was(kept: KeptRecipient) -> RecipientEnding:
    """Give a row as it is."""
    return RecipientEnding(
        position=kept.position,
        outcome=kept.outcome,
        reason=kept.reason,
        fault=kept.fault,
        lasting=bool(kept.lasting),
        attempts=kept.attempts,
        resends=kept.resends,
        due_at=kept.due_at,
        pinned=kept.pinned,
        code=kept.code,
        enhanced=kept.enhanced,
        reply=kept.reply,
        server=kept.server,
        queue_id=kept.queue_id,
    )
