"""From a server's name to a connection that may carry mail: look up, connect, TLS, log in."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.model.report import Outcome
from mailsend.model.server import Server, TlsMode
from mailsend.transport.smtp.addresses import as_literal, forbidden_address
from mailsend.transport.smtp.login import log_in
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.stop import Stopped, stopped_by
from mailsend.transport.smtp.tls import KeyNotPinned, context_for, kept_context
from mailsend.transport.smtp.wire import Silent, Wire

__all__ = ["Offer", "Resolve", "SocketAddress", "connect", "look_up", "our_name"]

SocketAddress = tuple[int, tuple[Any, ...]]
Resolve = Callable[[str, int], Awaitable[Sequence[SocketAddress]]]

# What getaddrinfo says where DNS answered, and the answer was that there is nothing (M11).
_NO_SUCH_NAME: Final = frozenset(
    code
    for code in (getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY"))
    if code is not None
)
_MOST_ADDRESSES: Final = 16  # that are tried in one attempt: each may take its time
# RFC 5321, section 4.1.1.1; older servers write AUTH=PLAIN as well.
_EXTENSION: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =]+(.*))?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the server offers on this connection: its extensions by upper-case keyword (RFC 5321)."""

    extensions: Mapping[str, str]
    encrypted: bool
    logged_in: bool = False


