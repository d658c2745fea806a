"""Mail by SMTP: verified TLS, one log-in at a time, an answer for each recipient."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from mailsend.decide.verdict import Reason, conclude
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt
from mailsend.model.server import Server
from mailsend.transport.base import NO_OPTIONS, SubmitOptions, attempt_from, check_data
from mailsend.transport.clock import utc_now
from mailsend.transport.smtp_memory import LoginGate, PolicyMemory

if TYPE_CHECKING:  # these load ssl and aiosmtplib, which nobody needs before the first mail
    from mailsend.model.reply import Reply
    from mailsend.transport.smtp import Wire
    from mailsend.transport.smtp_connect import Offer, Resolve

__all__ = ["SmtpTransport"]

_log = logging.getLogger("mailsend.transport")

_LOGIN_REFUSED: Final = 535


class SmtpTransport:
    """Carries mails to one server (RFC 5321, 6409), one connection for each mail.

    ``resolve`` looks a name up. ``on_late`` is called with the envelope and the reply where a server
    answered the final dot only after our deadline; ``None`` in place of the reply: it never did.
    """

    def __init__(
        self,
        server: Server,
        *,
        resolve: Resolve | None = None,
        on_late: Callable[[Envelope, Reply | None], None] | None = None,
    ) -> None:
        self.server = server
        self._resolve = resolve
        self._on_late = on_late
        self._gate = LoginGate()
        self._memory = PolicyMemory()
        self._home: _Home | None = None

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Offer ``data`` to every recipient; whatever server and network do is told by the attempt.

        Raises InvalidMessage for bytes whose lines do not all end in CRLF, and nothing else. Where it
        is cancelled the connection is thrown away.
        """
        check_data(data)
        from mailsend.transport.smtp import Wire
        from mailsend.transport.smtp_limits import seconds_for_quit
        from mailsend.transport.smtp_session import Session
        from mailsend.transport.smtp_stop import Stopped

        started = utc_now()
        home = self._here()
        ends = None if options.deadline is None else home.loop.time() + options.deadline
        wire = Wire(ends=ends)
        session = Session(self.server, wire, self._memory, options)
        try:
            try:
                await _in_time(wire, home.slots.acquire())
                try:
                    offer = await self._connected(wire, home)
                    await session.send(offer, envelope, data)
                finally:
                    home.slots.release()
            except Stopped as stopped:
                unsettled = [one for one in envelope.recipients if one not in session.results]
                session.settle(unsettled, stopped.verdict, stopped.reply)
            if session.unread is None:
                await wire.close(seconds=wire.limit(seconds_for_quit(self.server)))
            else:
                home.keep(self._read_on(wire, session.unread, envelope))
        except BaseException:
            wire.abort()
            raise
        return attempt_from(
            {one: session.results[one] for one in envelope.recipients},
            server=self.server.name,
            queue_id=session.queue_id,
            conversation=tuple(wire.conversation),
            started=started,
            ended=utc_now(),
            retry_now=session.retry_now,
        )

    async def aclose(self) -> None:
        """Wait for replies that are read on after a deadline; calling it again does nothing."""
        home = self._home
        if home is not None and home.loop is asyncio.get_running_loop():
            await asyncio.gather(*home.reading, return_exceptions=True)

    async def _connected(self, wire: Wire, home: _Home) -> Offer:
        """Connect; log in one at a time until one log-in has succeeded (M12)."""
        if self.server.credentials is None or self._gate.proved:
            return await self._connect(wire)
        await _in_time(wire, home.login.acquire())
        try:
            if not self._gate.proved:
                return await self._connect(wire)
        finally:
            home.login.release()
        return await self._connect(wire)

    async def _connect(self, wire: Wire) -> Offer:
        from mailsend.transport.smtp_connect import connect, look_up
        from mailsend.transport.smtp_stop import Stopped

        now = asyncio.get_running_loop().time
        if self._gate.is_closed(now()):
            raise Stopped(conclude(Reason.AUTH_PAUSED))
        try:
            offer = await connect(self.server, wire, resolve=self._resolve or look_up)
        except Stopped as stopped:
            if stopped.reply is not None and stopped.reply.code == _LOGIN_REFUSED:
                self._gate.refused(now())
            raise
        if offer.logged_in:
            self._gate.passed()
        return offer

    async def _read_on(self, wire: Wire, reading: asyncio.Task[Reply], envelope: Envelope) -> None:
        """Hear the reply to the final dot out, though nobody waits for it any more (M20)."""
        from mailsend.transport.smtp import Silent
        from mailsend.transport.smtp_limits import seconds_for_quit

        wire.forget_deadline()
        reply = None
        try:
            reply = await wire.final_reply(reading, self.server.dot_timeout)
            await wire.close(seconds=seconds_for_quit(self.server))
        except Silent:
            pass
        finally:
            reading.cancel()
            wire.abort()
        _log.info("%s answered after the deadline: %s", self.server.name, reply or "nothing")
        if self._on_late is not None:
            try:
                self._on_late(envelope, reply)
            except Exception:  # noqa: BLE001  nobody waits here who could be told
                _log.exception("on_late failed")

    def _here(self) -> _Home:
        """Give what belongs to the running loop; on another loop everything is made anew."""
        loop = asyncio.get_running_loop()
        if self._home is None or self._home.loop is not loop:
            self._home = _Home(loop, self.server.max_connections)
        return self._home


class _Home:
    """What lives on one event loop: places for connections, the turn to log in, tasks that read on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections: int) -> None:
        self.loop = loop
        self.slots = asyncio.Semaphore(connections or _MANY)
        self.login = asyncio.Lock()
        self.reading: set[asyncio.Task[None]] = set()

    def keep(self, work: Awaitable[None]) -> None:
        """Run ``work`` and hold on to it until it ends."""
        task = asyncio.ensure_future(work)
        self.reading.add(task)
        task.add_done_callback(self.reading.discard)


_MANY: Final = 1_000_000


async def _in_time(wire: Wire, turn: Awaitable[bool]) -> None:
    """Wait for our turn, but not beyond the deadline."""
    from mailsend.transport.smtp_stop import Stopped

    try:
        async with asyncio.timeout(wire.limit(_MANY)):
            await turn
    except TimeoutError:
        raise Stopped(conclude(Reason.DEADLINE)) from None
