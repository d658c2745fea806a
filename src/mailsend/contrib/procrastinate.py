"""Procrastinate runs the workers: its jobs deliver what is due and do the duties of care.

PostgreSQL alone is needed, for the mails and for the jobs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mailsend.care import run_due
from mailsend.contrib.rounds import Terms, deliver, deliver_async
from mailsend.contrib.waking import Waker
from mailsend.errors import MissingExtra
from mailsend.store.forgetting import forgotten

if TYPE_CHECKING:
    import psycopg
    from procrastinate import App

    from mailsend.mailer import AsyncMailer, Mailer

__all__ = ["Tasks", "add_tasks"]

_DELIVER: Final = "mailsend.deliver_due"
_CARE: Final = "mailsend.care"


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of mailsend in a Procrastinate application; ``wake()`` lets a worker look into the queue."""

    deliver_due: Any
    care: Any
    wake: Waker


def add_tasks(
    app: App,
    mailer: Mailer | AsyncMailer,
    *,
    conninfo: str,
    cron: str = "* * * * * */5",
    care_cron: str = "* * * * * */30",
    limit: int = 100,
    concurrency: int = 16,
    seconds: float = 20.0,
    queue: str = "mailsend",
) -> Tasks:
    """Give ``app`` the tasks ``mailsend.deliver_due`` and ``mailsend.care``, and their times.

    Where ``mailer`` puts a mail in, a worker is woken after the commit, over one connection of our own
    to where Procrastinate's tables are (``conninfo``), so that it matters to nobody whether ``app`` is
    open, and how. By ``cron`` (the sixth field is seconds) a worker looks anyway, by ``care_cron`` at the
    duties. A run takes at most ``limit`` mails at a time, ``concurrency`` of them at once, and makes
    room for other jobs after ``seconds``. Raises MissingExtra.
    """
    from mailsend.mailer import AsyncMailer

    terms = Terms(limit=limit, concurrency=concurrency, seconds=seconds)
    deferring = _Deferring(conninfo, queue)
    wake = Waker(deferring, rest=deferring.rest)

    async def deliver_due(timestamp: int = 0) -> None:
        if isinstance(mailer, AsyncMailer):
            more = await deliver_async(mailer, terms)
        else:
            more = await asyncio.to_thread(deliver, mailer, terms)
        if more:
            wake()

    async def care(timestamp: int = 0) -> None:
        await asyncio.to_thread(run_due, mailer, worker="procrastinate")

    # No retry and no lock of the engine's: when a mail is tried again stands in its row, and so does
    # whose turn it is. A queueing lock holds up nobody: it lets one look wait for a worker, not thousands.
    delivering = app.task(name=_DELIVER, queue=queue, queueing_lock=_DELIVER)(deliver_due)
    caring = app.task(name=_CARE, queue=queue, queueing_lock=_CARE)(care)
    app.periodic(cron=cron)(delivering)
    app.periodic(cron=care_cron)(caring)
    mailer.upkeep.when_put_in(wake)
    return Tasks(delivering, caring, wake)


class _Deferring:
    """Puts one job into Procrastinate's queue; called by one thread at a time."""

    def __init__(self, conninfo: str, queue: str) -> None:
        try:
            import procrastinate
            import psycopg
        except ImportError as missing:
            raise MissingExtra("procrastinate", needed_for="workers run by Procrastinate") from missing
        self._conninfo = conninfo
        self._queue = queue
        self._connect = psycopg.connect
        self._connection: psycopg.Connection[Any] | None = None
        self._process = os.getpid()
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._waits_already = procrastinate.exceptions.AlreadyEnqueued

    def rest(self) -> None:
        """Close the connection."""
        if (connection := self._ours()) is not None:
            connection.close()

    def _ours(self) -> psycopg.Connection[Any] | None:
        connection = self._connection
        if connection is not None and self._process != os.getpid():
            forgotten(connection)  # the parent's: closing it here would end it there
            connection = self._connection = None
        return connection

    def __call__(self) -> None:
        connection = self._ours()
        if connection is None or connection.closed:
            self._process = os.getpid()
            connection = self._connection = self._connect(self._conninfo, autocommit=True)
        job = self._app.configure_task(
            _DELIVER, queue=self._queue, queueing_lock=_DELIVER, connection=connection
        )
        try:
            with contextlib.suppress(self._waits_already):
                job.defer()
        except BaseException:
            connection.close()
            raise
