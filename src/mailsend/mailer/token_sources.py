"""Token providers that settings name, looked at before they are needed."""

from __future__ import annotations

from collections.abc import Iterator

from mailsend.model.reading import Place
from mailsend.model.rules import Rules
from mailsend.model.server import Server

__all__ = ["check_token_sources"]


def check_token_sources(rules: Rules) -> None:
    """Look whether each server's token provider can be asked; nothing is asked of the network.

    Raises MissingExtra where its library is not installed, and InvalidSettings for a dotted path that
    leads to no function.
    """
    for place, server in _servers(rules):
        if server.credentials is not None and server.credentials.token_provider is not None:
            from mailsend.transport.tokens.sources import check_source

            check_source(server.credentials.token_provider, where=place.key("token").path)


def _servers(rules: Rules) -> Iterator[tuple[Place, Server]]:
    for index, server in enumerate(rules.application.smarthosts):
        yield Place("application.smarthosts").item(index), server
    for name, customer in rules.customers.items():
        servers = Place("customers").key(name).key("servers")
        for index, one in enumerate(customer.servers):
            yield servers.item(index), one.server
