"""A server that takes every mail, and notes when which one came."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter

__all__ = ["CountingSink"]

_ID = re.compile(rb"^Message-ID: <([^>]+)>\r$", re.MULTILINE)
_END = b"\r\n.\r\n"


class CountingSink:
    """``came`` holds (time, Message-ID) of each content, in the order in which they came."""

    def __init__(self):
        self.came = []
        self.open = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        opening = self._loop.create_server(lambda: _Session(self), "127.0.0.1", 0)
        self._server = self._loop.run_until_complete(opening)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_):
        async def end():
            self._server.close()
            for one in tuple(self.open):
                one.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def times(self):
        """How often each mail came."""
        return Counter(message_id for _, message_id in self.came)

    def most_within(self, seconds):
        """Give the largest number of mails that came within so many seconds, whenever these begin."""
        at = [one for one, _ in self.came]
        return max((sum(begin <= one < begin + seconds for one in at) for begin in at), default=0)

    def waits_for(self, count, seconds):
        """Wait until so many mails came, at most so long."""
        ends = time.monotonic() + seconds
        while len(self.came) < count and time.monotonic() < ends:
            time.sleep(0.02)


class _Session(asyncio.Protocol):
    def __init__(self, sink):
        self.sink = sink

    def connection_made(self, transport):
        self.transport = transport
        self.sink.open.add(transport)
        self.rest, self.content = b"", False
        self.say("220 sink")

    def connection_lost(self, error):
        self.sink.open.discard(self.transport)

    def say(self, line):
        self.transport.write(line.encode() + b"\r\n")

    def data_received(self, data):
        self.rest += data
        while self.rest:
            part, ended, left = self.rest.partition(_END if self.content else b"\r\n")
            if not ended:
                return
            self.rest = left
            if self.content:
                self.content = False
                self.sink.came.append((time.monotonic(), _ID.search(part)[1].decode()))
                self.say("250 2.0.0 Ok")
            else:
                self.command(part[:4].upper())

    def command(self, verb):
        if verb == b"EHLO":
            self.say("250-sink\r\n250-PIPELINING\r\n250 8BITMIME")
        elif verb == b"DATA":
            self.content = True
            self.say("354 Go")
        elif verb == b"QUIT":
            self.say("221 Bye")
            self.transport.close()
        else:
            self.say("250 2.1.0 Ok")
