"""The signals that end a worker, and what was set for them before."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["ended_by_signals"]

_THESE: Final = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def ended_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call ``stop`` on the running loop at SIGTERM and SIGINT, where this thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {one: signal.getsignal(one) for one in _THESE}
    for one in _THESE:
        signal.signal(one, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, signal.SIG_DFL if handler is None else handler)
