"""From untyped to typed: converters that know the place they read at and collect what is wrong.

A converter takes a value and its Place. It gives the typed value, or tells the place what is wrong
and gives None. No message of theirs shows the value itself: it might be a secret.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias

from mailsend.errors import InvalidSettings

__all__ = [
    "CONTROL",
    "Converter",
    "Loose",
    "Place",
    "Problem",
    "choice",
    "enum_of",
    "flag",
    "kind_of",
    "nearest",
    "number",
    "text",
    "whole",
]

_MOST_SHOWN = 20
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")
_LONGEST_TEXT = 10_000


class Loose(str):
    """Text from a place that knows only text (environment, secret files, URLs).

    Where another type is asked for it is read as one; in all other text that is an error.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the dotted key, the reason, and what to do."""

    where: str
    why: str
    advice: str

    def told(self, said_by: Callable[[str], str] | None) -> Problem:
        """Give the same with the variable or file that says the key, where that is known."""
        named = said_by(self.where) if said_by is not None else ""
        return replace(self, why=f"{self.why} (in {named})") if named else self


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the configuration a value stands, and the problems found so far (shared by all)."""

    path: str = ""
    problems: list[Problem] = field(default_factory=list)

    def key(self, name: str) -> Place:
        """Give the place of ``name`` in the table at this place."""
        shown = name if _BARE_KEY.match(name) else json.dumps(name, ensure_ascii=not name.isprintable())
        return Place(f"{self.path}.{shown}" if self.path else shown, self.problems)

    def item(self, index: int) -> Place:
        """Give the place of one item of the list at this place; the first has index 0."""
        return Place(f"{self.path}[{index}]", self.problems)

    def refuse(self, why: str, advice: str) -> None:
        """Note what is wrong here, and what to do about it."""
        self.problems.append(Problem(self.path, why, advice))

    def fail(self, said_by: Callable[[str], str] | None = None) -> NoReturn:
        """Raise InvalidSettings that tells all problems found, the first one as its fields.

        ``said_by`` gives, for a dotted key, the variable or file that says it, or nothing.
        """
        first, *others = (one.told(said_by) for one in self.problems[:_MOST_SHOWN])
        lines = [first.why, *(f"{one.where}: {one.why}" for one in others)]
        if len(self.problems) > _MOST_SHOWN:
            lines.append(f"and {len(self.problems) - _MOST_SHOWN} more")
        raise InvalidSettings(first.where, "\n".join(lines), advice=first.advice)


Converter: TypeAlias = Callable[[Any, Place], Any]


def text(*, lines: bool = False, empty: bool = False) -> Converter:
    """Give a converter for text without control characters; ``lines`` allows line feeds."""
    wrong = _CONTROL_BUT_LINES if lines else CONTROL

    def convert(value: Any, place: Place) -> str | None:
        if not isinstance(value, str):
            place.refuse(f"expected text, not {kind_of(value)}", "Put it in quotes.")
        elif wrong.search(value):
            place.refuse("a control character cannot stand here", "Write it in one line of plain text.")
        elif not value.strip() and not empty:
            place.refuse("expected text, and it is empty", "Leave the key out instead.")
        elif len(value) > _LONGEST_TEXT:
            place.refuse(f"it is longer than {_LONGEST_TEXT} characters", "Shorten it.")
        else:
            return str(value)
        return None

    return convert


def flag(value: Any, place: Place) -> bool | None:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Loose) and value.lower() in _TRUE + _FALSE:
        return value.lower() in _TRUE
    place.refuse(f"expected true or false, not {kind_of(value)}", "Write true or false.")
    return None


def whole(*, least: int = 0, most: int = 2**63 - 1) -> Converter:
    """Give a converter for whole numbers from ``least`` to ``most``."""

    def convert(value: Any, place: Place) -> int | None:
        if isinstance(value, Loose) and re.fullmatch(r"\s*-?[0-9]{1,20}\s*", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            place.refuse(f"expected a whole number, not {kind_of(value)}", "Write digits without quotes.")
        elif value < least:
            place.refuse(f"expected a number that is not below {least}", "Leave the key out for the default.")
        elif value > most:
            place.refuse(f"expected a number that is not above {most}", "Leave the key out for the default.")
        else:
            return value
        return None

    return convert


def number(*, least: float = 0.0, above: float | None = None, most: float | None = None) -> Converter:
    """Give a converter for numbers from ``least`` on, or beyond ``above``; none is beyond ``most``."""

    def convert(value: Any, place: Place) -> float | None:
        if isinstance(value, Loose) and re.fullmatch(r"\s*-?[0-9]{1,20}(\.[0-9]{1,20})?\s*", value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            place.refuse(f"expected a number, not {kind_of(value)}", "Write digits without quotes.")
        elif not math.isfinite(value):
            place.refuse("expected a number with an end", "Leave the key out for the default.")
        elif above is not None and value <= above:
            place.refuse(f"expected a number above {above:g}", "Leave the key out for the default.")
        elif value < least:
            place.refuse(
                f"expected a number that is not below {least:g}", "Leave the key out for the default."
            )
        elif most is not None and value > most:
            place.refuse(
                f"expected a number that is not above {most:.0f}", "Leave the key out for the default."
            )
        else:
            return float(value)
        return None

    return convert


def choice(*known: str) -> Converter:
    """Give a converter that takes one of the words ``known``, in any case."""

    def convert(value: Any, place: Place) -> str | None:
        word = value.strip().lower() if isinstance(value, str) else None
        if word in known:
            return word
        what = " or ".join(f'"{one}"' for one in known)
        other = "another word" if word is not None else kind_of(value)
        place.refuse(f"expected {what}, not {other}", f"Write {what}.")
        return None

    return convert


def enum_of(kind: type[StrEnum]) -> Converter:
    """Give a converter that takes one of the codes of ``kind``."""
    word = choice(*kind)

    def convert(value: Any, place: Place) -> StrEnum | None:
        read = word(value, place)
        return None if read is None else kind(read)

    return convert


def nearest(name: str, known: Mapping[str, Any]) -> str | None:
    """Give the known name that ``name`` was probably meant to be."""
    import difflib

    return next(iter(difflib.get_close_matches(name[:80], known, 1, 0.6)), None)


def kind_of(value: Any) -> str:
    """Name the kind of a value in TOML's words."""
    for kind, word in _KINDS.items():
        if isinstance(value, kind):
            return word
    return type(value).__name__


_KINDS: Mapping[type, str] = {
    bool: "true or false",
    str: "text",
    bytes: "bytes",
    int: "a number",
    float: "a number",
    list: "a list",
    tuple: "a list",
    Mapping: "a table",
    type(None): "nothing",
}
