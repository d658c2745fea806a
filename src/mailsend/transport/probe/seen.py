"""A connection that remembers how far it came, and what its TLS showed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from mailsend.decide.verdict import Reason, Step
from mailsend.model.server import Server, TlsMode
from mailsend.transport.probe.certificate import CertificateFacts, certificate_facts, chain_of
from mailsend.transport.probe.finding import ProbeStep
from mailsend.transport.smtp.connect import our_name
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.wire import Silent, Wire

if TYPE_CHECKING:
    from mailsend.model.reply import Reply
    from mailsend.transport.smtp.connect import SocketAddress

__all__ = ["SeenWire", "look_at_certificate", "step_of"]

_LOOKING_UP = frozenset({Reason.NAME_MISSING, Reason.NAME_LOOKUP_FAILED, Reason.ADDRESS_FORBIDDEN})
_TLS = frozenset(
    {
        Reason.CA_FILE_UNREADABLE,
        Reason.CERTIFICATE_NOT_TRUSTED,
        Reason.PIN_MISMATCH,
        Reason.TLS_FAILED,
        Reason.TLS_NOT_OFFERED,
        Reason.TLS_REFUSED,
    }
)


class SeenWire(Wire):
    """A Wire that tells at which step it stands, and what the other end said and showed."""

    at = ProbeStep.RESOLVE
    said = ""

    async def open(
        self, sock: socket.socket, *, host: str, tls: ssl.SSLContext | None, seconds: float
    ) -> None:
        """Take over a connected socket."""
        self.at = ProbeStep.CONNECT if tls is None else ProbeStep.TLS
        await super().open(sock, host=host, tls=tls, seconds=seconds)

    async def greeting(self, seconds: float) -> Reply:
        """Read what the server says first."""
        self.at = ProbeStep.CONNECT
        reply = await super().greeting(seconds)
        self.said = reply.text
        return reply

    async def command(self, line: str, seconds: float, *, shown: str | None = None) -> Reply:
        """Send a command and read its reply."""
        if line.startswith("EHLO"):
            self.at = ProbeStep.EHLO
        return await super().command(line, seconds, shown=shown)

    async def start_tls(self, context: ssl.SSLContext, *, host: str, seconds: float) -> Reply:
        """Agree on TLS."""
        self.at = ProbeStep.TLS
        return await super().start_tls(context, host=host, seconds=seconds)

    def tls(self) -> ssl.SSLObject | None:
        """Give what is known of the connection's TLS, where it has any."""
        transport = self._protocol.transport
        return None if transport is None else transport.get_extra_info("ssl_object")


def step_of(reason: Reason, wire: SeenWire) -> ProbeStep:
    """Give the step that failed with ``reason``."""
    if reason in _LOOKING_UP:
        return ProbeStep.RESOLVE
    return ProbeStep.TLS if reason in _TLS else wire.at


async def look_at_certificate(
    server: Server, address: SocketAddress, *, ends: float
) -> CertificateFacts | None:
    """Give a certificate that was not trusted, for a person to look at; None where it cannot be had.

    This connection is for looking alone: no credentials and no mail ever go over it.
    """
    wire = SeenWire(ends=ends)
    try:
        await _agree(server, address, wire)
        tls = wire.tls()
        return None if tls is None else certificate_facts(chain_of(tls))
    except (Silent, OSError, TimeoutError):
        return None
    finally:
        wire.abort()


async def _agree(server: Server, address: SocketAddress, wire: SeenWire) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    implicit, name = server.tls is TlsMode.IMPLICIT, server.tls_name or server.host
    sock = await _reached(server, address, wire)
    seconds = seconds_for(Step.CONNECT, server)
    await wire.open(sock, host=name, tls=context if implicit else None, seconds=seconds)
    if implicit:
        return
    await wire.greeting(seconds_for(Step.GREETING, server))
    await wire.command(f"EHLO {our_name(server, wire)}", seconds_for(Step.EHLO, server))
    await wire.start_tls(context, host=name, seconds=seconds_for(Step.STARTTLS, server))


async def _reached(server: Server, address: SocketAddress, wire: Wire) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if server.source_address:
            sock.bind((server.source_address, 0))
        async with asyncio.timeout(wire.limit(seconds_for(Step.CONNECT, server))):
            await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock
