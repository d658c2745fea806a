"""What is secret in a customer's rules, taken out of them before they are written, and put back."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mailsend.errors import InvalidSettings
from mailsend.model.reading import Place
from mailsend.model.secret import Secret

__all__ = ["HIDDEN", "Path", "joined", "parted", "plain", "shown_path"]

HIDDEN: Final = "***"
Path = tuple[str | int, ...]

_SECRETS: Final = frozenset(("certificate", "client_secret", "key", "password", "token", "user"))
_NAMES_OF_USERS: Final = frozenset(("colors", "alias_domains"))
_ACCOUNT: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://)[^?#]*@")
_DEEPEST: Final = 12


def plain(value: Any, place: Place, depth: int = _DEEPEST) -> Any:
    """Give rules as JSON can write them: bytes in Base64, secrets as text.

    Raises InvalidSettings, which tells no value, for what cannot be written.
    """
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping) and depth:
        return {str(name): plain(one, place.key(str(name)), depth - 1) for name, one in value.items()}
    if isinstance(value, (list, tuple)) and depth:
        return [plain(one, place.item(at), depth - 1) for at, one in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    raise InvalidSettings(
        place.path,
        f"a {type(value).__name__} cannot be kept",
        advice="Give texts, numbers, lists and tables, as a settings file has them.",
    )


def parted(rules: Any) -> tuple[Any, list[tuple[Path, str]]]:
    """Give the rules with every secret hidden, and the secrets with their places."""
    found: list[tuple[Path, str]] = []
    return _hidden(rules, (), found), found


def joined(rules: Any, secrets: list[tuple[Path, str]]) -> Any:
    """Put secrets back into rules that ``parted`` gave; changes ``rules`` and gives them.

    Raises LookupError and TypeError where a place is not there.
    """
    for path, value in secrets:
        node = rules
        *outer, last = path
        for one in outer:
            node = node[one]
        node[last]  # what is not there raises
        node[last] = value
    return rules


def shown_path(path: Path) -> str:
    """Give a place as errors and people write it: ``servers[0].password``."""
    place = Place()
    for one in path:
        place = place.item(one) if isinstance(one, int) else place.key(one)
    return place.path


def _hidden(value: Any, path: Path, found: list[tuple[Path, str]]) -> Any:
    if isinstance(value, dict):
        return dict(_each(value, path, found))
    if isinstance(value, list):
        return [_hidden(one, (*path, at), found) for at, one in enumerate(value)]
    if not isinstance(value, str) or any(one in _NAMES_OF_USERS for one in path):
        return value
    name = next((one for one in reversed(path) if isinstance(one, str)), "")
    account = _ACCOUNT.match(value)
    if name not in _SECRETS and account is None:
        return value
    found.append((path, value))
    return HIDDEN if account is None else f"{account[1]}{HIDDEN}@{value[account.end() :]}"


def _each(value: dict[str, Any], path: Path, found: list[tuple[Path, str]]) -> Iterator[tuple[str, Any]]:
    for name, one in value.items():
        yield name, _hidden(one, (*path, name), found)
