"""Conversations past their final dot: ended early, nobody would ever know what became of the mail."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

__all__ = ["finish", "keep", "unfinished"]

_per_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakSet[asyncio.Task[Any]]] = WeakKeyDictionary()


def keep(task: asyncio.Task[Any]) -> None:
    """Let ``unfinished`` tell of a task until it is done."""
    _per_loop.setdefault(task.get_loop(), WeakSet()).add(task)


def unfinished() -> frozenset[asyncio.Task[Any]]:
    """Give the running loop's tasks that wait for the reply to a final dot: do not cancel these.

    Each ends by itself, at the latest when the server's ``dot_timeout`` has passed since the dot.
    """
    kept = _per_loop.get(asyncio.get_running_loop(), ())
    return frozenset(one for one in kept if not one.done())


async def finish() -> None:
    """Wait until the running loop has no such task, whichever transport they belong to."""
    while tasks := unfinished():
        await asyncio.wait(tasks)
