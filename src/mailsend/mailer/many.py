"""Sending many: lazily, bounded, in order of completion."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.submission import Submission

__all__ = ["run_many"]

Done = queue.SimpleQueue[tuple[int, Future[Report]]]
Start = Callable[[int, Message | Submission, float | None], Future[Report] | Report]


def run_many(
    start: Start,
    messages: Iterable[Message | Submission],
    *,
    concurrency: int,
    deadline: float | None,
) -> Iterator[Report]:
    """Keep at most ``concurrency`` on their way; whoever stops reading gets no further mail sent."""
    if concurrency < 1:
        raise ValueError("concurrency: at least 1 is needed")
    done: Done = queue.SimpleQueue()
    on_their_way = 0
    for index, message in enumerate(messages):
        started = start(index, message, deadline)
        if isinstance(started, Report):
            yield started
            continue
        started.add_done_callback(partial(_put, done, index))
        on_their_way += 1
        while on_their_way and (on_their_way >= concurrency or not done.empty()):
            on_their_way -= 1
            yield _report(*done.get())
    for _ in range(on_their_way):
        yield _report(*done.get())


def _put(done: Done, index: int, future: Future[Report]) -> None:
    done.put((index, future))


def _report(index: int, future: Future[Report]) -> Report:
    problem = future.exception()
    if problem is None:
        return replace(future.result(), index=index)
    if isinstance(problem, Exception):
        return Report(index=index, error=problem)
    raise problem
