"""Asking the DNS: the one door of dnspython, with answers that tell wrong from temporary (M11)."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self, final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from mailsend.errors import InvalidSettings

__all__ = ["Answer", "AnswerKind", "Record", "RecordKind", "Resolver"]

_PORT: Final = 53
_LONGEST_TTL: Final = 7 * 86_400


class RecordKind(StrEnum):
    """The types of records that are asked for (RFC 1035, 3.2.2; RFC 3596; RFC 6698)."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    NS = "NS"
    PTR = "PTR"
    SOA = "SOA"
    TLSA = "TLSA"
    TXT = "TXT"


class AnswerKind(StrEnum):
    """What an answer says; all but ``temporary`` are certain."""

    FOUND = "found"
    NO_SUCH_NAME = "no_such_name"
    NO_DATA = "no_data"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: ``value`` as text, names without the dot at their end, the strings of a TXT joined.

    ``preference`` is that of an MX, where less comes first.
    """

    value: str
    preference: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the DNS said. ``ttl`` is in seconds, of a name or data that is not there as of records.

    ``name`` is where the records stand, behind every CNAME; ``why`` says in words why it is temporary.
    ``authenticated``: the resolver says that it verified it by DNSSEC.
    """

    kind: AnswerKind
    name: str
    records: tuple[Record, ...] = ()
    ttl: int = 0
    why: str = ""
    authenticated: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """The records' values; of MX the preferred one first."""
        return tuple(one.value for one in self.records)


@final
class Resolver:
    """Asks name servers, those of this machine unless others are given; several threads may use it.

    ``servers`` are pairs of IP address and port. ``timeout`` is in seconds, for one question with all
    its tries. Nothing is kept: whoever asks knows how long an answer holds.
    """

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, timeout: float = 5.0) -> None:
        self._servers = tuple(servers)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._resolver: dns.resolver.Resolver | None = None

    @classmethod
    def at(cls, text: str, *, timeout: float = 5.0) -> Self:
        """Ask one name server: ``192.0.2.1``, ``192.0.2.1:5353`` or ``[2001:db8::1]:53``; raises InvalidSettings."""
        return cls((_server(text),), timeout=timeout)

    def lookup(self, name: str, kind: RecordKind) -> Answer:
        """Ask for the records of a name, given in A-labels; raises nothing for what the DNS says or leaves unsaid."""
        try:
            asked = dns.name.from_text(name)
        except dns.exception.DNSException as problem:
            # With a label over 63 octets, for one, it cannot exist.
            return Answer(kind=AnswerKind.NO_SUCH_NAME, name=name, why=str(problem))
        try:
            found = self._opened().resolve(asked, str(kind), search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as missing:
            response = missing.response(asked)  # type: ignore[no-untyped-call]  # it has no types
            return Answer(kind=AnswerKind.NO_SUCH_NAME, name=name, ttl=_ttl_of_nothing(response))
        except dns.exception.Timeout:
            return Answer(kind=AnswerKind.TEMPORARY, name=name, why="no name server answered in time")
        except dns.exception.DNSException as problem:
            return Answer(kind=AnswerKind.TEMPORARY, name=name, why=str(problem))
        return _answer(found, kind)

    def _opened(self) -> dns.resolver.Resolver:
        with self._lock:
            if self._resolver is None:
                self._resolver = self._open()
            return self._resolver

    def _open(self) -> dns.resolver.Resolver:
        try:
            opened = dns.resolver.Resolver(configure=not self._servers)
        except dns.resolver.NoResolverConfiguration:
            raise InvalidSettings(
                "resolver",
                "this machine names no resolver",
                advice="Name one: --resolver 192.0.2.1:53",
            ) from None
        if self._servers:
            opened.nameservers = [dns.nameserver.Do53Nameserver(*one) for one in self._servers]
        opened.lifetime = self._timeout
        opened.timeout = min(2.0, self._timeout)  # of one try
        opened.flags = dns.flags.RD | dns.flags.AD
        return opened


def _answer(found: dns.resolver.Answer, kind: RecordKind) -> Answer:
    name = _text(found.canonical_name)
    authenticated = bool(found.response.flags & dns.flags.AD)
    if found.rrset is None:
        ttl = _ttl_of_nothing(found.response)
        return Answer(kind=AnswerKind.NO_DATA, name=name, ttl=ttl, authenticated=authenticated)
    return Answer(
        kind=AnswerKind.FOUND,
        name=name,
        records=tuple(sorted((_record(one, kind) for one in found.rrset), key=lambda one: one.preference)),
        ttl=min(found.chaining_result.minimum_ttl, _LONGEST_TTL),
        authenticated=authenticated,
    )


def _record(found: Any, kind: RecordKind) -> Record:
    match kind:
        case RecordKind.MX:
            return Record(value=_text(found.exchange), preference=found.preference)
        case RecordKind.TXT:
            return Record(value=b"".join(found.strings).decode("utf-8", "backslashreplace"))
        case RecordKind.CNAME | RecordKind.NS | RecordKind.PTR:
            return Record(value=_text(found.target))
    return Record(value=found.to_text())


def _text(name: dns.name.Name) -> str:
    return name.to_text().rstrip(".").lower()


def _ttl_of_nothing(response: dns.message.Message) -> int:
    """Give for how long it holds that there is nothing (RFC 2308, section 5)."""
    for one in response.authority:
        if one.rdtype == dns.rdatatype.SOA:
            return min(one.ttl, int(one[0].minimum), _LONGEST_TTL)
    return 0


def _server(text: str) -> tuple[str, int]:
    host, port = text, str(_PORT)
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else port if closed and not rest else ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        ipaddress.ip_address(host)
        number = int(port) if port.isascii() and port.isdigit() else 0
    except ValueError:
        number = 0
    if not 0 < number < 65_536:
        raise InvalidSettings(
            "resolver",
            f"{text!r} is no name server",
            advice="Write its IP address, with a port where it is not 53: 192.0.2.1:5353, [2001:db8::1]:53.",
        )
    return host, number