async def look_up(host: str, port: int) -> Sequence[SocketAddress]:
    """Give the addresses of ``host``, AAAA and A, in the system's order; raises socket.gaierror."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def connect(server: Server, wire: Wire, *, resolve: Resolve) -> Offer:
    """Open ``wire`` to ``server`` as its settings demand, and log in where they say so.

    Raises Stopped. No command with content or credentials is sent over a connection that is weaker
    than the settings ask for.
    """
    context = await _tls_context(server)
    addresses = await _addresses(server, wire, resolve)
    offer = await _reach(server, wire, context, addresses)
    if server.credentials is None:
        return offer
    await log_in(server, wire, methods=offer.extensions.get("AUTH"))
    return Offer(extensions=offer.extensions, encrypted=offer.encrypted, logged_in=True)


async def _tls_context(server: Server) -> ssl.SSLContext | None:
    if server.tls is TlsMode.DANGEROUS_NONE:
        return None
    kept = kept_context(server)
    if kept is not None:
        return kept
    try:
        return await asyncio.to_thread(context_for, server)
    except OSError:
        raise Stopped(conclude(Reason.CA_FILE_UNREADABLE)) from None


async def _addresses(server: Server, wire: Wire, resolve: Resolve) -> Sequence[SocketAddress]:
    try:
        async with asyncio.timeout(wire.limit(seconds_for(Step.CONNECT, server))):
            addresses = await resolve(server.host, server.port)
    except socket.gaierror as problem:
        missing = problem.errno in _NO_SUCH_NAME
        wire.note("S", f"({server.host}: {problem.strerror})")
        raise Stopped(conclude(Reason.NAME_MISSING if missing else Reason.NAME_LOOKUP_FAILED)) from None
    except UnicodeError:  # a label that no name can have
        raise Stopped(conclude(Reason.NAME_MISSING)) from None
    except (OSError, TimeoutError):
        late = wire.silent("").deadline
        raise Stopped(conclude(Reason.DEADLINE if late else Reason.NAME_LOOKUP_FAILED)) from None
    if not addresses:
        raise Stopped(conclude(Reason.NAME_MISSING))
    forbidden = forbidden_address(server, (address for _, address in addresses))
    if forbidden:
        wire.note("C", f"({forbidden})")
        raise Stopped(conclude(Reason.ADDRESS_FORBIDDEN))
    return addresses[:_MOST_ADDRESSES]


async def _reach(
    server: Server, wire: Wire, context: ssl.SSLContext | None, addresses: Sequence[SocketAddress]
) -> Offer:
    """Try each address in turn until one is ready for a log-in (M11)."""
    implicit = context if server.tls is TlsMode.IMPLICIT else None
    fault: Stopped | None = None
    for place, (family, address) in enumerate(addresses, 1):
        wire.note("C", f"(connecting to {address[0]} port {address[1]})")
        greeted = False
        try:
            await _open(server, wire, family, address, implicit)
            await _greeting(server, wire)
            greeted = True
            return await _agree(server, wire, context)
        except Stopped as stopped:
            fault = _telling(fault, stopped)
            over = stopped.verdict.reason is Reason.DEADLINE
            if greeted and (over or place == len(addresses)):
                break  # whoever closes the wire says QUIT
            wire.abort()
            if over:
                break
            wire.renew()
    assert fault is not None  # there was at least one address
    raise fault


def _telling(before: Stopped | None, now: Stopped) -> Stopped:
    """Give the fault to be told: what may pass at one address passes, and any word tells more than none."""
    if before is None or now.verdict.reason is Reason.DEADLINE:
        return now
    if before.verdict.lasting is not now.verdict.lasting:
        return before if now.verdict.lasting else now
    return before if now.verdict.reason is Reason.NOT_CONNECTED else now


async def _agree(server: Server, wire: Wire, context: ssl.SSLContext | None) -> Offer:
    """Read what is offered, behind TLS where that is to be."""
    offer = await _ehlo(server, wire)
    if _wants_starttls(server, offer):
        await _start_tls(server, wire, context)
        offer = await _ehlo(server, wire)
    return offer


async def _open(
    server: Server, wire: Wire, family: int, address: tuple[Any, ...], implicit: ssl.SSLContext | None
) -> None:
    seconds = seconds_for(Step.CONNECT, server)
    loop = asyncio.get_running_loop()
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as problem:  # no IPv6 here, or too many open files
        wire.note("S", f"({problem.strerror or problem})")
        raise Stopped(judge(Step.CONNECT, None)) from None
    try:
        sock.setblocking(False)
        if server.source_address:
            sock.bind((server.source_address, 0))
        async with asyncio.timeout(wire.limit(seconds)):
            await loop.sock_connect(sock, address)
        wire.source_ip = str(sock.getsockname()[0]).partition("%")[0]
    except TimeoutError:
        sock.close()
        raise stopped_by(wire.silent("no connection in time"), Step.CONNECT) from None
    except OSError as problem:
        sock.close()
        wire.note("S", f"({problem.strerror or problem})")
        raise Stopped(judge(Step.CONNECT, None)) from None
    except BaseException:
        sock.close()
        raise
    try:
        await wire.open(sock, host=server.tls_name or server.host, tls=implicit, seconds=seconds)
    except ssl.SSLError as problem:
        raise _tls_fault(wire, problem) from None
    except Silent as silence:
        raise stopped_by(silence, Step.CONNECT) from None


async def _greeting(server: Server, wire: Wire) -> None:
    try:
        reply = await wire.greeting(seconds_for(Step.GREETING, server))
    except Silent as silence:
        raise stopped_by(silence, Step.GREETING) from None
    verdict = judge(Step.GREETING, reply, host=server.host)
    if verdict.outcome is not Outcome.ACCEPTED:
        raise Stopped(verdict, reply)


def our_name(server: Server, wire: Wire) -> str:
    """Give what we call ourselves in EHLO: a name, or an address literal."""
    return as_literal(server.local_hostname) if server.local_hostname else wire.local_literal()


async def _ehlo(server: Server, wire: Wire) -> Offer:
    try:
        reply = await wire.command(f"EHLO {our_name(server, wire)}", seconds_for(Step.EHLO, server))
    except Silent as silence:
        raise stopped_by(silence, Step.EHLO) from None
    verdict = judge(Step.EHLO, reply, host=server.host)
    if verdict.outcome is not Outcome.ACCEPTED:
        raise Stopped(verdict, reply)
    extensions: dict[str, str] = {}
    for line in reply.text.split("\n")[1:]:
        found = _EXTENSION.match(line)
        if found is not None:
            keyword, said = found[1].upper(), (found[2] or "").strip()
            if keyword == "AUTH" and keyword in extensions:
                # AUTH= is a line of its own for older clients, and may say less than the other.
                said = " ".join(dict.fromkeys(f"{extensions[keyword]} {said}".split()))
            extensions[keyword] = said
    return Offer(extensions=extensions, encrypted=wire.encrypted)


def _wants_starttls(server: Server, offer: Offer) -> bool:
    offered = "STARTTLS" in offer.extensions
    if server.tls is TlsMode.STARTTLS and not offered:
        raise Stopped(conclude(Reason.TLS_NOT_OFFERED))
    return offered and server.tls in (TlsMode.STARTTLS, TlsMode.DANGEROUS_OPPORTUNISTIC)


async def _start_tls(server: Server, wire: Wire, context: ssl.SSLContext | None) -> None:
    assert context is not None  # every mode that comes here has one
    name, seconds = server.tls_name or server.host, seconds_for(Step.STARTTLS, server)
    try:
        reply = await wire.start_tls(context, host=name, seconds=seconds)
    except ssl.SSLError as problem:
        raise _tls_fault(wire, problem) from None
    except OSError as problem:
        wire.note("S", f"({problem.strerror or problem})")
        raise Stopped(conclude(Reason.TLS_FAILED)) from None
    except Silent as silence:
        raise stopped_by(silence, Step.STARTTLS) from None
    verdict = judge(Step.STARTTLS, reply, host=server.host)
    if verdict.outcome is not Outcome.ACCEPTED:
        raise Stopped(verdict, reply)


def _tls_fault(wire: Wire, problem: ssl.SSLError) -> Stopped:
    if isinstance(problem, KeyNotPinned):
        wire.note("C", f"(certificate: {problem.strerror})")
        return Stopped(conclude(Reason.PIN_MISMATCH))
    if isinstance(problem, ssl.SSLCertVerificationError):
        wire.note("C", f"(certificate: {problem.verify_message})")
        return Stopped(conclude(Reason.CERTIFICATE_NOT_TRUSTED))
    wire.note("C", f"(TLS: {problem.reason or problem.strerror})")
    return Stopped(conclude(Reason.TLS_FAILED))
