"""Tables and lists, read item by item: what a schema is made of.

Each of these is a converter, and ``inner`` gives the converter of what stands in it, so that a key
that is written elsewhere (in the environment) can be looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailsend.model.reading import CONTROL, Converter, Loose, Place, kind_of, nearest

__all__ = ["Listed", "Named", "Pairs", "Table", "listed", "mapping"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with known keys, and what is built from its values."""

    entries: Mapping[str, Converter]
    build: Callable[[dict[str, Any], Place], Any]

    def __call__(self, value: Any, place: Place) -> Any:
        """Read a table and build what it means."""
        table = mapping(value, place)
        return None if table is None else self.read(table, place)

    def read(self, table: Mapping[Any, Any], place: Place, **more: Any) -> Any:
        """Read each key of ``table``; a value of None counts as a key that is not there."""
        values: dict[str, Any] = dict(more)
        for name, given in table.items():
            convert = self.entries.get(name)
            if convert is None:
                _refuse_key(name, self.entries, place)
            elif given is not None:
                at = place.key(name)
                before = len(at.problems)
                read = convert(given, at)
                if len(at.problems) == before:
                    values[name] = read
        return self.build(values, place)

    def inner(self, name: str) -> Converter | None:
        """Give what reads the key ``name``, or None where there is no such key."""
        return self.entries.get(name)


@dataclass(frozen=True, slots=True)
class Named:
    """A table of tables, each under a name of the user's choice, which it is told as ``name``."""

    table: Table

    def __call__(self, value: Any, place: Place) -> dict[str, Any] | None:
        """Read each table under its name."""
        tables = mapping(value, place)
        if tables is None:
            return None
        read = {}
        for name, given in tables.items():
            at = place.key(str(name))
            if not isinstance(name, str) or not name.strip() or CONTROL.search(name):
                at.refuse("a name is one line of text, and not empty", "Name it as your application does.")
                continue
            one = mapping(given, at)
            if one is not None:
                read[name] = self.table.read(one, at, name=name)
        return read

    def inner(self, _name: str) -> Converter:
        """Give what reads the table under any name."""
        return self.table


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table whose keys are the user's too: one converter for the keys, one for the values."""

    names: Converter
    values: Converter

    def __call__(self, value: Any, place: Place) -> dict[Any, Any] | None:
        """Read each pair of a table."""
        table = mapping(value, place)
        if table is None:
            return None
        read = {}
        for name, given in table.items():
            at = place.key(str(name)[:80])
            read[self.names(name, at)] = self.values(given, at)
        return read

    def inner(self, _name: str) -> Converter:
        """Give what reads the value under any key."""
        return self.values


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of things that one converter reads; ``separator`` parts it where it is Loose text."""

    one: Converter
    separator: str

    def __call__(self, value: Any, place: Place) -> tuple[Any, ...] | None:
        """Read each item of a list."""
        items = self._items(value)
        if items is None:
            place.refuse(f"expected a list, not {kind_of(value)}", 'Write it as ["…", "…"].')
            return None
        return tuple(self.one(item, place.item(index)) for index, item in enumerate(items))

    def inner(self, name: str) -> Converter | None:
        """Give what reads the item with the index ``name``."""
        return self.one if name.isdecimal() else None

    def _items(self, value: Any) -> list[Any] | tuple[Any, ...] | None:
        if not isinstance(value, Loose):
            return value if isinstance(value, (list, tuple)) else None
        if value.lstrip().startswith("["):
            read = _json(value)
            return read if isinstance(read, list) else None
        return [Loose(part.strip()) for part in re.split(self.separator, value) if part.strip()]


def listed(one: Converter, *, separator: str = ",") -> Listed:
    """Give a converter for lists of what ``one`` reads, as a tuple."""
    return Listed(one, separator)


def mapping(value: Any, place: Place) -> Mapping[Any, Any] | None:
    """Give the table that ``value`` is; Loose text may be a JSON object."""
    if isinstance(value, Loose):
        value = _json(value)
    if isinstance(value, Mapping):
        return value
    place.refuse(f"expected a table, not {kind_of(value)}", "Write it as a table of keys and values.")
    return None


def _refuse_key(name: Any, known: Mapping[str, Any], place: Place) -> None:
    meant = nearest(name, known) if isinstance(name, str) else None
    why = f"unknown key; did you mean {meant}?" if meant else "unknown key"
    advice = f"Write {meant}." if meant else f"Known here: {', '.join(sorted(known))}."
    place.key(str(name)[:80]).refuse(why, advice)


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
