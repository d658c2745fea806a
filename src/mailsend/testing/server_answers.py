"""How one connection of the scripted server answers: aiosmtpd's answers, with faults in or behind them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import SMTP

from mailsend.testing.faults import Act, Place, ScriptedFault

if TYPE_CHECKING:
    from mailsend.testing.server import ScriptedServer

__all__ = ["AnsweringSession"]

_BETWEEN_DROPS: Final = 0.02  # seconds
_A_MOMENT: Final = 0.05  # seconds
_BLOCK: Final = 65_536
_IN_GROUPS: Final = (Place.MAIL, Place.RCPT, Place.DATA, Place.DOT)
_SHUT: Final = (Act.CLOSE, Act.ADD_AND_CLOSE, Act.CUT)


class AnsweringSession(SMTP):
    """What is between aiosmtpd and the wire in both directions.

    ``swallow`` keeps aiosmtpd's next answer back, since another was given in its place.
    """

    transport: Any  # aiosmtpd says "or None"; while a command is answered, it is there

    def prepare(self, script: ScriptedServer) -> None:
        """Begin with this script."""
        self.script = script
        self.swallow = False
        self.early: ScriptedFault | None = None
        self._ahead = False
        self._behind: ScriptedFault | None = None
        self._in_content: ScriptedFault | None = None
        self._greeted = False
        self._deaf = False
        self._occasions: Counter[Place] = Counter()

    # What comes

    def data_received(self, data: bytes) -> None:
        """Hear what comes, and let a fault strike at the first octets of a content."""
        if self._deaf:
            return
        self.script.hear(data, encrypted=self.encrypted)
        fault, self._in_content = self._in_content, None
        if fault is not None:
            self._interrupt(fault)
        if not self._deaf:
            super().data_received(data)

    def _interrupt(self, fault: ScriptedFault) -> None:
        """Let a fault strike in the middle of the content."""
        match fault.does:
            case Act.SILENCE:
                self._deaf = True
                self.transport.pause_reading()
            case Act.DROP:
                self._drop()
            case Act.REPLY_AND_CLOSE:
                self._say(fault)
                self._hang_up()
            case _:
                self._say(fault)
                self.early = fault

    @property
    def encrypted(self) -> bool:
        """Whether TLS protects the connection now."""
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    @property
    def more_waits(self) -> bool:
        """Whether more has come already than the command that is answered now."""
        return bool(self._reader._buffer)  # type: ignore[attr-defined]  # noqa: SLF001  as aiosmtpd looks at it

    # What goes

    async def push(self, status: Any) -> None:
        """Send an answer, where no fault has spoken already."""
        if not self._greeted:
            self._greeted = True
            if await self.struck(Place.GREETING):
                return
        if self.swallow or self._deaf:
            self.swallow = False
            return
        line = (status if isinstance(status, bytes) else str(status).encode()) + b"\r\n"
        fault, self._behind = self._behind, None
        await self._answer(line, fault)

    async def _answer(self, line: bytes, fault: ScriptedFault | None) -> None:
        does = None if fault is None else fault.does
        if does is Act.SPLIT:
            for octet in line:
                self._writer.write(bytes((octet,)))
                await self._writer.drain()
                await asyncio.sleep(0)
            return
        if does is Act.CUT:
            line = line[: len(line) // 2]
        if fault is not None and does is Act.REWORD:
            line = fault.reworded(line)
        if fault is not None and fault.reply and does in (Act.ADD, Act.ADD_AND_CLOSE):
            line += fault.octets  # in one piece, as somebody on the way would do it
        self._writer.write(line)
        if does in _SHUT:
            self._hang_up()
        elif does is Act.FORGET:
            self._reader._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001  as aiosmtpd clears it
        elif fault is not None and does is Act.ADD_LATER:
            self.loop.call_later(_A_MOMENT, self._speak_unasked, fault)
        await self._writer.drain()

    # The faults

    @property
    def closes_behind(self) -> bool:
        """Whether the connection ends with the answer that comes next."""
        return self._behind is not None and self._behind.does in _SHUT

    def begin_transaction(self) -> None:
        """Count recipients from one again."""
        self._occasions[Place.RCPT] = 0

    async def struck(self, place: Place) -> bool:
        """Let a fault strike, if one is due here; say whether it answered in the server's place."""
        fault = self.due(place)
        return fault is not None and await self.enact(fault)

    def due(self, place: Place) -> ScriptedFault | None:
        """Give the fault that strikes here and now."""
        self._occasions[place] += 1
        came_ahead, self._ahead = self._ahead, self.more_waits
        fault = self.script.strikes.due(place, self._occasions[place])
        if fault is not None or place not in _IN_GROUPS:
            return fault
        dot = place is Place.DOT  # the mail has come, and its own answer is due
        if came_ahead and not dot and (fault := self.script.strikes.due(Place.AHEAD, 1)):
            return fault
        return self.script.strikes.due(Place.GROUP, 1, behind=dot) if self._ahead else None

    async def enact(self, fault: ScriptedFault) -> bool:
        """Do what the fault says; say whether that was in place of the server's answer."""
        if fault.does.is_behind:
            self._behind = fault
            return False
        match fault.does:
            case Act.CONTENT_ANYWAY:
                await self._content_for_nobody(fault)
            case Act.DRIP:
                await self._drip(fault.octets)
            case Act.ENDLESS | Act.FLOOD:
                await self._flood(fault.octets if fault.does is Act.ENDLESS else fault.reply.encode())
            case Act.DROP:
                self._drop()
            case Act.SILENCE:
                self._deaf = True
            case _:
                self._say(fault)
                if fault.does is Act.REPLY_AND_CLOSE:
                    self._hang_up()
                self._deaf = self._deaf or fault.does is Act.REPLY_AND_STOP
                await self._writer.drain()
        return True

    def strike_in_content(self) -> None:
        """Let a fault strike at the first octets of the content, if one is due there."""
        self._occasions[Place.CONTENT] += 1
        self._in_content = self.script.strikes.due(Place.CONTENT, self._occasions[Place.CONTENT])

    async def _content_for_nobody(self, fault: ScriptedFault) -> None:
        self._writer.write(b"354 Go ahead\r\n")
        while await self._reader.readuntil(b"\r\n") != b".\r\n":
            pass
        self.envelope = self._create_envelope()
        self._say(fault)

    async def _drip(self, line: bytes) -> None:
        """Send the line over and over, an octet at a time, until nobody listens."""
        with contextlib.suppress(OSError):
            for octet in itertools.cycle(line):
                self._writer.write(bytes((octet,)))
                await self._writer.drain()
                await asyncio.sleep(_BETWEEN_DROPS)

    async def _flood(self, line: bytes) -> None:
        """Send the line over and over, as fast as it is read, until nobody listens."""
        block = line * (_BLOCK // len(line))
        with contextlib.suppress(OSError):
            while not self.transport.is_closing():
                self._writer.write(block)
                await self._writer.drain()
                await asyncio.sleep(0)  # or nobody here learns that the other side is gone

    def _speak_unasked(self, fault: ScriptedFault) -> None:
        if self.transport is not None and not self.transport.is_closing() and not self._deaf:
            if fault.reply:
                self._say(fault)
            self._hang_up()

    def _say(self, fault: ScriptedFault) -> None:
        self._writer.write(fault.octets)

    def _hang_up(self) -> None:
        """Close our half: closing all of it with something unread would lose the last reply."""
        self._deaf = True
        self._reader._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001  as aiosmtpd clears it
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _drop(self) -> None:
        self._deaf = True
        self.transport.abort()
