"""Calls that wait, each in a thread that keeps no program from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["in_thread"]

T = TypeVar("T")


def in_thread(call: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Run ``call`` in a thread of its own; the future is of the running loop.

    A pool's threads would be waited for when the program ends, however long their server is silent.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(answer: Any, problem: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if problem is None:
            future.set_result(answer)
        else:
            future.set_exception(problem)

    def work() -> None:
        answer: Any = None
        problem: BaseException | None = None
        try:
            answer = call()
        except BaseException as raised:  # noqa: BLE001 - it is told to whoever waits
            problem = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, answer, problem)

    threading.Thread(target=work, name=name, daemon=True).start()
    return future
