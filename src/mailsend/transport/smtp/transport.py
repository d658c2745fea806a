"""Mail by SMTP: verified TLS, one log-in at a time, an answer for each recipient."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.errors import InvalidSettings
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt
from mailsend.model.server import Server, ServerKind
from mailsend.transport.base import NO_OPTIONS, SubmitOptions, attempt_from, wire_data
from mailsend.transport.clock import steady_seconds, utc_now
from mailsend.transport.smtp.home import MANY, Home, Talk
from mailsend.transport.smtp.memory import PolicyMemory, gate_for

if TYPE_CHECKING:  # these load ssl and aiosmtplib, which nobody needs before the first mail
    from mailsend.model.reply import Reply
    from mailsend.transport.smtp.connect import Offer, Resolve
    from mailsend.transport.smtp.memory import LoginGate
    from mailsend.transport.smtp.session import Unread
    from mailsend.transport.smtp.wire import Wire

__all__ = ["SmtpTransport"]

_log = logging.getLogger("mailsend.transport")

_LOGIN_REFUSED: Final = 535
_LOOK_AGAIN: Final = 0.05  # seconds


class SmtpTransport:
    """Carries mails to one server (RFC 5321, 6409), one connection for each mail.

    ``resolve`` looks a name up. ``on_late`` is called where nobody waits any longer for the answer to
    a final dot, with the envelope of those whom it concerns and the reply; ``None`` in place of the
    reply: there was none. Raises InvalidSettings for a server that is not reached by SMTP.
    """

    def __init__(
        self,
        server: Server,
        *,
        resolve: Resolve | None = None,
        on_late: Callable[[Envelope, Reply | None], None] | None = None,
    ) -> None:
        if server.kind is not ServerKind.SMTP:
            raise InvalidSettings(
                "server",
                f"{server.kind}: is not reached by SMTP",
                advice="open_transport(server) gives the transport for each kind of server.",
            )
        self.server = server
        self._resolve = resolve
        self._on_late = on_late
        self._memory = PolicyMemory()
        self._home: Home | None = None

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Offer ``data`` to every recipient; whatever server and network do is told by the attempt.

        A last CRLF that is missing is added (RFC 5321, 4.1.1.4); nothing else is changed. Raises
        InvalidMessage for what is no mail: a CR or LF that stands alone, or no bytes at all. Where it
        is cancelled the connection is thrown away; after the final dot the reply is still read, and
        told to ``on_late``.
        """
        data = wire_data(data)
        from mailsend.transport.smtp.session import Session
        from mailsend.transport.smtp.step_limits import seconds_for_quit
        from mailsend.transport.smtp.stop import Stopped
        from mailsend.transport.smtp.wire import Wire

        started = utc_now()
        home = self._here()
        ends = None if options.deadline is None else home.loop.time() + options.deadline
        wire = Wire(ends=ends)
        session = Session(self.server, wire, self._memory, options)
        talk = home.begin(wire, session)
        unread = None
        try:
            try:
                await self._talk(talk, home, envelope, data)
            except Stopped as stopped:
                unsettled = [one for one in envelope.recipients if one not in session.results]
                session.settle(unsettled, stopped.verdict, stopped.reply)
            unread = session.unread
            if unread is None:
                await wire.close(seconds=wire.limit(seconds_for_quit(self.server)))
        except asyncio.CancelledError:
            unread = session.unread
            raise
        finally:
            if unread is None:
                wire.abort()
            home.end(talk, self._read_on(wire, unread, envelope) if unread else None)
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
        """End what runs on this loop; calling it again does nothing, and a later mail connects anew.

        Mails whose content is being written, or whose final dot waits for its reply, are waited for,
        ``dot_timeout`` seconds at most; what has not come so far is cut and told as deferred.
        """
        home = self._home
        if home is not None and home.loop is asyncio.get_running_loop():
            await home.close(seconds=self.server.dot_timeout)

    async def _talk(self, talk: Talk, home: Home, envelope: Envelope, data: bytes) -> None:
        """Hold the conversation, from waiting for a place to the last reply; raises Stopped."""
        from mailsend.transport.smtp.stop import Stopped

        session = talk.session
        try:
            async with talk.patience:
                session.cuttable = True
                try:
                    await _in_time(talk.wire, home.slots.acquire())
                    talk.place = home.slots
                    offer = await self._connected(talk.wire, home)
                    await session.send(offer, envelope, data)
                finally:
                    session.cuttable = False
        except TimeoutError:
            if session.unread is None:
                talk.wire.abort()
            else:  # the dot went out just before the cut
                session.settle(session.unread.recipients, judge(Step.DOT, None), None)
            raise Stopped(conclude(Reason.CLOSED)) from None

    async def _connected(self, wire: Wire, home: Home) -> Offer:
        """Connect; log in one at a time until one log-in has succeeded (M12)."""
        gate = gate_for(self.server.fingerprint)
        if self.server.credentials is None or gate.proved:
            return await self._connect(wire)
        await _in_time(wire, home.login.acquire())
        try:
            await _in_time(wire, _turn_at(gate))
            try:
                if not gate.proved:
                    return await self._connect(wire)
            finally:
                gate.leave_turn()
        finally:
            home.login.release()
        return await self._connect(wire)

    async def _connect(self, wire: Wire) -> Offer:
        from mailsend.transport.smtp.connect import connect, look_up
        from mailsend.transport.smtp.stop import Stopped

        gate = gate_for(self.server.fingerprint)
        if gate.is_closed(steady_seconds()):
            raise Stopped(conclude(Reason.AUTH_PAUSED))
        try:
            offer = await connect(self.server, wire, resolve=self._resolve or look_up)
        except Stopped as stopped:
            if stopped.reply is not None and stopped.reply.code == _LOGIN_REFUSED:
                gate.refused(steady_seconds())
            raise
        if offer.logged_in:
            gate.passed()
        return offer

    async def _read_on(self, wire: Wire, unread: Unread, envelope: Envelope) -> None:
        """Hear the reply to the final dot out, though nobody waits for it any more (M20)."""
        from mailsend.transport.smtp.step_limits import seconds_for_quit
        from mailsend.transport.smtp.wire import Silent

        wire.forget_deadline()
        left = max(0.0, unread.ends - asyncio.get_running_loop().time())
        reply = None
        try:
            reply = await wire.final_reply(unread.reading, left)
            await wire.close(seconds=seconds_for_quit(self.server))
        except Silent:
            pass
        finally:
            unread.reading.cancel()
            wire.abort()
        _log.info("%s answered late: %s", self.server.name, reply or "nothing")
        if self._on_late is not None:
            concerned = Envelope(reverse_path=envelope.reverse_path, recipients=unread.recipients)
            try:
                self._on_late(concerned, reply)
            except Exception:  # noqa: BLE001  nobody waits here who could be told
                _log.exception("on_late failed")

    def _here(self) -> Home:
        """Give what belongs to the running loop; on another loop everything is made anew."""
        loop = asyncio.get_running_loop()
        if self._home is None or self._home.loop is not loop:
            self._home = Home(loop, self.server.max_connections)
        return self._home


async def _turn_at(gate: LoginGate) -> bool:
    """Wait for the turn to log in, which another thread's loop may hold."""
    while not gate.take_turn():  # noqa: ASYNC110  an Event wakes nobody on another thread
        await asyncio.sleep(_LOOK_AGAIN)
    return True


async def _in_time(wire: Wire, turn: Awaitable[bool]) -> None:
    """Wait for our turn, but not beyond the deadline."""
    from mailsend.transport.smtp.stop import Stopped

    try:
        async with asyncio.timeout(wire.limit(MANY)):
            await turn
    except TimeoutError:
        raise Stopped(conclude(Reason.DEADLINE)) from None
