"""One event loop in a thread of its own per process, on which all synchronous Mailers act."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

import mailsend.mailer.imports_at_fork  # noqa: F401 - it stands guard

__all__ = ["LoopThread", "let_go", "loop_thread"]

T = TypeVar("T")

_log: Final = logging.getLogger("mailsend")

_TOO_LATE: Final = "no mail is begun while the program ends"


class LoopThread:
    """A running loop that takes coroutines from any thread."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="mailsend"))  # looks names up
        self._ending = False
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="mailsend", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        """Run until ``stop``, whatever is raised there: all who wait for the loop would wait for ever."""
        while True:
            try:
                self._loop.run_forever()
            except BaseException:  # noqa: BLE001 - asyncio lets SystemExit and KeyboardInterrupt through
                _log.exception("the loop of all Mailers goes on after this")
            else:
                return

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start ``work`` on the loop; the future tells when it is done.

        Raises RuntimeError once the program is ending: nobody would wait for what begins now.
        """
        with self._turn:
            if not self._ending:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise RuntimeError(_TOO_LATE)

    def start(
        self,
        works: Sequence[tuple[Coroutine[Any, Any, T], Callable[[asyncio.Task[T]], Any]]],
        *,
        again: Callable[[], object],
        seconds: float,
    ) -> None:
        """Start all of ``works`` in one crossing; each is told on the loop when it is done.

        ``again`` is called on the loop after so many ``seconds``. Raises RuntimeError as ``submit`` does.
        """
        with self._turn:
            if not self._ending:
                self._loop.call_soon_threadsafe(_begin, self._loop, works, again, seconds)
                return
        for work, _ in works:
            work.close()
        raise RuntimeError(_TOO_LATE)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the loop and wait for it; an interrupted wait cancels it."""
        return _awaited(self.submit(work))

    def stop(self) -> None:
        """End the loop and its thread: a mail being handed over is waited for, the rest hears ``closed``."""
        with self._turn:  # what was begun before is among what is ended now
            self._ending = True
            ended = asyncio.run_coroutine_threadsafe(_end_all(), self._loop)
        _awaited(ended)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _begin(
    loop: asyncio.AbstractEventLoop,
    works: Sequence[tuple[Coroutine[Any, Any, T], Callable[[asyncio.Task[T]], Any]]],
    again: Callable[[], object],
    seconds: float,
) -> None:
    for work, told in works:
        loop.create_task(work).add_done_callback(told)
    loop.call_later(seconds, again)


def _awaited(future: Future[T]) -> T:
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def _end_all() -> None:
    """Close every pool, so that each mail is told what became of it; cancel what still runs; hang up."""
    from mailsend.mailer.transports import close_all_here
    from mailsend.transport.unfinished import finish

    await close_all_here()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await finish()
    await asyncio.get_running_loop().shutdown_asyncgens()  # what no Mailer has is ended by these


_lock = threading.Lock()
_current: LoopThread | None = None
_left_alone: Final[list[LoopThread]] = []  # the parent's: collected, it would be closed


def loop_thread() -> LoopThread:
    """Give this process's loop thread; a forked child gets a new one and leaves the old one alone."""
    global _current  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _current is None or _current.process != os.getpid():
            _current = LoopThread()
            atexit.register(_current.stop)
        return _current


def let_go() -> None:
    """End this program without waiting for mails past their content: a person has said so."""
    if _current is not None:
        atexit.unregister(_current.stop)


def _after_fork() -> None:
    """Drop the parent's lock and loop: its thread does not exist in the child."""
    global _lock, _current  # noqa: PLW0603 - the same
    _lock = threading.Lock()
    let_go()
    if _current is not None:
        _left_alone.append(_current)
    _current = None


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
