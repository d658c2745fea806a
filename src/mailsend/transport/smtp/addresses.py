"""Addresses of machines: a customer's server, looked at before it is reached (M10), and our own in EHLO."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from mailsend.model.internal_network import why_forbidden
from mailsend.model.server import Server

__all__ = ["as_literal", "forbidden_address"]


def forbidden_address(server: Server, addresses: Iterable[tuple[Any, ...]]) -> str:
    """Say which of ``addresses`` ``server`` may not have, and why, or ``""`` where it may have them all.

    ``addresses`` are those that will be connected to, host and port first, as literals: a name would
    be looked up once more, and could be another one by then. One that is forbidden refuses them all.
    """
    if not server.guarded:
        return ""
    for host, port, *_ in addresses:
        what = why_forbidden(str(host), int(port), server.internal_networks)
        if what:
            return f"{host} port {port} is {what}"
    return ""


def as_literal(host: str) -> str:
    """Give an IP address as a literal (RFC 5321, section 4.1.3), and a name as it is."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"
