"""One SMTP connection as it is on the wire; the only door of aiosmtplib.

Of that library only the protocol is used. Its client upgrades to TLS where it happens to be
offered, tries every log-in method after a refusal, and drops the replies of those who were accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable
from typing import Final, cast

from aiosmtplib import SMTPResponse, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError
from aiosmtplib.protocol import SMTPProtocol

from mailsend.model.reply import Reply
from mailsend.model.report import Exchange
from mailsend.transport.smtp.addresses import as_literal
from mailsend.transport.smtp.masking import Mask, printable
from mailsend.transport.smtp.replies import MALFORMED, Heard, ReplyReader

__all__ = ["Silent", "Wire"]

_FAREWELL: Final = 1.0  # seconds for the other side to close
_MOST_SHOWN: Final = 200  # characters of what nobody asked for
_LONGEST_REPLY: Final = 4096  # characters that are kept of a reply (RFC 5321, 4.5.3.1.5: 512 a line)


class Silent(Exception):
    """Nothing came within the limit, or the connection is gone; ``deadline`` says that ours passed."""

    def __init__(self, why: str, *, deadline: bool = False) -> None:
        super().__init__(why)
        self.deadline = deadline


class _Dialogue(SMTPProtocol):
    """The library's protocol, what only it can know, and a stricter eye: it takes ``2350`` for a 235."""

    strict: ReplyReader
    senseless: Heard | None = None

    def data_received(self, data: bytes) -> None:
        """Take in octets."""
        heard = self.strict.feed(data)
        if self.strict.broken and len(heard) == 1:  # behind a sound reply it is nobody's answer
            self.senseless = heard[0]
        super().data_received(data)

    @property
    def unread(self) -> bytes:
        """What came that nobody asked for, and would be taken for the next reply."""
        return bytes(self._buffer)


