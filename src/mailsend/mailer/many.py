"""Sending many: lazily, bounded, in order of completion, handed to the loop in chunks."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from typing import Any

from mailsend.mailer.clock import monotonic
from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.submission import Submission

__all__ = ["checked_concurrency", "run_many"]

Item = Message | Submission
Work = Coroutine[Any, Any, Report]
Ready = Callable[[int, Item], Work | Report]
Told = Callable[[asyncio.Task[Report]], None]
Hand = Callable[[list[tuple[Work, Told]]], None]

_CHUNK = 8  # mails handed over at once: each crossing costs as much as a quarter of a mail
_LONGEST = 0.005  # seconds that a finished mail waits for others to cross with it


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
    """Mails that are ready, those on their way, and their reports as they come; counts the first two."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._ready: list[tuple[int, Work]] = []
        self._since = 0.0
        self._on_their_way = 0
        self._done: queue.SimpleQueue[tuple[int, Report | BaseException]] = queue.SimpleQueue()

    def __len__(self) -> int:
        return len(self._ready) + self._on_their_way

    @property
    def has_news(self) -> bool:
        """Whether a report is there."""
        return not self._done.empty()

    def add(self, index: int, work: Work) -> None:
        """Put a mail with those that cross next; where nothing is on its way it does not wait."""
        now = monotonic()
        if not self._ready:
            self._since = now
        self._ready.append((index, work))
        if not self._on_their_way or len(self._ready) >= _CHUNK or now - self._since > _LONGEST:
            self.hand_over()

    def hand_over(self) -> None:
        """Let those that are ready cross."""
        ready, self._ready = self._ready, []
        if not ready:
            return
        self._on_their_way += len(ready)
        try:
            self._hand([(work, partial(_put, self._done, index)) for index, work in ready])
        except RuntimeError as problem:  # the program ends: nothing is begun any more
            for index, _ in ready:
                self._done.put((index, problem))

    def next_report(self) -> Report:
        """Wait for a report."""
        index, done = self._done.get()
        self._on_their_way -= 1
        if isinstance(done, Report):
            return done
        if isinstance(done, Exception):
            return Report(index=index, error=done)
        raise done

    def drop(self) -> None:
        """Let what is ready go unsent."""
        for _, work in self._ready:
            work.close()


def _put(
    done: queue.SimpleQueue[tuple[int, Report | BaseException]], index: int, task: asyncio.Task[Report]
) -> None:
    """Pass on what came of a mail; runs on the loop."""
    problem = asyncio.CancelledError() if task.cancelled() else task.exception()
    done.put((index, task.result() if problem is None else problem))
