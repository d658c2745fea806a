"""From what a round of delivering told to what the store keeps: again when, held, or at an end (M18, M20, M21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.last_look import DropReason
from mailsend.decide.state import outcome_under, state_of
from mailsend.mailer.queueing.recipients import after_silence, as_it_was, recipient_ending
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome, RecipientResult
from mailsend.store.mails import attempt_rows, rank
from mailsend.store.mails.written import storable
from mailsend.store.queue import Ending, KeptRecipient, Lapsed, RecipientEnding
from mailsend.store.times import moment, time_of, time_or_none

if TYPE_CHECKING:
    from mailsend.model.report import Attempt
    from mailsend.model.rules import RetryRules

__all__ = ["SEND_ONCE", "ending_of", "ending_of_lapsed"]

SEND_ONCE: Final = "send_once"  # how a mail came here that is not tried again

_REASON_OF: Final = {MailState.HELD: Outcome.HELD, MailState.EXPIRED: Outcome.EXPIRED}
_SILENT: Final = "silence_after_dot"


def ending_of(
    row: Any,
    recipients: Sequence[KeptRecipient],
    results: Mapping[int, RecipientResult],
    attempts: Sequence[Attempt],
    *,
    retry: RetryRules,
    now: datetime,
    jitter: float,
    worker: str,
    digest: str | None = None,
    prepared: datetime | None = None,
    tell_author: bool = True,
    over: bool = False,
) -> Ending:
    """Say what a mail's rows say from now on; ``results`` are by the recipients' positions.

    Whoever stands not in ``results`` was not due. With ``tell_author`` an event says for whom the mail
    was given up, so that its author is told (Q5). ``over``: nothing of it is tried again.
    """
    digest = row.digest if digest is None else digest
    window = timedelta(seconds=retry.window)
    gives_up = now + window if row.gives_up_at is None else time_of(row.gives_up_at)
    queue_ids = _queue_ids(attempts)
    changed = [
        recipient_ending(
            one,
            results[one.position],
            retry=retry,
            since=gives_up - window,
            now=now,
            jitter=jitter,
            digest=digest,
            not_before=time_or_none(row.send_at),
            expires_at=time_or_none(row.expires_at),
            queue_id=queue_ids.get(one.envelope_address, ""),
        )
        for one in recipients
        if one.position in results
    ]
    if over:
        changed = [replace(one, due_at=None) for one in changed]
    held = next((one for one in changed if one.outcome == Outcome.HELD), None)
    why = "" if held is None else results[held.position].advice
    rows = attempt_rows(row.id, attempts, now=now, fence=row.fence, worker=worker)
    return _ending(
        row,
        recipients,
        changed,
        now=now,
        attempts=rows,
        why=why,
        digest=digest,
        prepared_at=row.prepared_at if prepared is None else moment(prepared),
        counted=row.attempts + (1 if any(results[one].attempts for one in results) else 0),
        tell_author=tell_author,
        over=over,
        gives_up_at=moment(gives_up),
    )


def ending_of_lapsed(lapsed: Lapsed, *, retry: RetryRules, now: datetime) -> Ending:
    """Say what becomes of a mail whose holder fell silent: who may have got it is unknown, all else is due.

    A mail that its caller sent once, and no further, is tried by nobody else.
    """
    row, changed = lapsed.row, []
    over = row.how == SEND_ONCE and row.fence == 1  # a later claim has it since somebody forced it
    for one in lapsed.recipients:
        if one.due_at is None:
            continue
        if one.marked == row.fence and row.fence:
            told = replace(as_it_was(one), reason=_SILENT, server=one.pinned)
            resends = one.resends + (one.outcome == Outcome.UNKNOWN)
            silent = time_of(row.lease_until)
            ended = after_silence(told, resends, retry=retry, now=silent, digest=row.digest)
            changed.append(replace(ended, outcome=Outcome.UNKNOWN, due_at=None) if over else ended)
        elif over:
            told = replace(as_it_was(one), outcome=Outcome.EXPIRED, reason=DropReason.EXPIRED)
            changed.append(replace(told, due_at=None))
    return _ending(
        row,
        lapsed.recipients,
        changed,
        now=now,
        attempts=(),
        why="",
        digest=row.digest,
        prepared_at=row.prepared_at,
        counted=row.attempts,
        tell_author=True,
    )


def _ending(
    row: Any,
    recipients: Sequence[KeptRecipient],
    changed: Sequence[RecipientEnding],
    *,
    now: datetime,
    attempts: Sequence[Mapping[str, Any]],
    why: str,
    digest: str,
    prepared_at: int,
    counted: int,
    tell_author: bool,
    over: bool = False,
    gives_up_at: int | None = None,
) -> Ending:
    known = {one.position: one for one in changed}
    after = [known.get(one.position) or as_it_was(one) for one in recipients]
    outcomes = {Outcome(one.outcome) for one in after}
    resend = Outcome.UNKNOWN in outcomes and any(
        one.due_at is not None for one in after if one.outcome == Outcome.UNKNOWN
    )
    state = MailState.DONE if over else state_of(outcomes, resend=resend)
    if state is MailState.HELD:  # one that is held holds them all
        after = [_held_with_it(one) for one in after]
        changed = after
    due = min((one.due_at for one in after if one.due_at is not None), default=None)
    reason = next((one.reason for one in after if one.outcome == _REASON_OF.get(state)), "")
    last = max(changed, key=lambda one: bool(one.server), default=None)
    given_up = [one.position for one in changed if one.outcome in (Outcome.EXPIRED, Outcome.REJECTED)]
    return Ending(
        id=row.id,
        fence=row.fence,
        state=state,
        reason=reason,
        why=storable(why),
        due_at=due,
        rank=rank(due, row.priority),
        counted=counted,
        done_at=moment(now) if state in (MailState.DONE, MailState.EXPIRED) else None,
        server=(last.server if last else "") or getattr(row, "server", ""),
        queue_id=(last.queue_id if last else "") or getattr(row, "queue_id", ""),
        digest=digest,
        prepared_at=prepared_at,
        gives_up_at=gives_up_at,
        sealed=bool(getattr(row, "sealed", True)),
        recipients=changed,
        attempts=attempts,
        events=_given_up(row, given_up, now) if tell_author and given_up else (),
    )


def _given_up(row: Any, positions: Sequence[int], now: datetime) -> tuple[Mapping[str, Any], ...]:
    facts = f'{{"recipients":[{",".join(map(str, positions))}]}}'
    return (
        {
            "at": moment(now),
            "by": "mailsend",
            "act": "gave_up",
            "message": row.id,
            "customer": row.customer,
            "reason": "",
            "facts": facts,
        },
    )


def _held_with_it(one: RecipientEnding) -> RecipientEnding:
    outcome = outcome_under(MailState.HELD, Outcome(one.outcome))
    return replace(one, outcome=outcome, due_at=None) if outcome is Outcome.HELD else one


def _queue_ids(attempts: Sequence[Attempt]) -> dict[str, str]:
    return {
        str(who): storable(one.queue_id)
        for one in attempts
        if one.queue_id
        for who, result in one.recipients.items()
        if result.outcome is Outcome.ACCEPTED
    }
