"""Ages and sizes in a query: one, a range, more or less than one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.query.tokens import Term
from mailsend.errors import InvalidQuery
from mailsend.model.query import Key, Span

__all__ = ["span_of"]

_ONE: Final = r"([0-9]{1,16})([a-z]{0,3})"
_COMPARED: Final = re.compile(rf"([<>]=?)?{_ONE}\Z", re.IGNORECASE | re.ASCII)
_RANGE: Final = re.compile(rf"{_ONE}-{_ONE}\Z", re.IGNORECASE | re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES: Final = {
    "b": 1,
    "k": 10**3,
    "kb": 10**3,
    "m": 10**6,
    "mb": 10**6,
    "g": 10**9,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
_UNITS: Final[Mapping[Key, Mapping[str, int]]] = MappingProxyType({Key.AGE: _SECONDS, Key.SIZE: _BYTES})
_ADVICE: Final[Mapping[Key, str]] = MappingProxyType(
    {
        Key.AGE: "Write seconds or a unit (s, m, h, d, w): age:180, age:1800-3600, age:>30m, age:<2h.",
        Key.SIZE: "Write bytes or a unit (kB, MB, GB, KiB, MiB, GiB): size:300, size:500-900, size:>1MB.",
    }
)
# Seconds of a hundred years, as with times; octets that no mail has.
_MOST: Final[Mapping[Key, int]] = MappingProxyType({Key.AGE: 36500 * 86400, Key.SIZE: 10**15})


def span_of(key: Key, term: Term, text: str) -> Span:
    """Give the range that ``age:`` or ``size:`` asks for; raises InvalidQuery.

    A number alone stands for the whole of its last unit: 3h is from three hours to just under four.
    """
    written = str(term.pattern)
    try:
        span = _range(key, written) or _compared(key, written)
    except ValueError as problem:
        raise InvalidQuery(text, str(problem), position=term.place, advice=_ADVICE[key]) from None
    if span is not None and any(one is not None and one > _MOST[key] for one in (span.least, span.most)):
        raise InvalidQuery(text, "the number is too large", position=term.place, advice=_ADVICE[key])
    if span is None:
        raise InvalidQuery(text, f"{key}: takes a number", position=term.place, advice=_ADVICE[key])
    return span


def _range(key: Key, written: str) -> Span | None:
    found = _RANGE.match(written)
    if found is None:
        return None
    # In 30-60m, both are minutes.
    least = _amount(key, found[1], found[2] or found[4])
    most = _amount(key, found[3], found[4])
    if least > most:
        raise ValueError("the first number of a range is the smaller one")
    return Span(key, least, most)


def _compared(key: Key, written: str) -> Span | None:
    found = _COMPARED.match(written)
    if found is None:
        return None
    amount = _amount(key, found[2], found[3])
    match found[1]:
        case ">":
            return Span(key, amount + 1, None)
        case ">=":
            return Span(key, amount, None)
        case "<=":
            return Span(key, None, amount)
        case "<":
            if not amount:
                raise ValueError("nothing is less than 0")
            return Span(key, None, amount - 1)
    return Span(key, amount, amount + _unit(key, found[3]) - 1)


def _amount(key: Key, digits: str, unit: str) -> int:
    return int(digits) * _unit(key, unit)


def _unit(key: Key, unit: str) -> int:
    if not unit:
        return 1
    try:
        return _UNITS[key][unit.lower()]
    except KeyError:
        raise ValueError(f"there is no unit {unit}") from None