class Wire:
    """Commands out, replies in, each within its limit, and a record of both without secrets.

    ``ends`` is the deadline on the loop's clock; ``source_ip`` is this end of the last connection that came
    about. Every method may raise Silent.
    """

    def __init__(self, *, ends: float | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._ends = ends
        self.mask = Mask()
        self.renew()
        self.conversation: list[Exchange] = []
        self.source_ip = ""

    def renew(self) -> None:
        """Begin afresh, for the next address; the record goes on."""
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._protocol = _Dialogue(self._loop, self._connection_lost)
        self._protocol.strict = ReplyReader(self.mask)
        self.encrypted = False
        self.usable = False

    def _connection_lost(self, protocol: SMTPProtocol) -> None:
        if protocol is not self._protocol:  # an earlier address
            return
        self.usable = False
        if not self._lost.done():
            self._lost.set_result(None)

    def limit(self, seconds: float) -> float:
        """Give what is left of ``seconds`` when the deadline is looked at as well."""
        return seconds if self._ends is None else max(0.0, min(seconds, self._ends - self._loop.time()))

    def silent(self, why: str) -> Silent:
        """Make the fault for a limit that passed: ours, or that of the step."""
        passed = self._ends is not None and self._loop.time() >= self._ends
        return Silent("the deadline passed" if passed else why, deadline=passed)

    def hide(self, *secrets: str) -> None:
        """Keep these out of the record, also where a server repeats them."""
        self.mask.hide(*secrets)

    def note(self, who: str, line: str) -> None:
        """Write one line of the conversation down."""
        self.conversation.append(Exchange(at=self._loop.time() - self._began, who=who, line=line))

    def local_literal(self) -> str:
        """Give this end's address as a literal for EHLO (RFC 5321, section 4.1.3)."""
        name = self._protocol.transport.get_extra_info("sockname") if self._protocol.transport else None
        return as_literal(str(name[0]).partition("%")[0] if name else "127.0.0.1")

    def peer(self) -> str:
        """Give the other end's address."""
        name = self._protocol.transport.get_extra_info("peername") if self._protocol.transport else None
        return str(name[0]) if name else ""

    async def open(
        self, sock: socket.socket, *, host: str, tls: ssl.SSLContext | None, seconds: float
    ) -> None:
        """Take over a connected socket, with TLS from the first byte where ``tls`` is given.

        Raises ssl.SSLError where the handshake fails.
        """
        limit = self.limit(seconds)
        try:
            async with asyncio.timeout(limit):
                if tls is None:
                    await self._loop.create_connection(lambda: self._protocol, sock=sock)
                else:
                    await self._loop.create_connection(
                        lambda: self._protocol, sock=sock, ssl=tls, server_hostname=host
                    )
        except TimeoutError:
            raise self.silent("no TLS handshake in time") from None
        except ssl.SSLError:
            raise
        except OSError as problem:
            raise Silent(str(problem)) from None
        self.encrypted = tls is not None
        self.usable = True

    async def greeting(self, seconds: float) -> Reply:
        """Read what the server says first."""
        return await self._read(self.limit(seconds))

    async def command(self, line: str, seconds: float, *, shown: str | None = None) -> Reply:
        """Send a command and read its reply; ``shown`` stands in the record where it has a secret."""
        self._refuse_unread()
        self.note("C", line if shown is None else shown)
        return await self._answer(
            self._protocol.execute_command(line.encode("utf-8"), timeout=self.limit(seconds))
        )

    async def start_tls(self, context: ssl.SSLContext, *, host: str, seconds: float) -> Reply:
        """Send STARTTLS and, where it is welcome, agree on TLS. Raises ssl.SSLError where that fails."""
        self.note("C", "STARTTLS")
        try:
            async with asyncio.timeout(self.limit(seconds)):
                response = await self._protocol.start_tls(context, server_hostname=host)
        except SMTPResponseException as refused:
            return self._checked(SMTPResponse(refused.code, refused.message))
        except (SMTPServerDisconnected, SMTPTimeoutError, TimeoutError) as problem:
            self.abort()
            raise self.silent(str(problem) or "no TLS handshake in time") from None
        except OSError:
            self.abort()
            if self._protocol.senseless is not None:  # what was taken for a welcome was none
                return self._checked(SMTPResponse(MALFORMED, ""))
            raise
        self.encrypted = True
        return self._checked(response)

    def hand_over(self, protocol: asyncio.BufferedProtocol) -> asyncio.Transport:
        """Give the open connection to ``protocol``; this wire is of no more use. Raises Silent."""
        self._refuse_unread()
        transport = self._protocol.transport
        if not self.usable or transport is None:
            raise Silent("the connection is gone")
        transport.set_protocol(protocol)
        self.usable = False
        return cast("asyncio.Transport", transport)

    async def close(self, *, seconds: float) -> None:
        """Say QUIT where the other side still listens, and close; bounded by ``seconds``."""
        if self.usable and not self._protocol.unread:
            with contextlib.suppress(Silent):
                await self.command("QUIT", seconds)
        transport = self._protocol.transport
        if transport is not None:
            transport.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_FAREWELL, seconds)):
                    await asyncio.shield(self._lost)
        self.abort()
        await asyncio.sleep(0)

    def abort(self) -> None:
        """Throw the connection away: nothing more is written and nothing more is believed."""
        self.usable = False
        transport = self._protocol.transport
        if transport is not None:
            cast("asyncio.WriteTransport", transport).abort()  # uvloop's are no subclass

    def _refuse_unread(self) -> None:
        """Give up a connection on which every reply would be taken for the one to the next command."""
        unread = self._protocol.unread
        if unread:
            said = self.mask.masked(printable(unread.splitlines()[0]))
            self.note("S", f"(said without being asked: {said[:_MOST_SHOWN]})")
            self.abort()
            raise Silent("the server said more than it was asked")

    async def _read(self, limit: float | None) -> Reply:
        return await self._answer(self._protocol.read_response(timeout=limit))

    async def _answer(self, coming: Awaitable[SMTPResponse]) -> Reply:
        try:
            response = await coming
        except (SMTPServerDisconnected, SMTPTimeoutError) as problem:
            self.abort()
            raise self.silent(str(problem)) from None
        except SMTPResponseException as malformed:
            self.abort()
            return self._heard(MALFORMED, malformed.message)
        return self._checked(response)

    def _checked(self, response: SMTPResponse) -> Reply:
        """Give a reply that is one to a stricter eye as well."""
        senseless = self._protocol.senseless
        if senseless is None:
            return self._heard(response.code, response.message)
        self.abort()
        for line in senseless.lines:
            self.note("S", line)
        return senseless.reply

    def _heard(self, code: int, message: str) -> Reply:
        text = "\n".join([self.mask.masked(line) for line in _shown(message)])
        text = text[:_LONGEST_REPLY]
        lines = text.split("\n")
        for line in lines[:-1]:
            self.note("S", f"{code:03}-{line}")
        self.note("S", f"{code:03} {lines[-1]}")
        return Reply.of(code, text)


def _shown(message: str) -> list[str]:
    return [printable(line.encode("utf-8", "surrogateescape")) for line in message.split("\n")]
