"""The clock of an event loop, which a test puts forward instead of waiting."""

from __future__ import annotations

import asyncio

__all__ = ["pass_time"]


def pass_time(seconds: float) -> None:
    """Let so many seconds go by at once for all that the running loop has to do later."""
    loop = asyncio.get_running_loop()
    until_now = loop.time
    loop.time = lambda: until_now() + seconds  # type: ignore[method-assign]  # of this loop alone
