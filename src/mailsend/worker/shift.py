"""One run of a worker, on one event loop: rounds side by side, duties on their clock, until it is stopped."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from mailsend.care import run_due
from mailsend.errors import MailsendError
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.queueing.stopping import Stopping
from mailsend.worker.counts import Counts
from mailsend.worker.register import Register
from mailsend.worker.terms import Terms
from mailsend.worker.threads import in_thread

if TYPE_CHECKING:
    from mailsend.mailer import AsyncMailer, Mailer
    from mailsend.model.done import Done

__all__ = ["Shift"]

_log: Final = logging.getLogger("mailsend.worker")

_LONGEST_PAUSE: Final = 30.0  # after rounds that failed one after the other
_AGAIN: Final = 0.05  # where something is due that nobody could take just now
_DUTIES_EVERY: Final = 5.0
_TO_GIVE_BACK: Final = 5.0
_NAME: Final = "mailsend worker"


class Shift:
    """Works until ``stop``; it belongs to the loop on which it is made."""

    def __init__(self, mailer: Mailer | AsyncMailer, terms: Terms, counts: Counts) -> None:
        self._mailer = mailer
        self._terms = terms
        self._counts = counts
        self._upkeep = mailer.upkeep
        self._register = Register(self._upkeep, counts)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._hurried = asyncio.Event()
        self._word = Stopping()
        self._rounds: set[asyncio.Future[Done]] = set()
        self._others: dict[str, asyncio.Future[Any]] = {}
        self._due: dict[str, float] = {}  # when each that is done is next, on the clock of the process
        self._look_at = 0.0
        self._wanted = 1  # rounds that are worth beginning now
        self._failures = 0
        self._empty = False

    def stop(self) -> None:
        """Claim nothing new, and end when what is held is done; said again, end without waiting."""
        if self._word.asked:
            self._hurried.set()
        self._word.softly()
        self._changed.set()

    async def work(self, *, until_empty: bool) -> None:
        """Work; with ``until_empty`` until nothing is due, and raise what a round raises."""
        no_more = self._upkeep.when_put_in(lambda: self._loop.call_soon_threadsafe(self._woken))
        try:
            if until_empty and self._terms.duties != ():
                await self._do_duties()
            while not (self._word.asked or (until_empty and self._empty and not self._rounds)):
                self._begin(until_empty=until_empty)
                await self._wait()
                self._finish_rounds(until_empty=until_empty)
            await self._finish()
        finally:
            no_more()
            await self._leave()

    def _woken(self) -> None:
        """Something was put in: look at once."""
        self._look_at, self._empty = 0.0, False
        self._wanted = max(self._wanted, 1)
        self._changed.set()

    def _begin(self, *, until_empty: bool) -> None:
        now = monotonic()
        if now >= self._look_at:
            room = self._terms.rounds - len(self._rounds)
            for _ in range(min(room, max(1, self._wanted))):
                self._rounds.add(self._one_round())
            self._wanted = 0
            self._look_at = now + self._terms.poll
        if not until_empty and self._terms.duties != ():
            self._do("duties", now, _DUTIES_EVERY, self._do_duties)
        self._do("health", now, self._terms.tell_every, self._tell)

    def _do(self, name: str, now: float, every: float, work: Any) -> None:
        """Begin what is due and not under way."""
        running = self._others.get(name)
        if now >= self._due.get(name, 0.0) and (running is None or running.done()):
            self._due[name] = now + every
            self._others[name] = begun = asyncio.ensure_future(work())
            begun.add_done_callback(_told_where_it_failed)

    def _one_round(self) -> asyncio.Future[Done]:
        terms = self._terms

        def call() -> Done | Awaitable[Done]:
            return self._mailer.deliver_due(
                limit=terms.batch, concurrency=terms.concurrency, stopping=self._word
            )

        if inspect.iscoroutinefunction(self._mailer.deliver_due):
            begun: asyncio.Future[Any] = asyncio.ensure_future(call())  # type: ignore[arg-type]  # it is one
        else:
            begun = in_thread(call, _NAME)
        begun.add_done_callback(lambda _: self._changed.set())
        return begun

    async def _wait(self) -> None:
        """Wait until a round ends, something is put in, or something is due."""
        until = min(self._look_at, *self._due.values())
        try:
            async with asyncio.timeout(max(0.0, until - monotonic())):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()

    def _finish_rounds(self, *, until_empty: bool) -> None:
        for one in [one for one in self._rounds if one.done()]:
            self._rounds.discard(one)
            try:
                self._finished(one.result())
            except Exception as problem:
                if until_empty:
                    raise
                self._failed(problem)

    def _finished(self, done: Done) -> None:
        self._counts.add(done)
        self._failures, self._register.trouble = 0, ""
        now = monotonic()
        left = None if done.next_due is None else (done.next_due - utc_now()).total_seconds()
        more = left is not None and left <= 0
        if done.claimed >= self._terms.batch:  # there is more than one round can take
            self._wanted, self._look_at = self._terms.rounds, now
        elif done.claimed:
            self._look_at = now
        else:
            pause = _AGAIN if more else self._terms.poll if left is None else min(self._terms.poll, left)
            self._look_at = min(self._look_at, now + pause)
        self._empty = not done.claimed and not more

    def _failed(self, problem: BaseException) -> None:
        """Go on, less and less often: a database may be away for a while."""
        self._counts.more("failed_rounds")
        self._register.trouble = (
            str(problem) if isinstance(problem, MailsendError) else type(problem).__name__
        )
        self._look_at = monotonic() + min(_LONGEST_PAUSE, self._terms.poll * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        if isinstance(problem, MailsendError):
            _log.error("a round failed: %s", problem)
        else:
            _log.error("a round failed", exc_info=problem)

    async def _do_duties(self) -> None:
        """Do the duties that are due, in a thread."""
        try:
            ran = await in_thread(
                lambda: run_due(self._mailer, self._terms.duties, worker=self._register.id),
                f"{_NAME}'s duties",
            )
        except MailsendError as problem:
            self._counts.more("failed_duties")
            self._register.trouble = str(problem)
            _log.error("the duties could not be looked at: %s", problem)
            return
        if ran:
            self._counts.more("duties", len(ran))
        if failed := sum(one.failed for one in ran):
            self._counts.more("failed_duties", failed)

    async def _tell(self) -> None:
        """Write down how the worker is, and tell whoever asked."""
        rounds, stopping = len(self._rounds), self._word.asked
        health = await in_thread(lambda: self._register.look(rounds=rounds, stopping=stopping), _NAME)
        if health is None:
            return
        _log.info("%s", health.line())
        if self._terms.told is not None:
            self._terms.told(health)

    async def _finish(self) -> None:
        """Wait for what is held, as long as that is granted and nobody hurries; then have it given back."""
        waiting = {*self._rounds, *(one for one in self._others.values() if not one.done())}
        if not waiting:
            return
        hurried = asyncio.ensure_future(self._hurried.wait())
        all_done = asyncio.ensure_future(asyncio.wait(waiting))
        await asyncio.wait(
            (hurried, all_done), timeout=self._terms.stop_within, return_when=asyncio.FIRST_COMPLETED
        )
        hurried.cancel()
        if not all_done.done():
            self._word.at_once()
            await asyncio.wait((all_done,), timeout=_TO_GIVE_BACK)
        all_done.cancel()
        for one in [one for one in self._rounds if one.done()]:
            self._rounds.discard(one)
            if one.exception() is None:
                self._counts.add(one.result())
        if self._rounds:
            _log.warning("%d rounds did not end; what they hold goes back by itself", len(self._rounds))

    async def _leave(self) -> None:
        """End what is still under way, as far as it can be ended, and take the worker off the list."""
        if running := [one for one in self._rounds if not one.done()]:
            self._word.at_once()
            await asyncio.wait(running, timeout=_TO_GIVE_BACK)
        left = [one for one in (*self._rounds, *self._others.values()) if not one.done()]
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await in_thread(self._register.gone, _NAME)


def _told_where_it_failed(done: asyncio.Future[Any]) -> None:
    if not done.cancelled() and (problem := done.exception()) is not None:
        _log.error("the worker's health could not be told", exc_info=problem)
