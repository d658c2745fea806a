"""The transports of one Mailer: opened when first needed, one for each server and event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from weakref import WeakKeyDictionary

from mailsend.model.server import Server, ServerKind
from mailsend.transport import open_transport
from mailsend.transport.base import Transport
from mailsend.transport.capture import Captured, CaptureTransport

__all__ = ["Transports"]

_PerLoop = WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Server, Transport]]


class Transports:
    """Keeps what is open, per running loop; a forked child forgets it all and closes nothing."""

    def __init__(self, open_one: Callable[[Server], Transport] = open_transport) -> None:
        self._open_one = open_one
        self._captures: dict[Server, CaptureTransport] = {}
        self._open: _PerLoop = WeakKeyDictionary()
        self._process = os.getpid()

    def for_server(self, server: Server) -> Transport:
        """Give the transport to ``server`` for the running loop."""
        if server.kind is ServerKind.MEMORY:
            return self.capture(server)
        if os.getpid() != self._process:
            self._open, self._process = WeakKeyDictionary(), os.getpid()
        of_this_loop = self._open.setdefault(asyncio.get_running_loop(), {})
        if server not in of_this_loop:
            of_this_loop[server] = self._open_one(server)
        return of_this_loop[server]

    def capture(self, server: Server) -> CaptureTransport:
        """Give the capture behind a ``memory:`` server; it is the same on every loop."""
        if server not in self._captures:
            self._captures[server] = CaptureTransport(server.name)
        return self._captures[server]

    def captured(self) -> tuple[Captured, ...]:
        """Give what all captures took."""
        return tuple(mail for one in self._captures.values() for mail in one.messages)

    async def aclose(self) -> None:
        """Close what the running loop has open."""
        for one in self._open.pop(asyncio.get_running_loop(), {}).values():
            await one.aclose()
