"""A relay on loopback that makes a server slow."""

from __future__ import annotations

import asyncio
from typing import Self

from mailsend.testing.server_thread import ServerThread

__all__ = ["SlowRelay"]


class SlowRelay:
    """Passes octets between clients and the server at ``port``, each piece ``seconds`` late each way."""

    def __init__(self, port: int, *, seconds: float = 0.0) -> None:
        self._server_port = port
        self._seconds = seconds
        self.open_connections = 0

    def __enter__(self) -> Self:
        self._running = ServerThread(self._session, "127.0.0.1", None)
        self.port = self._running.port
        return self

    def __exit__(self, *_: object) -> None:
        self._running.stop(())

    def _session(self, loop: asyncio.AbstractEventLoop) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), self._relay, loop)

    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        writers = [to_client]
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            writers.append(to_server)
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
        except (asyncio.CancelledError, OSError):  # the relay ends, or the server is gone
            for writer in writers:
                writer.transport.abort()
        finally:
            for writer in writers:
                writer.close()
            self.open_connections -= 1

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await asyncio.sleep(self._seconds)
            sink.write(data)
            await sink.drain()
