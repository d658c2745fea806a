"""One connection of the scripted server: the commands, and what they make of a mail."""

from __future__ import annotations

import asyncio
import collections
import hmac
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import MISSING, AuthResult, Session, TLSSetupException

from mailsend.model.server import TlsMode
from mailsend.testing.faults import Place
from mailsend.testing.received import Received
from mailsend.testing.server_answers import AnsweringSession
from mailsend.testing.server_hooks import Hooks, QuietSession

if TYPE_CHECKING:
    from mailsend.testing.server import ScriptedServer

__all__ = ["ScriptedSession"]

_LONGEST_COMMAND: Final = 16_384  # an access token goes in one line (RFC 7628, section 3.1)
_MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")
_OURS: Final = {"DSN": ("RET=", "ENVID=", "NOTIFY=", "ORCPT="), "REQUIRETLS": ("REQUIRETLS",)}


class ScriptedSession(AnsweringSession):
    """The dialogue on one connection; what it sees is written down in the server."""

    session: Any  # aiosmtpd says "or None"; while a command is answered, each is there
    envelope: Any
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
            auth_exclude_mechanism=[one for one in _MECHANISMS if one not in script.auth_methods],
            authenticator=self._check,
            loop=loop,
        )
        # aiosmtpd keeps these on the class and clears them with every connection.
        self.command_size_limits = collections.defaultdict(lambda: _LONGEST_COMMAND)
        self.prepare(script)
        self.number = 0
        self.granted = ""
        self._user: str | None = None
        self._mails = 0
        self._domains: set[str] = set()
        self._begin("")

    def _begin(self, reverse_path: str, parameters: tuple[str, ...] = ()) -> None:
        self._reverse_path = reverse_path
        self._mail_parameters = parameters
        self._recipients: list[str] = []
        self._rcpt_parameters: list[str] = []
        self._asked = 0
        self.begin_transaction()

    # What aiosmtpd calls

    def _create_session(self) -> Session:
        return QuietSession(self.loop)

    def connection_made(self, transport: Any) -> None:
        """Count the connection, and perhaps drop it."""
        super().connection_made(transport)
        if self.number:  # STARTTLS makes a connection twice
            return
        self._reader._limit = 2 * _LONGEST_COMMAND  # type: ignore[attr-defined]  # noqa: SLF001  aiosmtpd's would cut a token
        self.number = self.script.opened(self)
        if self.due(Place.CONNECT) is not None:
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self.script.closed(self)
        if self.session is not None and self._handler_coroutine is not None:
            super().connection_lost(error)

    def _check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        known = self.script.accounts.get(data.login.decode())
        right = known is not None and hmac.compare_digest(known.encode(), data.password)
        return AuthResult(success=right, handled=False, auth_data=data)

    async def challenge_auth(self, *arguments: Any, **more: Any) -> Any:
        """Ask for the next part of a log-in; a fault may answer what comes."""
        answer = await super().challenge_auth(*arguments, **more)
        if answer is MISSING or not await self.struck(Place.CHALLENGE):
            return answer
        return MISSING  # answered by the fault

    # The commands

    async def smtp_EHLO(self, hostname: str) -> None:
        """Answer EHLO."""
        if not await self._seen("EHLO", hostname, Place.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        """Answer STARTTLS."""
        if await self._seen("STARTTLS", arg, Place.STARTTLS):
            return
        if self.closes_behind:
            await self.push("220 Ready to start TLS")
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
        self._mails += 1
        if await self._seen("MAIL", arg, Place.MAIL):
            return
        if self.script.wants_login and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
            return
        if self._mails > self.script.limit("MAILMAX"):
            await self.push("421 4.4.5 Too many mails on this connection")
            return
        path, parameters, rest = self._parted(arg)
        if not self.envelope.mail_from:
            self._begin(path, parameters)
        await super().smtp_MAIL(rest)

    async def smtp_RCPT(self, arg: str) -> None:
        """Answer RCPT."""
        self._asked += 1
        if await self._seen("RCPT", arg, Place.RCPT):
            return
        path, parameters, rest = self._parted(arg)
        self.granted = self.script.reply_to(path) or "250 OK"
        if not self.granted.startswith("2"):
            await self.push(self.granted)
            return
        if self._is_too_many(path.rpartition("@")[2].lower()):
            await self.push("452 4.5.3 Too many recipients")
            return
        before = len(self.envelope.rcpt_tos)
        await super().smtp_RCPT(rest)
        if len(self.envelope.rcpt_tos) > before:
            self._recipients.append(path)
            self._rcpt_parameters += parameters

    def _is_too_many(self, domain: str) -> bool:
        """Say whether a recipient is beyond what LIMITS told (RFC 9422, section 4)."""
        domains = self._domains | {domain}
        if self._asked > self.script.limit("RCPTMAX") or len(domains) > self.script.limit("RCPTDOMAINMAX"):
            return True
        self._domains = domains
        return False

    async def smtp_DATA(self, arg: str) -> None:
        """Answer DATA, and read the content."""
        if await self._seen("DATA", arg, Place.DATA):
            return
        if self.envelope.rcpt_tos:
            self.strike_in_content()
        await super().smtp_DATA(arg)

    async def smtp_RSET(self, arg: str) -> None:
        """Answer RSET."""
        if not await self._seen("RSET", arg, Place.RSET):
            await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        """Answer QUIT."""
        if not await self._seen("QUIT", arg, Place.QUIT):
            await super().smtp_QUIT(arg)

    async def _seen(self, command: str, argument: str | None, place: Place) -> bool:
        """Write a command down; say whether a fault has answered it."""
        self.script.commands.append(f"{command} {argument}" if argument else command)
        return await self.struck(place)

    async def dot(self, data: bytes) -> str:
        """Answer the final dot, and write the mail down before the answer goes out."""
        early, self.early = self.early, None
        fault = early or self.due(Place.DOT)
        if fault is not None and not fault.does.is_behind:
            if fault.takes:
                self._take(data)
            self.swallow = early is not None or await self.enact(fault)
            return ""
        number = self._take(data)
        if fault is not None:
            await self.enact(fault)
        self.swallow = await self.struck(Place.TAKEN)
        return f"250 2.0.0 OK: queued as {number}"

    def _take(self, data: bytes) -> int:
        """Write a mail down and give its number."""
        return self.script.received(
            Received(
                reverse_path=self._reverse_path,
                recipients=tuple(self._recipients),
                data=bytes(data),
                user=self._user,
                tls=self.encrypted,
                connection=self.number,
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
        ours = tuple(one for name, ones in _OURS.items() if name in self.script.extensions for one in ones)
        theirs = [one for one in parameters if not one.upper().startswith(ours)] if ours else parameters
        return head.partition("<")[2], parameters, f"{head}>{''.join(f' {one}' for one in theirs)}"
