"""Mail sent at once, with a store beside it: written down before, where it must be, or soon after (M36, M39)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mailsend.errors import InvalidSettings, MailsendError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.queueing.depositing import deposit_of, record_of
from mailsend.mailer.queueing.ending import SEND_ONCE, ending_of
from mailsend.mailer.queueing.noting import jitter
from mailsend.mailer.queueing.told import report_of_stored
from mailsend.mailer.queueing.written_down import write_down
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome, Report
from mailsend.store.queue import Deposit, KeptRecipient
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.submission import Submission
    from mailsend.store.queue import Ending
    from mailsend.transport.base import BeforeContent

__all__ = ["Bring", "send_with_store"]

Bring = Callable[["BeforeContent | None"], Awaitable[Report]]

_log: Final = logging.getLogger("mailsend.queue")

_PATIENCE: Final = 4.0  # seconds that a caller waits for a store that is away
_LEFT: Final = (Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.HELD, Outcome.PENDING)


async def send_with_store(
    core: Core, submission: Submission, bring: Bring, *, how: str, queue_rest: bool
) -> Report:
    """Send a mail by ``bring`` and write down what became of it; with ``queue_rest`` what is left is queued.

    A preview (``how`` is ``deliver``) and a mail with an idempotency key are written down before they are
    sent, and not sent again where they are known: the report is then that of the first time.
    """
    if not queue_rest:  # whoever comes upon it when its sender has died shall know
        how = SEND_ONCE
    if how == "deliver" or submission.message.idempotency_key is not None:
        return await _written_first(core, submission, bring, how=how, queue_rest=queue_rest)
    queue = core.rounds.queue
    report = await bring(None)
    deposit = _with_rest(core, submission, report, how) if queue_rest and _is_left(report) else None
    if deposit is None:
        written = _begun(queue.record, lambda: _record(core, submission, report, how))
        if queue.behind or written.done():
            await _settled(written, submission.id)
        return report
    if await _settled(_begun(queue.put, deposit, now=utc_now()), submission.id) is None:
        return report  # the caller is told that the rest is not queued
    core.wake()
    return replace(report, queued=True)


def _begun(write: Callable[..., Future[Any]], *what: Any, **more: Any) -> Future[Any]:
    """Begin to write; a store that takes nothing any more fails as one that cannot write it."""
    try:
        return write(*what, **more)
    except MailsendError as problem:
        failed: Future[Any] = Future()
        failed.set_exception(problem)
        return failed


async def _settled(writing: Future[Any] | asyncio.Future[Any], id: str) -> Any:
    """Wait until something is written, whoever cancels this; None where it cannot be: what is sent is sent."""
    try:
        return await asyncio.shield(asyncio.wrap_future(writing))
    except MailsendError:
        _log.exception("what became of %s could not be written down", id)
        return None


async def _written_first(
    core: Core, submission: Submission, bring: Bring, *, how: str, queue_rest: bool
) -> Report:
    rounds, queue, now = core.rounds, core.rounds.queue, utc_now()
    claim = rounds.new_claim()
    taken = {
        "state": "sending",
        "fence": 1,
        "worker": claim,
        "lease_until": moment(now + timedelta(seconds=rounds.lease)),
        "tried_at": moment(now),
    }
    deposit = deposit_of(
        submission, how=how, now=now, retry=rounds.retry, vault=core.content_vault, taken=taken
    )
    placed = await asyncio.wrap_future(queue.put(deposit, now=now))
    if not placed.fresh:
        return await asyncio.to_thread(report_of_stored, core.store_door.open("send"), placed.id)
    row = _Row.of(deposit)
    async with rounds.renewing(claim):
        report = await bring(rounds.crossings.here.marking(row.id, 1, _standing(deposit)))
    ending = _ending(core, row, deposit, report, queue_rest=queue_rest)
    writing = asyncio.ensure_future(write_down(queue, ending, longest=_PATIENCE))
    if await _settled(writing, submission.id) is None:
        return report
    if ending.due_at is not None:
        core.wake()
    return replace(report, queued=ending.due_at is not None or ending.state == MailState.HELD)


class _Row(NamedTuple):
    """A row that has just been written, as it would be read."""

    columns: dict[str, Any]

    @classmethod
    def of(cls, deposit: Deposit) -> _Row:
        return cls(deposit.message)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.columns[name]
        except KeyError:
            raise AttributeError(name) from None


def _ending(core: Core, row: Any, deposit: Deposit, report: Report, *, queue_rest: bool) -> Ending:
    kept = [_kept(one) for one in deposit.recipients]
    told = {str(who): result for who, result in report.recipients.items()}
    copies = {str(who): result for one in report.attempts for who, result in one.recipients.items()}
    results = {}
    for one in kept:
        result = told.get(one.address) or copies.get(one.envelope_address)
        if result is not None and one.due_at is not None:
            results[one.position] = result
    return ending_of(
        row,
        kept,
        results,
        report.attempts,
        retry=core.rounds.retry,
        now=utc_now(),
        jitter=jitter(),
        worker=core.rounds.name,
        digest=report.digest,
        tell_author=False,
        over=not queue_rest,
    )


def _kept(row: dict[str, Any]) -> KeptRecipient:
    return KeptRecipient._make([row[name] for name in KeptRecipient._fields])


def _standing(deposit: Deposit) -> dict[int, str]:
    open_ = (one for one in deposit.recipients if one["due_at"] is not None)
    return {one["position"]: one["envelope_address"] for one in open_}


def _is_left(report: Report) -> bool:
    return any(one.outcome in _LEFT for one in report.recipients.values())


def _record(core: Core, submission: Submission, report: Report, how: str) -> Deposit:
    return record_of(
        submission, report, how=how, now=utc_now(), worker=core.rounds.name, vault=core.content_vault
    )


def _with_rest(core: Core, submission: Submission, report: Report, how: str) -> Deposit | None:
    """Give the rows of a mail of which something is left to do; None where it cannot be kept for want of a key.

    Somebody may have it already: then whoever sent it has to hear of that, and not of the settings.
    """
    try:
        deposit = deposit_of(
            submission, how=how, now=utc_now(), retry=core.rounds.retry, vault=core.content_vault
        )
    except InvalidSettings:
        _log.exception("what is left of %s cannot be queued", submission.id)
        return None
    return deposit.ended(_ending(core, _Row.of(deposit), deposit, report, queue_rest=True))
