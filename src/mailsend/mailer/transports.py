"""The transports of one Mailer: opened when first needed, one for each server and event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

import mailsend.mailer.imports_at_fork  # noqa: F401 - it stands guard
from mailsend.mailer.clock import monotonic
from mailsend.model.server import Server, ServerKind
from mailsend.transport import open_transport
from mailsend.transport.base import NO_OPTIONS, SubmitOptions, Transport
from mailsend.transport.capture import Captured, CaptureTransport

if TYPE_CHECKING:
    from mailsend.model.envelope import Envelope
    from mailsend.model.report import Attempt
    from mailsend.transport.log_ins import SharedLogIns

__all__ = ["Transports", "close_all_here"]

_UNUSED: Final = 300.0  # seconds after which a transport without a mail is let go
_LOOK_AGAIN: Final = 30.0


class Transports:
    """Keeps what is open, per running loop; a forked child forgets it all and closes nothing.

    Servers may come and go without end: a transport that had nothing to do for five minutes is let
    go when another server's is opened. ``clock`` gives seconds that never go back, ``log_ins`` what other
    processes know of log-ins.
    """

    def __init__(
        self,
        open_one: Callable[[Server], Transport] | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        log_ins: SharedLogIns | None = None,
    ) -> None:
        self._open_one = open_one or partial(open_transport, log_ins=log_ins)
        self._clock = clock
        self._captures: dict[Server, CaptureTransport] = {}
        self._of: dict[asyncio.AbstractEventLoop, _OfOneLoop] = {}
        _all.add(self)

    def for_server(self, server: Server) -> Transport:
        """Give the transport to ``server`` for the running loop."""
        if server.kind is ServerKind.MEMORY:
            return self.capture(server)
        here = self._of.get(asyncio.get_running_loop())
        if here is None:
            here = self._begin()
        kept = here.kept.get(server)
        if kept is None:
            here.let_go_of_unused(self._clock())
            kept = here.kept[server] = _Kept(self._open_one(server), self._clock)
        return kept

    def capture(self, server: Server) -> CaptureTransport:
        """Give the capture behind a ``memory:`` server; it is the same on every loop."""
        if server not in self._captures:
            self._captures[server] = CaptureTransport(server.name)
        return self._captures[server]

    def captured(self) -> tuple[Captured, ...]:
        """Give what all captures took."""
        return tuple(mail for one in self._captures.values() for mail in one.messages)

    async def aclose(self) -> None:
        """Close what the running loop has open, all at once; whoever calls again waits for the same."""
        loop = asyncio.get_running_loop()
        here = self._of.get(loop)
        if here is None:
            return
        while here.kept:
            here.let_go(next(iter(here.kept)))
        if here.going:
            await asyncio.wait(tuple(here.going))
        if not (here.kept or here.going):
            self._of.pop(loop, None)

    def forget(self) -> None:
        """Begin with nothing; what was open is kept from being collected, which would close it."""
        _left_alone.append(self._of)
        self._of = {}

    def _begin(self) -> _OfOneLoop:
        for loop in [one for one in tuple(self._of) if one.is_closed()]:
            self._of.pop(loop, None)  # it ended its pools, and nobody can use it any more
        return self._of.setdefault(asyncio.get_running_loop(), _OfOneLoop())


class _OfOneLoop:
    """What one loop has open, and what of it is being let go."""

    def __init__(self) -> None:
        self.kept: dict[Server, _Kept] = {}
        self.going: set[asyncio.Task[None]] = set()
        self._look_at = 0.0

    def let_go_of_unused(self, now: float) -> None:
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_AGAIN
        for server in [one for one, kept in self.kept.items() if kept.unused_for(now) > _UNUSED]:
            self.let_go(server)

    def let_go(self, server: Server) -> None:
        closing = asyncio.create_task(self.kept.pop(server).aclose())
        self.going.add(closing)
        closing.add_done_callback(self.going.discard)


class _Kept:
    """A transport, how many mails it has at work, and when it had the last one."""

    __slots__ = ("_at_work", "_clock", "_last", "_transport")

    def __init__(self, transport: Transport, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock
        self._at_work = 0
        self._last = clock()

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        self._at_work += 1
        try:
            return await self._transport.submit(envelope, data, options=options)
        finally:
            self._at_work -= 1
            self._last = self._clock()

    async def aclose(self) -> None:
        await self._transport.aclose()

    def unused_for(self, now: float) -> float:
        return 0.0 if self._at_work else now - self._last


_all: Final[WeakSet[Transports]] = WeakSet()
_left_alone: Final[list[dict[asyncio.AbstractEventLoop, _OfOneLoop]]] = []  # what a parent has open


async def close_all_here() -> None:
    """Close what all Mailers of this process have open on the running loop."""
    await asyncio.gather(*(one.aclose() for one in tuple(_all)))


def _after_fork() -> None:
    for one in _all:
        one.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
