"""Traits that no setting says: which preset filled them in, for which server."""

from __future__ import annotations

from collections.abc import Iterator

from mailsend.model.reading import Place
from mailsend.model.rules import Rules
from mailsend.model.server import Server
from mailsend.model.server_presets import preset_named
from mailsend.settings.provenance import Provenance

__all__ = ["traits_of_presets"]


def traits_of_presets(rules: Rules) -> tuple[Provenance, ...]:
    """Give each trait that a preset filled in, its origin with the preset's name, date and sources."""
    return tuple(
        Provenance(place.key(trait).path, _origin(name), _shown(getattr(server, trait)))
        for place, server in _servers(rules)
        for trait, name in server.traits_from
    )


def _servers(rules: Rules) -> Iterator[tuple[Place, Server]]:
    for index, smarthost in enumerate(rules.application.smarthosts):
        yield Place("application").key("smarthosts").item(index), smarthost
    for name, customer in rules.customers.items():
        for index, one in enumerate(customer.servers):
            yield Place("customers").key(name).key("servers").item(index), one.server


def _origin(name: str) -> str:
    preset = preset_named(name)
    if preset is None:
        return f"preset {name}"
    return f"preset {name} ({preset.date}, {', '.join(preset.sources)})"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
