"""Where a store is: its URL, read strictly, and what of it may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote

from mailsend.errors import InvalidSettings
from mailsend.model.secret import Secret

__all__ = ["Location", "StoreKind", "read_location"]

_WHERE: Final = "application.store"
_SHAPE: Final = "Write sqlite:///mailsend.db, postgresql+psycopg://user:password@host/database or memory:."
_ENCODE: Final = (
    "Percent-encode what is special in user and password: "
    "%40 for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %."
)

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,40}(?=:)")
_SQLITE: Final = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL: Final = ("postgresql", "postgres", "postgresql+psycopg")
_FILE: Final = re.compile(r"//(?P<path>/[^?#]+)\Z")
_NETWORK: Final = re.compile(
    r"//(?:(?P<user>[^/?#@:]*)(?::(?P<password>[^/?#@:]*))?@)?"
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]*))(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<database>[^/?#@:]+)(?:\?(?P<query>[^#]*))?\Z"
)


class StoreKind(StrEnum):
    """What keeps the tables."""

    SQLITE = "sqlite"
    MEMORY = "memory"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A store's place, taken apart; ``shown`` holds neither user nor password."""

    kind: StoreKind
    shown: str
    path: Path | None = None
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = field(default="", repr=False)
    password: Secret = field(default_factory=lambda: Secret(""))
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def read_location(url: str | Secret) -> Location:
    """Read a store URL; a relative file counts from the current folder.

    Raises InvalidSettings that shows nothing of the URL but its scheme: where a password holds what
    should have been percent-encoded, any part may be a piece of it (RFC 3986, 3.2.1).
    """
    text = url.reveal() if isinstance(url, Secret) else url
    found = _SCHEME.match(text)
    scheme = found[0] if found else ""
    rest = text[len(scheme) + 1 :]
    if scheme == "memory":
        if rest:
            raise InvalidSettings(_WHERE, "nothing can follow memory:", advice="Write memory: alone.")
        return Location(kind=StoreKind.MEMORY, shown="memory:")
    if scheme in _SQLITE:
        return _sqlite(rest)
    if scheme in _POSTGRESQL:
        return _postgresql(rest)
    if scheme.partition("+")[0] in ("sqlite", "postgresql"):
        raise InvalidSettings(
            _WHERE,
            f"the driver {scheme.partition('+')[2]} is not the one that the store speaks through",
            advice=_SHAPE,
        )
    raise InvalidSettings(_WHERE, "a store is kept in SQLite or PostgreSQL", advice=_SHAPE)


def _sqlite(rest: str) -> Location:
    found = _FILE.match(rest)
    path = unquote(found["path"][1:]) if found else ""
    if rest in ("", "//", "///") or path == ":memory:":
        raise InvalidSettings(
            _WHERE, "a file is missing", advice="Write sqlite:///mailsend.db, or memory: to keep nothing."
        )
    if not path or "\x00" in path:
        raise InvalidSettings(
            _WHERE,
            "the file cannot be read from the URL",
            advice="Write sqlite:///mailsend.db, or sqlite:////var/lib/app/mailsend.db; %3F for ?, %23 for #.",
        )
    return Location(kind=StoreKind.SQLITE, shown=path, path=Path(path))


def _postgresql(rest: str) -> Location:
    found = _NETWORK.match(rest)
    parts = {name: unquote(part or "") for name, part in found.groupdict().items()} if found else {}
    if found is None or any("\x00" in one for one in parts.values()) or int(parts["port"] or 1) > 65535:
        raise InvalidSettings(
            _WHERE, "host, port or database cannot be read from the URL", advice=f"{_SHAPE} {_ENCODE}"
        )
    host = parts["literal"] or parts["host"]
    where = f"[{host}]" if ":" in host else host
    return Location(
        kind=StoreKind.POSTGRESQL,
        shown=f"postgresql://{where}{':' if parts['port'] else ''}{parts['port']}/{parts['database']}",
        host=host,
        port=int(parts["port"]) if parts["port"] else None,
        database=parts["database"],
        user=parts["user"],
        password=Secret(parts["password"]),
        query=tuple(parse_qsl(found["query"] or "", keep_blank_values=True)),
    )
