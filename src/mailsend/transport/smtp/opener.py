"""Opening connections to one server: one log-in at a time until one has succeeded (M12)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mailsend.model.server import Server
from mailsend.transport.smtp.connect import Offer, Resolve, connect, look_up
from mailsend.transport.smtp.memory import LoginGate, gate_for
from mailsend.transport.smtp.stop import Stopped
from mailsend.transport.smtp.trial import Trial

if TYPE_CHECKING:
    from mailsend.transport.log_ins import SharedLogIns
    from mailsend.transport.smtp.wire import Wire

__all__ = ["Opener"]

_LOGIN_REFUSED: Final = 535
_LOOK_AGAIN: Final = 0.05  # seconds


class Opener:
    """Opens connections on one event loop."""

    def __init__(self, server: Server, resolve: Resolve | None, share: SharedLogIns | None = None) -> None:
        self._server = server
        self._share = share
        self._resolve = resolve or look_up
        self._turn = asyncio.Lock()

    async def open(self, wire: Wire) -> Offer:
        """Connect and log in; raises Stopped."""
        gate = gate_for(self._server.fingerprint)
        if self._server.credentials is None or gate.proved:
            return await self._connect(wire, gate)
        async with self._turn:
            await _turn_at(gate)
            try:
                if not gate.proved:
                    return await self._connect(wire, gate)
            finally:
                gate.leave_turn()
        return await self._connect(wire, gate)

    async def _connect(self, wire: Wire, gate: LoginGate) -> Offer:
        trial = Trial(self._server, gate, self._share)
        try:
            await trial.begin()
            offer = await connect(self._server, wire, resolve=self._resolve)
            if offer.logged_in:
                await trial.passed()
        except Stopped as stopped:
            refused = stopped.reply is not None and stopped.reply.code == _LOGIN_REFUSED
            if refused and wire.mask.hides:  # before a log-in, anybody on the way could say it
                await trial.was_refused()
            raise
        finally:
            trial.end()
        return offer


async def _turn_at(gate: LoginGate) -> None:
    """Wait for the turn to log in, which another thread's loop may hold."""
    while not gate.take_turn():  # noqa: ASYNC110  an Event wakes nobody on another thread
        await asyncio.sleep(_LOOK_AGAIN)
