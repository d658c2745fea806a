"""One log-in, from asking whether it may be tried to telling what came of it (M12)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mailsend.decide.verdict import Reason, conclude
from mailsend.transport.clock import steady_seconds
from mailsend.transport.smtp.stop import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsend.model.server import Server
    from mailsend.transport.log_ins import SharedLogIns
    from mailsend.transport.smtp.memory import LoginGate

__all__ = ["Trial"]

_FIRST_LOOK, _LONGEST_LOOK = 0.1, 1.0  # seconds between looks at somebody else's log-in
_PATIENCE: Final = 60.0  # seconds that others are waited for: whoever died is forgotten sooner


def _never() -> bool:
    return False


class Trial:
    """Asks the gate of this process, and all others where they ``share`` what they know.

    One that a person asked for (``by_person``) waits out pauses, but not the lock after the third refusal.
    """

    def __init__(
        self, server: Server, gate: LoginGate, share: SharedLogIns | None, *, by_person: bool = False
    ) -> None:
        self._server = server
        self._gate = gate
        self._share = share if server.credentials is not None else None
        self._by_person = by_person
        self._holder = ""
        self._noted = False

    async def begin(self, *, over: Callable[[], bool] = _never) -> None:
        """Wait until it may be tried; raises Stopped where a pause lasts, or time is ``over``."""
        if self._share is None or (self._is_closed and not self._gate.shared):
            self._heed_gate()
            return
        looks, waited = 0.0, 0.0
        while True:
            taking = not self._gate.proved and not self._is_closed and not looks
            if taking:
                self._holder = self._holder or self._share.new_holder()
                found = await self._share.take_turn(self._server, self._holder, by_person=self._by_person)
            else:
                found = await self._share.known(self._server, fresh=looks > 0)
            if found is None:
                break
            self._noted = found.noted
            self._gate.heed(found.refusals)
            self._heed_gate()
            if found.mine or (self._gate.proved and not taking):
                break
            if not found.others:
                if looks and not found.noted:  # whoever was waited for has logged in
                    break
                looks = 0.0
                continue
            if waited >= _PATIENCE:
                break
            if over():
                raise Stopped(conclude(Reason.DEADLINE))
            looks = min(2 * looks or _FIRST_LOOK, _LONGEST_LOOK)
            waited += looks
            await asyncio.sleep(looks)
        self._heed_gate()

    async def was_refused(self) -> None:
        """Take note of a 535, here and for all."""
        self._gate.refused(steady_seconds())
        if self._share is not None:
            holder, self._holder = self._holder, ""
            known = await self._share.refused(self._server, holder)
            if known is not None:
                self._gate.heed(known)

    async def passed(self) -> None:
        """Take note of a log-in that succeeded; a person who asked for it finds it told."""
        self._gate.passed()
        if self._share is not None and (self._holder or self._noted):
            self._holder = ""
            await self._share.passed(self._server, wait=self._by_person)

    def end(self) -> None:
        """Leave the turn, whatever came."""
        if self._share is not None and self._holder:
            holder, self._holder = self._holder, ""
            self._share.leave_turn(self._server, holder)

    @property
    def _is_closed(self) -> bool:
        return self._gate.is_closed(steady_seconds(), by_person=self._by_person)

    def _heed_gate(self) -> None:
        if self._is_closed:
            raise Stopped(conclude(Reason.AUTH_PAUSED))
