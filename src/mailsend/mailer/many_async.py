"""Sending many on a running loop: lazily, bounded, each report as soon as it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.submission import Submission

__all__ = ["run_many"]

Item = Message | Submission
Start = Callable[[int, Item], Coroutine[Any, Any, Report]]
T = TypeVar("T")


async def run_many(
    start: Start, messages: Iterable[Item] | AsyncIterable[Item], *, concurrency: int
) -> AsyncIterator[Report]:
    """Keep at most ``concurrency`` on their way; an error of ``messages`` waits for their reports."""
    source = aiter(messages) if isinstance(messages, AsyncIterable) else _lazily(messages)
    running: set[asyncio.Task[Report]] = set()
    pull: asyncio.Task[Item] | None = None
    problem: Exception | None = None
    index = 0
    try:
        while problem is None or running:
            if problem is None and pull is None and len(running) < concurrency:
                pull = asyncio.create_task(_next(source))
            waited = running if pull is None else {*running, pull}
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if pull in done:
                problem = _problem_of(pull)
                if problem is None:
                    running.add(asyncio.create_task(start(index, pull.result())))
                    index += 1
                pull = None
            for one in running & done:
                running.discard(one)
                yield one.result()
        if not isinstance(problem, StopAsyncIteration):
            raise problem
    finally:
        if pull is not None:
            pull.cancel()
        left = {*running, *([pull] if pull else ())}
        if left:
            await asyncio.wait(left)


async def _next(source: AsyncIterator[T]) -> T:
    return await anext(source)


async def _lazily(messages: Iterable[T]) -> AsyncIterator[T]:
    for one in messages:
        yield one


def _problem_of(pull: asyncio.Task[Item]) -> Exception | None:
    problem = pull.exception()
    if problem is None or isinstance(problem, Exception):
        return problem
    raise problem
