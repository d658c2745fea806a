"""Files that settings name: read, and told by key and path where they cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from mailsend.errors import InvalidSettings
from mailsend.model.reading import Loose, Place
from mailsend.settings.finding import Finding

__all__ = ["WithFiles", "read_text", "with_files"]

_LARGEST: Final = 10_000_000
_CONTENT_OF: Final = {
    "key_file": "key",
    "password_file": "password",
    "secret_keys_file": "secret_keys",
    "client_secret_file": "client_secret",
    "certificate_file": "certificate",
}
_SERVERS: Final = ("server", "servers", "smarthost", "smarthosts", "url")
_NAMES_OF_USERS: Final = ("colors", "alias_domains")
_CA_FILE: Final = re.compile(r"(?<=[?&]ca_file=)[^&#]*")
_RELATIVE_STORE: Final = re.compile(r"(sqlite(?:\+pysqlite)?:///)(?!:)([^/?#][^?#]*)\Z")
_RELATIVE_FOLDER: Final = re.compile(r"file:(?!//)([^?#]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WithFiles:
    """Settings with their files read in, what was noticed, and which file a key's value stood in."""

    data: Any = field(repr=False)
    findings: list[Finding] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def with_files(data: Any, base: Path) -> WithFiles:
    """Give settings with every file that they name read in, and every path made absolute.

    Relative paths count from ``base``. Raises InvalidSettings that names key and path.
    """
    noted = WithFiles(None)
    return replace(noted, data=_resolved(data, base, Place(), noted))


def read_text(path: Path, *, where: str) -> str:
    """Give the text of a file (UTF-8), without the line end at its end.

    Raises InvalidSettings with ``where`` and the path; nothing of the content is told.
    """
    data = _read(path, where)
    try:
        return data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        pass  # the error holds the content, so ours is raised outside
    raise InvalidSettings(where, f"{path} is not text in UTF-8", advice="Save it as text in UTF-8.")


def _resolved(value: Any, base: Path, place: Place, noted: WithFiles) -> Any:
    if isinstance(value, (list, tuple)):
        return [_resolved(one, base, place.item(n), noted) for n, one in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    read: dict[Any, Any] = {}
    for name, one in value.items():
        at = place.key(str(name))
        if name in _CONTENT_OF and isinstance(one, str):
            target = _CONTENT_OF[name]
            if target in value:
                raise InvalidSettings(
                    at.path, f"{target} and {name} are both set", advice="Set one of the two."
                )
            read.update(_content(target, base / one, at, noted))
            noted.files[place.key(target).path] = str(base / one)
        elif name == "logo" and isinstance(one, str) and not one.startswith("data:"):
            path = base / one
            read[name] = {"data": _read(path, at.path), "filename": path.name}
            noted.files[at.path] = str(path)
        elif name == "template_dirs" and isinstance(one, (str, list, tuple)):
            read[name] = _folders(one, base, at)
        elif name == "ca_file" and isinstance(one, str):
            read[name] = _file(base / one, at)
        elif name in _SERVERS and not isinstance(one, Mapping):
            read[name] = _servers(one, base, at, noted)
        elif name == "store" and isinstance(one, str):
            read[name] = _store(one, base)
        elif name in _NAMES_OF_USERS:
            read[name] = one
        else:
            read[name] = _resolved(one, base, at, noted)
    return read


def _content(key: str, path: Path, at: Place, noted: WithFiles) -> dict[str, Any]:
    if key != "secret_keys":
        return {key: read_text(path, where=at.path)}
    if not path.is_file():  # it is an error only where a key is needed
        noted.findings.append(
            Finding(
                where=at.path,
                what=f"there is no file {path}",
                advice="Write it before what needs it: VERP, encrypted content, confirmations.",
            )
        )
        return {}
    return {key: read_text(path, where=at.path).split()}


def _folders(value: Any, base: Path, at: Place) -> Any:
    if isinstance(value, Loose):
        value = [one.strip() for one in value.split(",") if one.strip()]
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        return value  # the schema says what is wrong
    for index, one in enumerate(value):
        if not (base / one).is_dir():
            raise InvalidSettings(
                at.item(index).path,
                f"there is no folder {base / one}",
                advice="Name a folder that holds templates, from the file that names it.",
            )
    return [str((base / one).resolve()) for one in value]


def _servers(value: Any, base: Path, at: Place, noted: WithFiles) -> Any:
    if isinstance(value, (list, tuple)):
        return [
            _servers(one, base, at.item(n), noted)
            if isinstance(one, str)
            else _resolved(one, base, at.item(n), noted)
            for n, one in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def ca_file(found: re.Match[str]) -> str:
        return quote(_file(base / unquote(found[0]), at))

    def folder(found: re.Match[str]) -> str:
        if "\x00" in (path := unquote(found[1])):  # whoever reads the URL refuses it
            return found[0]
        return "file://" + quote(str((base / path).resolve()))

    return type(value)(_RELATIVE_FOLDER.sub(folder, _CA_FILE.sub(ca_file, value)))


def _store(value: str, base: Path) -> str:
    found = _RELATIVE_STORE.match(value)
    if found is None or "\x00" in (path := unquote(found[2])):  # whoever reads the URL refuses it
        return value
    return type(value)(found[1] + quote(str((base / path).resolve())))


def _file(path: Path, at: Place) -> str:
    _read(path, at.path)
    return str(path.resolve())


def _read(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the path
        why = fault.strerror if isinstance(fault, OSError) and fault.strerror else "the path is not valid"
        raise InvalidSettings(
            where, f"{path} cannot be read: {why}", advice="Look at the path and at who may read it."
        ) from None
    if len(data) > _LARGEST:
        raise InvalidSettings(
            where, f"{path} is larger than {_LARGEST} bytes", advice="Look whether it is the right file."
        )
    return data
