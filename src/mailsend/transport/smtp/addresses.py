"""The addresses of a customer's server, looked at each time before one of them is reached (M10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mailsend.model.internal_network import why_forbidden
from mailsend.model.server import Server

__all__ = ["forbidden_address"]


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
