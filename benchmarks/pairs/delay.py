"""A proxy on loopback that holds every byte back for so many milliseconds each way.

``delay.py TARGET_PORT MILLISECONDS`` prints its own port and runs until its input ends.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import deque

HOST = "127.0.0.1"


class Side(asyncio.Protocol):
    """One end of a proxied connection; what it hears, its other end says later, in order."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: deque[bytes | None] = deque()  # None: the end
        self.other: Side | None = None
        self.out: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # Nagle would wait for an acknowledgement, and so measure something else.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.out = transport

    def data_received(self, data: bytes) -> None:
        self._later(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._later(None)

    def _later(self, data: bytes | None) -> None:
        self._waiting.append(data)
        asyncio.get_running_loop().call_later(self._seconds, self._say)

    def _say(self) -> None:
        data = self._waiting.popleft()
        out = self.other.out if self.other else None
        if out is None or out.is_closing():
            return
        if data is None:
            out.close()
        else:
            out.write(data)


class Front(Side):
    """The end that a client connects to; it opens the other one."""

    def __init__(self, seconds: float, target: int) -> None:
        super().__init__(seconds)
        self._target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        back = Side(self._seconds)
        self.other, back.other = back, self
        try:
            await asyncio.get_running_loop().create_connection(lambda: back, HOST, self._target)
        except OSError:
            if self.out is not None:
                self.out.abort()


async def main(target: int, milliseconds: float) -> None:
    """Serve until standard input ends, so that no proxy outlives its run."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Front(milliseconds / 1000, target), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
