"""A server in a process of its own that takes every mail and keeps none: what it needs is not measured.

``python sink.py`` prints the port that it listens on, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

_END = b"\r\n.\r\n"


class _Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.rest = b""
        self.content = False
        self.say(b"220 sink")

    def say(self, line: bytes) -> None:
        self.transport.write(line + b"\r\n")

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        while data:
            if self.content:
                end = data.find(_END)
                if end < 0:
                    self.rest = data[-(len(_END) - 1) :]
                    return
                data, self.content = data[end + len(_END) :], False
                self.say(b"250 2.0.0 Ok: queued as SINK")
                continue
            line, ended, left = data.partition(b"\r\n")
            if not ended:
                break
            data = left
            self.command(line[:4].upper())
            if self.content:
                data = b"\r\n" + data  # an empty mail ends at once
        self.rest = data

    def command(self, verb: bytes) -> None:
        if verb == b"EHLO":
            self.say(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME")
        elif verb == b"DATA":
            self.content = True
            self.say(b"354 go")
        elif verb == b"QUIT":
            self.say(b"221 bye")
            self.transport.close()
        else:
            self.say(b"250 2.1.0 fine")


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run it, and give its port."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
