"""Where each setting came from, with nothing shown that is secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from mailsend.model.reading import Place
from mailsend.settings.layers import LISTS_OF_TABLES, Key, Layer, leaves

__all__ = ["Provenance", "dotted", "keys_by_layer", "origin_of", "provenance_of"]

_SECRETS: Final = (
    "certificate",
    "client_secret",
    "key",
    "password",
    "secret_keys",
    "store",
    "token",
    "user",
)
_SERVERS: Final = ("server", "servers", "smarthost", "smarthosts", "url")
_SHOWN_OF_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)(?://(?:[^/?#]*@)?([^/?#@]*))?")


class Provenance(NamedTuple):
    """One setting: its dotted key, where it came from, and its value or ``***``."""

    key: str
    origin: str
    shown: str


def provenance_of(data: Mapping[str, Any], layers: Sequence[Layer]) -> tuple[Provenance, ...]:
    """Tell for each value in ``data`` the first of ``layers`` that says it."""
    by_layer = keys_by_layer(layers)
    return tuple(
        Provenance(dotted(key), origin_of(key, by_layer), _shown(key, value)) for key, value in leaves(data)
    )


def keys_by_layer(layers: Sequence[Layer]) -> list[tuple[Layer, set[Key]]]:
    """Give each layer with the keys that it says."""
    return [(one, {key for key, _ in leaves(one.data)}) for one in layers]


def origin_of(key: Key, by_layer: list[tuple[Layer, set[Key]]]) -> str:
    """Give the source of one value: the first layer that says it, and where in it."""
    for layer, keys in by_layer:
        if key in keys:
            parts = (key[:length] for length in range(len(key), 0, -1))
            return next((layer.origins[one] for one in parts if one in layer.origins), layer.origin)
    return "several sources"


def dotted(key: Key) -> str:
    """Give a key as settings files and errors write it: ``application.smarthosts[0].url``."""
    place = Place()
    for name, before in zip(key, ("", *key), strict=False):
        place = place.item(int(name)) if before in LISTS_OF_TABLES and name.isdecimal() else place.key(name)
    return place.path


def _shown(key: Key, value: Any) -> str:
    names = [name for name in key if not name.isdecimal()]
    if names[-1] in _SECRETS:
        return "***"
    if names[-1] in _SERVERS:
        several = value if isinstance(value, (list, tuple)) else re.split(r",\s*(?=[a-z]+:)", str(value))
        return ", ".join(_shown_server(one) for one in several)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown_server(value: Any) -> str:
    found = _SHOWN_OF_URL.match(value) if isinstance(value, str) else None
    if found is None:
        return "***"
    return found[1] if found[2] is None else f"{found[1]}//{found[2]}"
