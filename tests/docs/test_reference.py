"""The reference says everything there is to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mailsend.model.rules_reader import SCHEMA
from mailsend.model.server_options import OPTIONS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def _keys(converter: object) -> Iterator[str]:
    """Walk the schema: tables have keys, named tables a table, lists one converter."""
    keys = getattr(converter, "entries", {})
    if isinstance(keys, Mapping):
        for name, inner in keys.items():
            yield name
            yield from _keys(inner)
    for inside in ("table", "one"):
        if hasattr(converter, inside):
            yield from _keys(getattr(converter, inside))


KEYS = sorted(set(_keys(SCHEMA)))


def test_the_walk_finds_the_depths_of_the_schema() -> None:
    """Keys of the application, of a customer, of a key and of a brand are among those looked for."""
    assert {"application", "smarthosts", "alias_domains", "selector", "legal_notice", "unknown_after"} <= set(
        KEYS
    )


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_settings_is_told(key: str) -> None:
    """Each key that the settings read stands on the page of settings."""
    page = (REFERENCE / "settings.md").read_text()

    assert f"`{key}`" in page or f"`{key}." in page or f".{key}`" in page or f"[{key}]" in page


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_of_a_server_is_told(option: str) -> None:
    """Each option of a server URL stands on the page of server URLs."""
    assert f"`{option}`" in (REFERENCE / "server-urls.md").read_text()
