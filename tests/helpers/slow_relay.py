"""A relay on loopback that makes a server slow."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

__all__ = ["SlowRelay"]


class SlowRelay:
    """Passes octets between clients and the server at ``port``, each piece ``seconds`` late each way."""

    def __init__(self, port: int, *, seconds: float = 0.0) -> None:
        self._server_port = port
        self._seconds = seconds
        self._loop = asyncio.new_event_loop()
        self._pairs: set[asyncio.Task[None]] = set()
        self.open_connections = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _end(self) -> None:
        self._server.close()
        pairs = tuple(self._pairs)
        for one in pairs:
            one.cancel()
        await asyncio.gather(*pairs, return_exceptions=True)

    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        self.open_connections += 1
        server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            ways = [
                asyncio.create_task(self._pass(client, to_server)),
                asyncio.create_task(self._pass(server, to_client)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ways:
                    one.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except asyncio.CancelledError:
            pass  # the relay ends
        finally:
            for writer in (to_client, to_server):
                writer.close()
            self.open_connections -= 1
            self._pairs.discard(task)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await asyncio.sleep(self._seconds)
            sink.write(data)
            await sink.drain()
