"""Waiting until something is so, which another thread or process does in its own time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["until", "wait_until"]

_LONG = 30.0  # seconds, after which it is not so any more


async def until(asked: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(_LONG):
        while not asked():  # noqa: ASYNC110  whoever does it is no task of this loop
            await asyncio.sleep(0.005)


def wait_until(asked: Callable[[], object]) -> None:
    """Wait until something is so, where no loop runs."""
    ends = time.monotonic() + _LONG
    while not asked():
        assert time.monotonic() < ends
        time.sleep(0.005)
