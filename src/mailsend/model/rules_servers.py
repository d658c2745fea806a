"""Servers as settings name them: a URL, or a table with the URL and what belongs to the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mailsend.model.reading import Converter, Loose, Place, text
from mailsend.model.reading_tables import Table, listed
from mailsend.model.rules import CustomerServer
from mailsend.model.rules_values import not_here
from mailsend.model.server import Server
from mailsend.model.server_options import OPTIONS, secret
from mailsend.model.server_url import SCHEMES, server_at

__all__ = ["customer_server", "customer_servers", "smarthost", "smarthosts"]


def _server(given: dict[str, Any], place: Place) -> CustomerServer | None:
    if "url" not in given:
        place.key("url").refuse("a server needs it, and it is missing", 'Write url = "smtp://…".')
        return None
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
    },
    _server,
)


class _CustomerServer:
    """Reads a server URL, or a table with ``url``, ``senders`` and the server's options."""

    def __call__(self, value: Any, place: Place) -> CustomerServer | None:
        """Read a customer's server."""
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
smarthost: Final = _Smarthost()
smarthosts: Final = listed(smarthost, separator=_BETWEEN_URLS)
