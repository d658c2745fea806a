"""Values of any kind as bytes that are the same in every process: to compare them, not to read them."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final, final

__all__ = ["plain_form"]

_DEEPEST: Final = 24  # nested values; what lies deeper counts by its type alone
_DEEPEST_OBJECTS: Final = 4  # objects within objects, since they often lead to all others
_MOST: Final = 100_000  # values in all
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]+")
_CACHED: Final = "cached_property"
_NAMED: Final = (type, FunctionType, BuiltinFunctionType)


def plain_form(value: Any) -> bytes:
    """Give bytes that are equal for equal values, whatever process asks, and tell others apart.

    Mappings and sets have no order; lists and tuples are alike. Of an object of another kind its type
    and public attributes count, of one without any its text. No memory address has a part in it, no
    property is asked and no iterator moved on. Depth and number of what is looked at are bounded.
    """
    form = _Form()
    form.add(value, 0, 0)
    return b"".join(form.pieces)


@final
class _Form:
    """What has been written, and how much more may be looked at."""

    __slots__ = ("left", "pieces")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.left = _MOST

    def add(self, value: Any, depth: int, objects: int) -> None:
        """Write one value, and what it holds."""
        self.left -= 1
        kind = type(value)
        write = _PLAIN.get(kind)
        if write is not None:
            self._put(*write(value))
        elif self.left < 0 or depth > _DEEPEST:
            self._put(b"~", _name(kind))
        elif kind is list or kind is tuple:
            self._several(value, depth, objects)
        elif kind is dict:
            self._mapping(value, depth, objects)
        else:
            written = len(self.pieces)
            try:
                self._other(value, depth, objects)
            except Exception:  # noqa: BLE001 - whatever it is, it does not let itself be looked at
                del self.pieces[written:]
                self._put(b"~", _name(kind))

    def _put(self, tag: bytes, text: bytes) -> None:
        self.pieces += (tag, b"%d:" % len(text), text)

    def _other(self, value: Any, depth: int, objects: int) -> None:
        base = next((one for one in type(value).__mro__ if one in _PLAIN), None)
        if base is not None:
            self._put(*_PLAIN[base](value))
        elif any(one.__qualname__ == "UUID" and one.__module__ == "uuid" for one in type(value).__mro__):
            self._put(b"u", str(value).encode())  # what it holds besides does not tell two apart
        elif isinstance(value, Enum):
            self._put(b"e", _name(type(value)) + b"." + _octets(value.name))
        elif isinstance(value, Mapping):
            self._mapping(value, depth, objects)
        elif isinstance(value, Set):
            self._unordered(list(value), depth, objects)
        elif isinstance(value, Sequence):
            self._several(value, depth, objects)
        elif isinstance(value, _NAMED):
            self._put(b"t", _name(value))
        elif isinstance(value, ModuleType):
            self._put(b"t", value.__name__.encode())
        else:
            self._object(value, depth, objects + 1)

    def _several(self, values: Sequence[Any], depth: int, objects: int) -> None:
        self._put(b"[", b"%d" % len(values))
        for one in values:
            if self.left < 0:
                break
            self.add(one, depth + 1, objects)

    def _mapping(self, values: Mapping[Any, Any], depth: int, objects: int) -> None:
        self._put(b"{", b"")
        self._unordered(values.items(), depth, objects)

    def _unordered(self, values: Any, depth: int, objects: int) -> None:
        self._put(b"(", b"%d" % len(values))
        forms = []
        before = self.pieces
        try:
            for one in values:
                if self.left < 0:
                    break
                self.pieces = []
                self.add(one, depth + 1, objects)
                forms.append(b"".join(self.pieces))
        finally:
            self.pieces = before
        # Which of them were looked at before it became too much is chance.
        self.pieces += sorted(forms) if self.left >= 0 else ()

    def _object(self, value: Any, depth: int, objects: int) -> None:
        kind: Any = type(value)
        self._put(b"o", _name(kind))
        if objects > _DEEPEST_OBJECTS or isinstance(value, Iterator):
            return
        held = dict(_attributes(value))
        if held:
            self._mapping(held, depth, objects)
        elif kind.__str__ is not object.__str__:
            self._put(b"s", _octets(_ADDRESS.sub("0x", str(value))))


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Give what an object holds under public names, without asking a property."""
    kind = type(value)
    if dataclasses.is_dataclass(value):
        # A field that is not compared, as a cache is not, does not tell two of them apart.
        names = [one.name for one in dataclasses.fields(value) if one.compare]
        yield from ((name, getattr(value, name)) for name in names if hasattr(value, name))
        return
    static = {name: one for base in reversed(kind.__mro__) for name, one in vars(base).items()}
    for name, held in dict(getattr(value, "__dict__", {})).items():
        # What was counted once is there from then on, and says nothing new.
        if not name.startswith("_") and _CACHED not in type(static.get(name)).__name__:
            yield name, held
    for name, slot in static.items():
        if not name.startswith("_") and type(slot).__name__ == "member_descriptor" and hasattr(value, name):
            yield name, getattr(value, name)


def _name(kind: Any) -> bytes:
    return _octets(f"{kind.__module__}.{kind.__qualname__}")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digested(value: Any) -> tuple[bytes, bytes]:
    return b"b", hashlib.sha256(bytes(value)).digest()


_PLAIN: Final[Mapping[type, Callable[[Any], tuple[bytes, bytes]]]] = {
    type(None): lambda _: (b"n", b""),
    bool: lambda one: (b"?", b"1" if one else b"0"),
    int: lambda one: (b"i", b"%x" % int(one)),
    float: lambda one: (b"f", float.__repr__(one).encode()),
    complex: lambda one: (b"c", complex.__repr__(one).encode()),
    str: lambda one: (b"s", str.encode(one, "utf-8", "surrogatepass")),
    bytes: _digested,
    bytearray: _digested,
    memoryview: _digested,
    datetime: lambda one: (b"d", datetime.isoformat(one).encode()),
    date: lambda one: (b"d", date.isoformat(one).encode()),
    time: lambda one: (b"d", time.isoformat(one).encode()),
    timedelta: lambda one: (b"D", timedelta.__repr__(one).encode()),
    Decimal: lambda one: (b"#", Decimal.__str__(one).encode()),
}
