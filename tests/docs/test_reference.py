"""The reference says everything there is to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import typer

import mailsend
from mailsend import errors
from mailsend.cli.app import app
from mailsend.cli.exits import Exit
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


def _commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Walk the command line: each command with its name, ``server add``."""
    inner = getattr(group, "commands", None)
    if inner is None:
        yield " ".join(path), group
        return
    for name, one in inner.items():
        yield from _commands(one, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))
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


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_told(command: str) -> None:
    """Each command stands in the table of commands and in that of documents."""
    page = (REFERENCE / "command-line.md").read_text()
    group, _, name = command.rpartition(" ")
    rows = [line for line in page.splitlines() if line.startswith(f"| `{group or name}")]

    assert sum(f"`{command}`" in one or f"`{name}`" in one for one in rows) >= 2


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_of_a_command_is_told(command: str) -> None:
    """Each option of each command stands on the page by its name."""
    page = (REFERENCE / "command-line.md").read_text()
    options = {max(one.opts, key=len) for one in COMMANDS[command].params if one.opts[0].startswith("-")} - {
        "--help"
    }

    assert sorted(one for one in options if one not in page) == []


@pytest.mark.parametrize("code", Exit, ids=lambda one: one.name)
def test_every_exit_code_is_told(code: Exit) -> None:
    """Each code stands in the table with the name that JSON uses."""
    assert f"| {int(code)} | `{code.name.lower()}` |" in (REFERENCE / "command-line.md").read_text()


@pytest.mark.parametrize("name", mailsend.__all__)
def test_every_public_name_is_told(name: str) -> None:
    """What comes from the front door stands on the page of Python names; errors have their own."""
    page = (REFERENCE / "python.md").read_text()

    assert hasattr(errors, name) or f".{name}\n" in page
