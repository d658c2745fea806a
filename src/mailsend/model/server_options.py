"""What may be said about a server besides where it is: as query options of its URL, or as keys."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address, Domain, DomainPattern
from mailsend.model.reading import Converter, Place, choice, enum_of, flag, number, text, whole
from mailsend.model.reading_tables import listed
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Pipelining, TlsMode
from mailsend.model.server_trust import authority, pin

__all__ = ["CONNECTION_OPTIONS", "OPTIONS", "TRAITS", "host_name", "pattern", "secret", "sender"]

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}\Z")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
# What resolvers take for an IPv4 address in disguise (inet_aton): 2130706433, 0x7f.1, 127.1.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\Z")


def secret(value: Any, place: Place) -> Secret | None:
    """Read a password, as text; nothing of it is ever told."""
    if isinstance(value, Secret) and value:
        return value
    if isinstance(value, bytes):
        value = _decoded(value)
    if isinstance(value, str) and value:
        if re.search(r"[\x00\r\n]", value):
            place.refuse("it holds a line break or a NUL", "Give the secret in one line.")
        elif re.search(r"[\ud800-\udfff]", value):
            place.refuse("it is no UTF-8", "Write it in UTF-8.")
        else:
            return Secret(str(value))
    else:
        place.refuse("expected a secret as text, and not empty", "Leave the key out where there is none.")
    return None


def host_name(value: str) -> str | None:
    """Give the one spelling of a host: A-labels in lower case, or an IP address; None if it is none."""
    lower = value.lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(lower))
    except ValueError:
        pass
    if _HOST.match(lower) and not _NUMERIC_END.match(lower):
        return lower
    try:
        found = Domain.parse(value).ascii
    except InvalidAddress:
        return None
    return None if _NUMERIC_END.match(found) else found


def pattern(value: Any, place: Place) -> DomainPattern | None:
    """Read ``suite.example`` or ``*.suite.example``."""
    if isinstance(value, DomainPattern):
        return value
    if not isinstance(value, str):
        place.refuse("expected a domain", 'Write "example.com", or "*.example.com" for subdomains too.')
        return None
    try:
        return DomainPattern.parse(value.strip())
    except InvalidAddress as fault:
        place.refuse(f"{value[:120]!a} is not a domain: {fault.why}", fault.advice)
        return None


def sender(value: Any, place: Place) -> str | None:
    """Read ``ann@example.com``, or ``@example.com`` for all in the domain, in its one spelling."""
    if isinstance(value, str):
        try:
            if value.startswith("@"):
                return f"@{Domain.parse(value[1:])}"
            return str(Address.parse(value))
        except InvalidAddress:
            pass
    place.refuse("expected a sender", 'Write "ann@example.com", or "@example.com" for all in it.')
    return None


def _header_name(value: Any, place: Place) -> str | None:
    if isinstance(value, str) and _HEADER_NAME.match(value):
        if value.lower() != "from":
            return str(value)
        place.refuse("every signature covers From", "Use a server that leaves From as it is.")
        return None
    place.refuse("expected the name of a header field", "Write it as in Message-ID.")
    return None


def _host(value: Any, place: Place) -> str | None:
    found = host_name(value) if isinstance(value, str) else None
    if found is None:
        place.refuse("expected a host name or an IP address", "Write it as in app.example.com.")
    return found


def _ip_address(value: Any, place: Place) -> str | None:
    try:
        return str(ipaddress.ip_address(value if isinstance(value, str) else ""))
    except ValueError:
        place.refuse("expected an IP address of this machine", "Write it as in 192.0.2.1.")
        return None


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


_limit: Final = number(above=0)

TRAITS: Final[Mapping[str, Converter]] = MappingProxyType(
    {
        "signs": flag,
        "rewrites": listed(_header_name),
        "own_message_id": flag,
        "senders": listed(sender),
        "pipelining": enum_of(Pipelining),
        "max_connections": whole(least=1, most=1000),
        "max_messages": whole(),
        "max_recipients": whole(),
        "max_per_second": _limit,
        "max_per_minute": _limit,
        "max_per_day": _limit,
        "max_recipients_per_day": _limit,
        "internal_domains": listed(pattern),
    }
)

CONNECTION_OPTIONS: Final[Mapping[str, Converter]] = MappingProxyType(
    {
        "tls": enum_of(TlsMode),
        "dangerous": flag,
        "timeout": number(above=0),
        "dot_timeout": number(above=0),
        "local_hostname": _host,
        "source_address": _ip_address,
        "ca_file": text(),
        "ca": authority,
        "pin": pin,
        "tls_name": _host,
        "auth": enum_of(AuthMethod),
        "mail_from": choice("login"),
    }
)

OPTIONS: Final[Mapping[str, Converter]] = MappingProxyType({**CONNECTION_OPTIONS, **TRAITS})
