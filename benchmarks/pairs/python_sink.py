"""An SMTP server that takes everything: the fall-back for smtp-sink, and the judge of what contenders send.

As a program it prints its port and runs until its input ends. It is slower than smtp-sink, so
fast contenders wait for it and ratios come out too small.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

Keep = Callable[[str, list[str], bytes], None]
_END = b"\r\n.\r\n"
_GREETING = b"220 sink ESMTP\r\n"
_HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 0\r\n250 ENHANCEDSTATUSCODES\r\n"


class Sink(asyncio.Protocol):
    """One connection: as much of RFC 5321 and 2920 as a client needs that does nothing wrong."""

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep
        self._buffer = bytearray()
        self._in_data = False
        self._looked_at = 0
        self._envelope: tuple[str, list[str]] = ("", [])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies = []
        while (reply := self._next()) is not None:
            replies.append(reply)
        if replies:
            self._transport.write(b"".join(replies))

    def _next(self) -> bytes | None:
        if self._in_data:
            return self._content()
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return self._command(line)

    def _content(self) -> bytes | None:
        at = self._buffer.find(_END, max(0, self._looked_at - len(_END)))
        if at < 0:
            self._looked_at = len(self._buffer)
            return None
        if self._keep:
            content = bytes(self._buffer[: at + 2]).replace(b"\r\n..", b"\r\n.")
            self._keep(*self._envelope, content)
        del self._buffer[: at + len(_END)]
        self._in_data, self._looked_at = False, 0
        return b"250 2.0.0 taken\r\n"

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._envelope = (_address(line), [])
            return b"250 2.1.0 ok\r\n"
        if verb == b"RCPT":
            self._envelope[1].append(_address(line))
            return b"250 2.1.5 ok\r\n"
        if verb == b"DATA":
            self._in_data = True
            return b"354 go on\r\n"
        if verb == b"EHLO":
            return _HELLO
        if verb == b"QUIT":
            asyncio.get_running_loop().call_soon(self._transport.close)
            return b"221 2.0.0 bye\r\n"
        return b"250 2.0.0 ok\r\n"


def _address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode()


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
