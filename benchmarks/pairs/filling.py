"""Filling a queue before it is drained, in a process of its own, so that its memory counts nowhere."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import TypeVar

from pairs.meter import numbers
from pairs.task import Task

T = TypeVar("T")

_A_PART = 500  # mails


def number_of(task: Task, usual: int) -> int:
    """Give how many mails are to wait: as many as are asked for, or enough for the time there is."""
    queued = task.queued // 20 if task.short else task.queued
    return task.most or queued or int(usual * (task.seconds + task.warm))


def many(make: Callable[[int], T], count: int) -> list[T]:
    """Make this many."""
    return [make(next(numbers)) for _ in range(count)]


def parts(count: int) -> Iterator[int]:
    """Give ``count`` in parts that a transaction bears."""
    while count > 0:
        yield min(count, _A_PART)
        count -= _A_PART


def fill(put_in: Callable[[], object]) -> None:
    """Run ``put_in`` in a child that is forked, and wait for it; nothing may be open."""
    pid = os.fork()
    if not pid:
        try:
            put_in()
        except BaseException:  # noqa: BLE001 - the parent tells it
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("the queue could not be filled")
