"""An event loop in a thread of its own, with one listening socket."""

from __future__ import annotations

import asyncio
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
        self._run(self._close(list(sessions)))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    async def _close(self, sessions: list[ScriptedSession]) -> None:
        self._server.close()
        for one in sessions:
            one.end()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(_TURNS):  # aborted transports say so in the turns that follow
            await asyncio.sleep(0)
