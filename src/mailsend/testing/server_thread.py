"""An event loop in a thread of its own, with one listening socket."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from mailsend.testing.server_session import ScriptedSession

__all__ = ["ServerThread"]

T = TypeVar("T")

_PATIENCE: Final = 10.0  # seconds that starting and stopping may take
_TURNS: Final = 5


class ServerThread:
    """Listens on a free port from the moment it is made; ``.port`` is that port."""

    def __init__(
        self,
        make: Callable[[asyncio.AbstractEventLoop], ScriptedSession],
        host: str,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailsend-scripted", daemon=True)
        self._thread.start()
        self._server = self._run(self._loop.create_server(lambda: make(self._loop), host, 0, ssl=tls))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def stop(self, sessions: Iterable[ScriptedSession]) -> None:
        """Throw ``sessions`` away, stop listening and end the thread."""
        self._run(self._close(sessions))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    async def _close(self, sessions: Iterable[ScriptedSession]) -> None:
        # asyncio leaves a connection open that it took a moment ago, where nothing has begun with it yet.
        while any(map(_has_not_begun, asyncio.all_tasks())):  # noqa: ASYNC110  they begin in the next turn
            await asyncio.sleep(0)
        self._server.close()
        await _let_others_go_on()  # a new connection is told of, and becomes a session
        for one in list(sessions):
            one.end()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await _let_others_go_on()  # aborted transports say so in the turns that follow


def _has_not_begun(task: asyncio.Task[Any]) -> bool:
    work = task.get_coro()
    return inspect.iscoroutine(work) and inspect.getcoroutinestate(work) == inspect.CORO_CREATED


async def _let_others_go_on() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
