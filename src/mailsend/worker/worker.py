"""The worker: run until a signal, embedded in a thread of the application, or awaited on its loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Self

from mailsend.care import Duty
from mailsend.mailer.clock import utc_now
from mailsend.worker.counts import Counts
from mailsend.worker.health import Health
from mailsend.worker.shift import Shift
from mailsend.worker.signals import ended_by_signals
from mailsend.worker.terms import Terms
from mailsend.worker.threads import in_thread

if TYPE_CHECKING:
    from mailsend.mailer import AsyncMailer, Mailer

__all__ = ["Worker"]


class Worker:
    """Brings the mails of a Mailer's queue on their way, and does the duties of care.

    Up to ``rounds`` rounds run side by side, each of at most ``batch`` mails, ``concurrency`` of these
    at a time, so that slow servers in one round do not hold up the others. It looks every ``poll``
    seconds, and at once where this Mailer puts a mail in. Stopped, it begins no further mail, gives
    back what it has not begun, and waits ``stop_within`` seconds for the rest; what is left then is
    broken off and given back, but for what may be out already (M20). ``duties`` are all that there are, unless they are named. ``told`` is given its Health every
    ``tell_every`` seconds, on the worker's thread. Several workers may share a store: in threads, in
    processes, on many machines. Raises ValueError.
    """

    def __init__(
        self,
        mailer: Mailer | AsyncMailer,
        *,
        concurrency: int = 16,
        rounds: int = 4,
        batch: int = 100,
        poll: float = 1.0,
        stop_within: float = 30.0,
        duties: Iterable[Duty] | None = None,
        told: Callable[[Health], object] | None = None,
        tell_every: float = 10.0,
    ) -> None:
        self._mailer = mailer
        self._terms = Terms(
            concurrency=concurrency,
            rounds=rounds,
            batch=batch,
            poll=poll,
            stop_within=stop_within,
            duties=None if duties is None else tuple(duties),
            told=told,
            tell_every=tell_every,
        )
        self._counts = Counts()
        self._lock = threading.Lock()
        self._shift: tuple[asyncio.AbstractEventLoop, Shift] | None = None
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def counts(self) -> dict[str, int]:
        """What it has done so far: mails claimed, their recipients by outcome, duties."""
        return dict(self._counts.told())

    def run(self) -> dict[str, int]:
        """Work until SIGTERM or SIGINT, or until ``stop``; give what was done.

        A second signal ends it without waiting. Raises StoreError where there is no store.
        """
        asyncio.run(self._run(until_empty=False, signals=True))
        return self.counts

    def drain(self) -> dict[str, int]:
        """Do the duties, work until nothing is due, and give what was done; raises what a round raises."""
        asyncio.run(self._run(until_empty=True, signals=False))
        return self.counts

    async def run_async(self) -> None:
        """Work on the running loop until ``stop``; cancelled, it gives back what it holds and ends.

        Signals are the application's. Raises StoreError where there is no store.
        """
        await self._run(until_empty=False, signals=False)

    async def _run(self, *, until_empty: bool, signals: bool) -> None:
        upkeep = self._mailer.upkeep
        # Says at once what is missing, rather than every second.
        await in_thread(lambda: upkeep.workers.depth(now=utc_now()), "mailsend worker")
        shift = Shift(self._mailer, self._terms, self._counts)
        with self._lock:
            self._shift = asyncio.get_running_loop(), shift
            if self._stopped:
                shift.stop()
        try:
            with ended_by_signals(shift.stop) if signals else contextlib.nullcontext():
                await shift.work(until_empty=until_empty)
        finally:
            with self._lock:
                self._shift, self._stopped = None, False

    def start(self) -> Self:
        """Work in a thread of this process until ``stop``; raises StoreError where there is no store."""
        with self._lock:
            if self._thread is not None:
                return self
            self._mailer.upkeep.workers.depth(now=utc_now())
            self._stopped = False
            self._thread = threading.Thread(target=self.run, name="mailsend worker", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Let it end as a signal does, and wait for that where ``start`` began it.

        Any thread may say so, more than once; said where nothing runs, it holds for the next run.
        """
        with self._lock:
            thread = self._thread
            if self._shift is not None:
                loop, shift = self._shift
                loop.call_soon_threadsafe(shift.stop)
            else:
                self._stopped = True
        if thread is not None and thread is not threading.current_thread():
            thread.join()
            with self._lock:
                self._thread, self._stopped = None, False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
