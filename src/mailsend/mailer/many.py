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

__all__ = ["checked_concurrency", "run_many"]

Done = queue.SimpleQueue[tuple[int, Future[Report]]]
Start = Callable[[int, Message | Submission, float | None], Future[Report] | Report]


def run_many(
    start: Start,
    messages: Iterable[Message | Submission],
    *,
    concurrency: int,
    deadline: float | None,
) -> Iterator[Report]:
    """Keep at most ``concurrency`` on their way; an error of ``messages`` waits for their reports.

    Whoever stops reading gets no further mail sent. Raises ValueError for a concurrency below 1.
    """
    return _run(start, messages, checked_concurrency(concurrency), deadline)


def checked_concurrency(concurrency: int) -> int:
    """Give ``concurrency``; raises ValueError where that is no number of mails at a time."""
    if concurrency < 1:
        raise ValueError("concurrency: at least 1 is needed")
    return concurrency


def _run(
    start: Start,
    messages: Iterable[Message | Submission],
    concurrency: int,
    deadline: float | None,
) -> Iterator[Report]:
    done: Done = queue.SimpleQueue()
    on_their_way = 0
    problem: Exception | None = None
    numbered = enumerate(messages)
    while True:
        try:
            index, message = next(numbered)
        except StopIteration:
            break
        except Exception as raised:  # noqa: BLE001 - the caller's own, told when all reports are
            problem = raised
            break
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
    if problem is not None:
        raise problem


def _put(done: Done, index: int, future: Future[Report]) -> None:
    done.put((index, future))


def _report(index: int, future: Future[Report]) -> Report:
    problem = future.exception()
    if problem is None:
        return replace(future.result(), index=index)
    if isinstance(problem, Exception):
        return Report(index=index, error=problem)
    raise problem
