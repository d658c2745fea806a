"""One connection of the scripted server: aiosmtpd, with faults in place of its answers."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import hmac
import itertools
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Session, TLSSetupException

from mailsend.model.server import TlsMode
from mailsend.testing.faults import Act, Place, ScriptedFault
from mailsend.testing.received import Received
from mailsend.testing.server_hooks import Hooks, QuietSession

if TYPE_CHECKING:
    from mailsend.testing.server import ScriptedServer

__all__ = ["ScriptedSession"]

_LONGEST_COMMAND: Final = 4096
_BETWEEN_DROPS: Final = 0.02  # seconds
_OURS: Final = {"DSN": ("RET=", "ENVID=", "NOTIFY=", "ORCPT="), "REQUIRETLS": ("REQUIRETLS",)}


class ScriptedSession(SMTP):
    """The dialogue on one connection; what it sees is written down in the server."""

    session: Any  # aiosmtpd says "or None"; while a command is answered, each is there
    envelope: Any
    transport: Any
    _original_transport: Any

    def __init__(self, script: ScriptedServer, loop: asyncio.AbstractEventLoop) -> None:
        starttls = script.tls is TlsMode.STARTTLS and script.tls_files is not None
        super().__init__(
            Hooks(script),
            data_size_limit=script.max_size,
            enable_SMTPUTF8=script.smtputf8,
            hostname="localhost",
            ident="scripted",
            tls_context=script.tls_files.context if starttls and script.tls_files else None,
            auth_require_tls=starttls,
            auth_exclude_mechanism=[
                one for one in ("PLAIN", "LOGIN", "CRAM-MD5") if one not in script.auth_methods
            ],
            authenticator=self._check,
            loop=loop,
        )
        # aiosmtpd keeps these on the class and clears them with every connection.
        self.command_size_limits = collections.defaultdict(lambda: _LONGEST_COMMAND)
        self.swallow = False
        self._added = b""
        self._script = script
        self._greeted = False
        self._user: str | None = None
        self._begin("")

    def _begin(self, reverse_path: str, parameters: tuple[str, ...] = ()) -> None:
        self._reverse_path = reverse_path
        self._mail_parameters = parameters
        self._recipients: list[str] = []
        self._rcpt_parameters: list[str] = []
        self._asked = 0

    # What aiosmtpd calls

    def _create_session(self) -> Session:
        return QuietSession(self.loop)

    def connection_made(self, transport: Any) -> None:
        """Count the connection, and perhaps drop it."""
        super().connection_made(transport)
        self._script.opened(self)
        if self._script.strike(Place.CONNECT) is not None:
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._script.closed(self)
        if self.session is not None and self._handler_coroutine is not None:
            super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """Send one line of an answer, where no fault has spoken already."""
        if not self._greeted:
            self._greeted = True
            if await self.struck(Place.GREETING):
                return
        if self.swallow:
            self.swallow = False
            return
        added, self._added = self._added, b""
        if added:  # in one piece with the answer, as somebody on the way would do it
            self._writer.write(f"{status}\r\n".encode() + added)
            await self._writer.drain()
            return
        await super().push(status)

    def _check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        user = data.login.decode()
        known = self._script.accounts.get(user)
        right = known is not None and hmac.compare_digest(known.encode(), data.password)
        return AuthResult(success=right, handled=False, auth_data=data)

    # The commands

    async def smtp_EHLO(self, hostname: str) -> None:
        """Answer EHLO."""
        if not await self._seen("EHLO", hostname, Place.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        """Answer STARTTLS."""
        if await self._seen("STARTTLS", arg, Place.STARTTLS):
            return
        try:
            await super().smtp_STARTTLS(arg)
        except TLSSetupException:  # the other side does not like our certificate
            self._original_transport.abort()

    async def smtp_AUTH(self, arg: str) -> None:
        """Answer AUTH."""
        if await self._seen("AUTH", (arg or "").partition(" ")[0], Place.AUTH):
            return
        await super().smtp_AUTH(arg)
        if self.session.authenticated:
            self._user = self.session.auth_data.login.decode()

    async def smtp_MAIL(self, arg: str) -> None:
        """Answer MAIL."""
        if await self._seen("MAIL", arg, Place.MAIL):
            return
        if self._script.accounts and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
            return
        path, parameters, rest = self._parted(arg)
        self._begin(path, parameters)
        await super().smtp_MAIL(rest)

    async def smtp_RCPT(self, arg: str) -> None:
        """Answer RCPT."""
        self._asked += 1
        if await self._seen("RCPT", arg, Place.RCPT):
            return
        path, parameters, rest = self._parted(arg)
        scripted = self._script.replies.get(path)
        if scripted is not None and not scripted.startswith("2"):
            await self.push(scripted)
            return
        before = len(self.envelope.rcpt_tos)
        await super().smtp_RCPT(rest)
        if len(self.envelope.rcpt_tos) > before:
            self._recipients.append(path)
            self._rcpt_parameters += parameters

    async def smtp_DATA(self, arg: str) -> None:
        """Answer DATA."""
        if await self._seen("DATA", arg, Place.DATA):
            return
        fault = self._script.strike(Place.CONTENT)
        if fault is None:
            await super().smtp_DATA(arg)
            return
        await self.push("354 Go ahead")
        await self._reader.read(1)
        match fault.does:
            case Act.SILENCE:
                self.transport.pause_reading()
                await asyncio.Event().wait()
            case Act.DROP:
                self.transport.abort()
            case _:
                self._writer.write(_line(fault))
                while await self._reader.read(65536):  # closing with unread content would lose the reply
                    pass

    async def smtp_RSET(self, arg: str) -> None:
        """Answer RSET."""
        if not await self._seen("RSET", arg, Place.RSET):
            await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        """Answer QUIT."""
        if not await self._seen("QUIT", arg, Place.QUIT):
            await super().smtp_QUIT(arg)

    # The faults

    async def _seen(self, command: str, argument: str | None, place: Place) -> bool:
        """Write a command down; say whether a fault has answered it."""
        self._script.commands.append(f"{command} {argument}" if argument else command)
        return await self.struck(place)

    async def struck(self, place: Place) -> bool:
        """Let a fault strike, if one is due here; say whether it did."""
        fault = self._script.strike(place, asked=self._asked)
        if fault is None:
            return False
        if fault.does is Act.ADD:
            self._added = _line(fault)
            return False
        if fault.does is Act.DRIP:
            await self._drip(_line(fault))
        if fault.does in (Act.REPLY, Act.REPLY_AND_CLOSE):
            self._writer.write(_line(fault))
            await self._writer.drain()
        if fault.does is Act.REPLY_AND_CLOSE:
            self.transport.close()
        elif fault.does is Act.DROP:
            self.transport.abort()
        return True

    async def _drip(self, line: bytes) -> None:
        """Send the line over and over, an octet at a time, until nobody listens."""
        with contextlib.suppress(OSError):
            for octet in itertools.cycle(line):
                self._writer.write(bytes((octet,)))
                await self._writer.drain()
                await asyncio.sleep(_BETWEEN_DROPS)

    def take(self, data: bytes) -> int:
        """Write a mail down and give its number."""
        encrypted = self.transport.get_extra_info("sslcontext") is not None
        return self._script.received(
            Received(
                reverse_path=self._reverse_path,
                recipients=tuple(self._recipients),
                data=bytes(data),
                user=self._user,
                tls=encrypted,
                mail_parameters=self._mail_parameters,
                rcpt_parameters=tuple(self._rcpt_parameters),
            )
        )

    def end(self) -> None:
        """Throw the connection away."""
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                transport.abort()

    def _parted(self, arg: str | None) -> tuple[str, tuple[str, ...], str]:
        """Part ``FROM:<path> A=1 B`` into path, parameters, and what aiosmtpd itself understands."""
        head, _, tail = (arg or "").rpartition(">")
        parameters = tuple(tail.split())
        ours = tuple(one for name, ones in _OURS.items() if name in self._script.extensions for one in ones)
        theirs = [one for one in parameters if not one.upper().startswith(ours)] if ours else parameters
        return head.partition("<")[2], parameters, f"{head}>{''.join(f' {one}' for one in theirs)}"


def _line(fault: ScriptedFault) -> bytes:
    """Give the reply's octets; a lone surrogate stands for one that is no UTF-8."""
    return fault.reply.encode("utf-8", "surrogateescape") + b"\r\n"
