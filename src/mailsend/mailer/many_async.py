"""Sending many on a running loop: lazily, bounded, each report as soon as it is there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator

from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.submission import Submission

__all__ = ["run_many"]

Item = Message | Submission
Start = Callable[[int, Item], Awaitable[Report]]


async def run_many(
    start: Start, messages: Iterable[Item] | AsyncIterable[Item], *, concurrency: int
) -> AsyncIterator[Report]:
    """Keep at most ``concurrency`` on their way; an error of ``messages`` waits for their reports."""
    many = _Many(start, _Source(messages), concurrency)
    try:
        while (report := await many.next_report()) is not None:
            yield report
    finally:
        await many.end()
    if many.problem is not None:
        raise many.problem


class _Source:
    """The caller's messages, numbered; one at a time is asked for."""

    def __init__(self, messages: Iterable[Item] | AsyncIterable[Item]) -> None:
        self._later: AsyncIterator[Item] | None = None
        self._now: Iterator[Item] = iter(())
        if isinstance(messages, AsyncIterable):
            self._later = aiter(messages)
        else:
            self._now = iter(messages)
        self._turn = asyncio.Lock()
        self._index = -1

    @property
    def is_at_hand(self) -> bool:
        """Whether ``next_at_hand`` gives them; else they have to be awaited."""
        return self._later is None

    def next_at_hand(self) -> tuple[int, Item]:
        """Give the next one and its place; raises StopAsyncIteration behind the last."""
        for item in self._now:
            self._index += 1
            return self._index, item
        raise StopAsyncIteration

    async def next(self) -> tuple[int, Item]:
        """Wait for the next one; raises StopAsyncIteration behind the last."""
        assert self._later is not None  # is_at_hand said so
        async with self._turn:
            item = await anext(self._later)
            self._index += 1
            return self._index, item


class _Many:
    """Workers that take messages in turn; each is begun when there is work for one more.

    A message is taken when there is room for its report, so that reports nobody reads are no more
    than there may be mails on their way.
    """

    def __init__(self, start: Start, source: _Source, concurrency: int) -> None:
        self.problem: Exception | None = None
        self._start = start
        self._source = source
        self._concurrency = concurrency
        self._room = concurrency
        self._reports: deque[Report] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._wanting_room: deque[asyncio.Future[None]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._over = False
        self._one_more()

    async def next_report(self) -> Report | None:
        """Wait for a report; None when there will be no further one."""
        while not self._reports:
            if not self._workers:
                return None
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        self._room += 1
        _wake_first(self._wanting_room)
        return self._reports.popleft()

    async def end(self) -> None:
        """Begin nothing more, and wait for what is on its way."""
        self._over = True
        for one in tuple(self._waiting):
            one.cancel()
        if self._workers:
            await asyncio.wait(self._workers)

    def _one_more(self) -> None:
        worker = asyncio.create_task(self._work())
        self._workers.add(worker)
        self._waiting.add(worker)
        worker.add_done_callback(self._leave)

    def _leave(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        self._waiting.discard(worker)
        self._tell_reader()

    def _tell_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.set_result(None)

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None  # it runs as one
        while not self._over:
            while self._room <= 0:
                wanted = asyncio.get_running_loop().create_future()
                self._wanting_room.append(wanted)
                await wanted
                if self._over:
                    return
            self._room -= 1
            try:
                at_hand = self._source.is_at_hand
                index, item = self._source.next_at_hand() if at_hand else await self._source.next()
            except StopAsyncIteration:
                self._over = True
                return
            except Exception as problem:  # noqa: BLE001 - the caller's own, told when all reports are
                self._over, self.problem = True, problem
                return
            self._waiting.discard(me)
            if not self._waiting and len(self._workers) < self._concurrency:
                self._one_more()
            self._reports.append(await self._start(index, item))
            self._waiting.add(me)
            self._tell_reader()


def _wake_first(waiting: deque[asyncio.Future[None]]) -> None:
    while waiting:
        first = waiting.popleft()
        if not first.done():
            first.set_result(None)
            return
