"""Sending many: lazily, bounded, in order of completion, handed to the loop in chunks."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from mailsend.mailer.clock import monotonic
from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.submission import Submission

__all__ = ["Hand", "checked_concurrency", "run_many"]

Item = Message | Submission
Work = Coroutine[Any, Any, Report]
Ready = Callable[[int, Item], Work | Report]
Told = Callable[[asyncio.Task[Report]], None]
Done = tuple[int, Report | BaseException]

# Caller and loop do best by turns: where both have something to do, Python's lock goes to and fro, and
# with it what each processor has at hand. Measured, that costs a mail a quarter more.
_ALONE = 0.005  # seconds after the last mail, from which on a mail crosses at once
_LONGEST = 0.02  # seconds that a finished mail waits for others to cross with it
_SHORT = 0.001  # seconds that a report does: somebody may wait for it


class Hand(Protocol):
    """Whoever starts on the loop what is ready."""

    def __call__(
        self, works: Sequence[tuple[Work, Told]], *, again: Callable[[], object], seconds: float
    ) -> None:
        """Start all of ``works``, and call ``again`` there after so many ``seconds``."""
        ...


def run_many(ready: Ready, hand: Hand, messages: Iterable[Item], *, concurrency: int) -> Iterator[Report]:
    """Keep at most ``concurrency`` on their way; an error of ``messages`` waits for their reports.

    ``ready`` makes a mail ready on this thread, given its place among them; ``hand`` starts what is
    ready elsewhere. Whoever stops reading gets no further mail sent. Raises ValueError for a
    concurrency below 1.
    """
    return _run(_Chunks(hand), ready, messages, checked_concurrency(concurrency))


def checked_concurrency(concurrency: int) -> int:
    """Give ``concurrency``; raises ValueError where that is no number of mails at a time."""
    if concurrency < 1:
        raise ValueError("concurrency: at least 1 is needed")
    return concurrency


def _run(chunks: _Chunks, ready: Ready, messages: Iterable[Item], concurrency: int) -> Iterator[Report]:
    problem: Exception | None = None
    numbered = enumerate(messages)
    try:
        while True:
            try:
                index, message = next(numbered)
            except StopIteration:
                break
            except Exception as raised:  # noqa: BLE001 - the caller's own, told when all reports are
                problem = raised
                break
            work = ready(index, message)
            if isinstance(work, Report):
                yield work
                continue
            chunks.add(index, work)
            if len(chunks) >= concurrency:
                chunks.hand_over()
            while len(chunks) >= concurrency or chunks.has_news:
                yield chunks.next_report()
        chunks.hand_over()
        while len(chunks):
            yield chunks.next_report()
    finally:
        chunks.drop()
    if problem is not None:
        raise problem


class _Chunks:
    """Mails that are ready, those on their way, and their reports as they come; counts the first two.

    A mail that comes alone crosses at once. Where they come one upon the other they wait for each
    other, until the loop looks for those that are ready: the caller may be busy with the next one.
    """

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._turn = threading.Lock()
        self._ready: list[tuple[int, Work]] = []
        self._last_came = float("-inf")
        self._count = 0
        self._reports = _Reports()

    def __len__(self) -> int:
        return self._count

    @property
    def has_news(self) -> bool:
        """Whether a report is there."""
        return self._reports.are_there

    def add(self, index: int, work: Work) -> None:
        """Put a mail with those that cross next."""
        now = monotonic()
        alone, self._last_came = now - self._last_came > _ALONE, now
        self._count += 1
        with self._turn:
            self._ready.append((index, work))
        if alone:
            self.hand_over()

    def hand_over(self) -> None:
        """Let those that are ready cross; the loop, too, may."""
        with self._turn:
            ready, self._ready = self._ready, []
            self._reports.due += len(ready)
        if not ready:
            return
        works = [(work, partial(self._reports.put, index)) for index, work in ready]
        try:
            self._hand(works, again=self.hand_over, seconds=_LONGEST)
        except RuntimeError as problem:  # the program ends: nothing is begun any more
            self._reports.cross([(index, problem) for index, _ in ready])

    def next_report(self) -> Report:
        """Wait for a report."""
        index, done = self._reports.next()
        self._count -= 1
        if isinstance(done, Report):
            return done
        if isinstance(done, Exception):
            return Report(index=index, error=done)
        raise done

    def drop(self) -> None:
        """Let what is ready go unsent."""
        with self._turn:
            ready, self._ready = self._ready, []
        for _, work in ready:
            work.close()


class _Reports:
    """The way of the reports from the loop to the caller, several together; ``due`` counts all.

    Each crossing wakes a thread, and who is woken takes Python's lock from the loop that works for it.
    """

    def __init__(self) -> None:
        self.due = 0
        self._told = 0
        self._waiting: list[Done] = []
        self._timer: asyncio.TimerHandle | None = None
        self._crossed: queue.SimpleQueue[list[Done]] = queue.SimpleQueue()
        self._here: deque[Done] = deque()

    def put(self, index: int, task: asyncio.Task[Report]) -> None:
        """Pass on what came of a mail; runs on the loop."""
        problem = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._waiting.append((index, task.result() if problem is None else problem))
        self._told += 1
        if self._told == self.due:
            self._let_go()
        elif self._timer is None:
            self._timer = task.get_loop().call_later(_SHORT, self._let_go)

    def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        self.cross(waiting)

    def cross(self, done: list[Done]) -> None:
        """Let these cross; any thread may."""
        self._crossed.put(done)

    @property
    def are_there(self) -> bool:
        """Whether any crossed."""
        return bool(self._here) or not self._crossed.empty()

    def next(self) -> Done:
        """Wait for one."""
        while not self._here:
            self._here.extend(self._crossed.get())
        return self._here.popleft()
