"""Addresses that a customer's server may not have, and the networks that an application lets it into (M10)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["SUBMISSION_PORTS", "InternalNetwork", "is_loopback_address", "why_forbidden"]

_V4: TypeAlias = ipaddress.IPv4Address
_V6: TypeAlias = ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

SUBMISSION_PORTS: Final = (25, 465, 587, 2525)

_LONGEST_LITERAL: Final = 64

# What hands out credentials, or belongs to nobody: never reached, whatever is allowed. The addresses are
# those of the metadata services of AWS, Azure and Google (169.254.169.254, fd00:ec2::254, fd20:ce::254),
# of AWS containers (169.254.170.2, .23, fd00:ec2::23), Azure's host (168.63.129.16) and Alibaba
# (100.100.100.200), as their documentation gave them in November 2026.
_NEVER: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "a metadata service",
        (
            "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "168.63.129.16/32",
            "100.100.100.200/32", "fd00:ec2::/64", "fd20:ce::254/128",
        ),
    ),
    ("an unspecified address", ("0.0.0.0/8", "::/128")),
    ("a multicast address", ("224.0.0.0/4", "ff00::/8")),
    ("a broadcast address", ("255.255.255.255/32",)),
)  # fmt: skip

# IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890).
_SPECIAL: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("a loopback address", ("127.0.0.0/8", "::1/128")),
    ("a private address", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    ("a link-local address", ("169.254.0.0/16", "fe80::/10")),
    ("a unique-local address", ("fc00::/7", "fec0::/10")),
    ("an address of a carrier's inside", ("100.64.0.0/10",)),
    (
        "a reserved address",
        (
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "240.0.0.0/4", "2001:db8::/32", "3fff::/20",
        ),
    ),
    ("an IPv4 address in the clothes of IPv6", ("::ffff:0:0/96", "::/96")),
    ("an address behind a translator (NAT64)", ("64:ff9b::/96", "64:ff9b:1::/48")),
)  # fmt: skip

_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
_TEREDO: Final = ipaddress.IPv6Network("2001::/32")
_PROTOCOLS: Final = ipaddress.IPv6Network("2001::/23")  # IETF protocol assignments, Teredo among them
_HOLDS_IPV4_LAST: Final = tuple(
    ipaddress.IPv6Network(one) for one in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
_ISATAP: Final = (0x00005EFE, 0x02005EFE)  # RFC 5214, section 6.1


def _table(named: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[_Network, str], ...]:
    return tuple((ipaddress.ip_network(one), what) for what, several in named for one in several)


_NEVER_TABLE: Final = _table(_NEVER)
_SPECIAL_TABLE: Final = _table(_SPECIAL)


@dataclass(frozen=True, slots=True)
class InternalNetwork:
    """A network, as ``10.1.0.0/16``, and the ports in it, that one customer's servers may use."""

    network: str
    ports: tuple[int, ...] = SUBMISSION_PORTS

    def holds(self, address: _V4 | _V6, port: int) -> bool:
        """Whether ``address`` lies in it and ``port`` is one of its ports."""
        return port in self.ports and address in ipaddress.ip_network(self.network)

    def __str__(self) -> str:
        network = f"[{self.network}]" if ":" in self.network else self.network
        return f"{network}:{','.join(str(one) for one in self.ports)}"


def why_forbidden(address: str, port: int, allowed: Sequence[InternalNetwork] = ()) -> str:
    """Say what kind of address a customer's server may not have, or ``""`` where it may have it.

    ``address`` is an IP address as text; whatever is none is forbidden. What lies in one of
    ``allowed`` may be used, metadata services and what is no single host excepted. An IPv4 address
    inside an IPv6 one is judged as well (RFC 4291, 3056, 4380, 5214, 6052).
    """
    try:
        found = ipaddress.ip_address(address[:_LONGEST_LITERAL].partition("%")[0])
    except ValueError:
        return "no IP address"
    inside = tuple(_embedded(found)) if isinstance(found, _V6) else ()
    for one in (found, *inside):
        what = _named(one, _NEVER_TABLE)
        if what:
            return what
    for one in (found, *inside):
        what = _what_is_special(one)
        if what and not any(network.holds(one, port) for network in allowed):
            return what
    return ""


def is_loopback_address(address: str) -> bool:
    """Whether ``address`` is this machine's own, also as an IPv4 address inside an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, _V6) else None
    return (mapped or found).is_loopback


def _what_is_special(address: _V4 | _V6) -> str:
    what = _named(address, _SPECIAL_TABLE)
    if what or isinstance(address, _V4) or address in _TEREDO:
        return what
    # What IANA has given to nobody yet is no place for a mail server either.
    return "" if address in _GLOBAL and address not in _PROTOCOLS else "a reserved address"


def _named(address: _V4 | _V6, table: tuple[tuple[_Network, str], ...]) -> str:
    return next((what for network, what in table if address in network), "")


def _embedded(address: _V6) -> Iterator[_V4]:
    """Give each IPv4 address that a router or a tunnel on the way would take out of ``address``."""
    low = int(address) & 0xFFFFFFFF
    if any(address in network for network in _HOLDS_IPV4_LAST) and int(address) > 1:
        yield _V4(low)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield _V4(low)
