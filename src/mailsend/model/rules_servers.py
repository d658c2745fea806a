"""Servers as settings name them: a URL, or a table with the URL and what belongs to the server."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mailsend.model.internal_network import SUBMISSION_PORTS, InternalNetwork
from mailsend.model.reading import Converter, Loose, Place, text
from mailsend.model.reading_tables import Table, listed
from mailsend.model.rules import CustomerServer
from mailsend.model.rules_tokens import token_source
from mailsend.model.rules_values import not_here
from mailsend.model.server import Pipelining, Server, ServerKind
from mailsend.model.server_options import OPTIONS, secret
from mailsend.model.server_url import SCHEMES, server_at

__all__ = [
    "customer_server",
    "customer_servers",
    "internal_networks",
    "of_a_customer",
    "smarthost",
    "smarthosts",
]

_NETWORK: Final = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?)\]|(?P<bare>[0-9.]+(?:/[0-9]{1,2})?))"
    r"(?::(?P<ports>[0-9]{1,5}(?:,[0-9]{1,5}){0,20}))?\Z"
)
_WIDEST: Final = {4: 8, 6: 7}  # what is wider holds the internet


def of_a_customer(server: Server, networks: tuple[InternalNetwork, ...] = ()) -> Server:
    """Give ``server`` as one of a customer's is used: pipelining within a mail unless it says otherwise (M8).

    Where the customer entered it, it may reach ``networks``, the customer's ``internal_servers`` (M10).
    """
    if server.kind is not ServerKind.SMTP:
        return server
    return replace(
        server,
        pipelining=server.pipelining or Pipelining.WITHIN,
        internal_networks=networks if server.guarded else (),
    )


def _network(value: Any, place: Place) -> InternalNetwork | None:
    if isinstance(value, InternalNetwork):
        return value
    found = _NETWORK.match(value.strip()) if isinstance(value, str) else None
    ports = tuple(int(one) for one in found["ports"].split(",")) if found and found["ports"] else None
    try:
        network = ipaddress.ip_network((found["bracketed"] or found["bare"]) if found else "")
    except ValueError:
        place.refuse(
            "expected a network and its ports, with no bit set behind its length",
            'Write it as in "10.1.0.0/16:25,587" or "[fd12:3456::/32]:587".',
        )
        return None
    if network.prefixlen < _WIDEST[network.version]:
        place.refuse(f"{network} is too wide", "Name the networks in which the customer's servers stand.")
    elif ports and not all(0 < one <= 65535 for one in ports):
        place.refuse("a port is not between 1 and 65535", "Leave the ports out for the usual ones.")
    else:
        return InternalNetwork(str(network), ports or SUBMISSION_PORTS)
    return None


def _server(given: dict[str, Any], place: Place) -> CustomerServer | None:
    if "url" not in given:
        place.key("url").refuse("a server needs it, and it is missing", 'Write url = "smtp://…".')
        return None
    token = place.key("token").path
    if any(f"{one.where}.".startswith(f"{token}.") for one in place.problems):
        return None  # without it the account would seem to lack a password
    senders = given.pop("senders", ())
    server = server_at(given.pop("url"), place.key("url"), keys=given)
    return None if server is None else CustomerServer(server=server, senders=senders)


_server_table: Final = Table(
    {
        **OPTIONS,
        "url": lambda value, _: value,
        "user": text(),
        "password": secret,
        "password_file": not_here("password"),
        "token": token_source,
    },
    _server,
)


class _CustomerServer:
    """Reads a server URL, or a table with ``url``, ``senders`` and the server's options."""

    def __call__(self, value: Any, place: Place) -> CustomerServer | None:
        """Read a customer's server; one that is made already is taken as it is."""
        if isinstance(value, CustomerServer):
            return value
        if isinstance(value, Server):
            return CustomerServer(server=value)
        if isinstance(value, Mapping) or (isinstance(value, Loose) and value.startswith("{")):
            read: CustomerServer | None = _server_table(value, place)
            return read
        server = server_at(value, place)
        return None if server is None else CustomerServer(server=server)

    def inner(self, name: str) -> Converter | None:
        """Give what reads the key ``name`` of a server's table."""
        return _server_table.inner(name)


class _Smarthost(_CustomerServer):
    """Reads the same; whom it carries is a trait of the server then."""

    def __call__(self, value: Any, place: Place) -> Any:
        """Read one of the application's servers."""
        read = super().__call__(value, place)
        if read is None:
            return None
        return replace(read.server, senders=read.senders) if read.senders else read.server


# A comma in a password must not part a list of URLs, so a scheme has to follow it.
_BETWEEN_URLS: Final = rf",\s*(?=(?:{'|'.join(SCHEMES)}):)"

customer_server: Final = _CustomerServer()
customer_servers: Final = listed(customer_server, separator=_BETWEEN_URLS)
# Ports stand behind commas themselves.
internal_networks: Final = listed(_network, separator=r"[;\s]+")
smarthost: Final = _Smarthost()
smarthosts: Final = listed(smarthost, separator=_BETWEEN_URLS)
