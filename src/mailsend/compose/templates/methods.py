"""Methods and operators of Python's own values that can make much out of little."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from types import BuiltinFunctionType
from typing import Any

from jinja2.exceptions import SecurityError

from mailsend.compose.templates.limits import (
    CONTAINERS,
    MAX_PART,
    MAX_WIDTH,
    LimitReached,
    spend,
    too_large,
    weigh,
)

__all__ = [
    "check_format",
    "check_method",
    "check_operator",
    "check_whole_number",
    "check_widths",
    "replaced_size",
]

_LONGEST_NUMBER = 4096  # bits
_LONGEST_DIGITS = 100  # of a text, or a Decimal, that becomes an int
_PADDING = frozenset({"ljust", "rjust", "center", "zfill", "expandtabs"})
_HARMLESS = frozenset(
    {
        *("capitalize", "casefold", "count", "endswith", "find", "format", "format_map"),
        *("index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric"),
        *("isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition", "removeprefix"),
        *("removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split"),
        *("splitlines", "startswith", "strip", "striptags", "swapcase", "title", "unescape", "upper"),
    }
)
_NUMBERS = (int, float, Decimal, Fraction, complex)
_BIG_WIDTH = re.compile(r"\d{4}")
_PERCENT = re.compile(r"%(?:\([^)]*\))?[#0\- +]*([\d*]*)(?:\.([\d*]*))?")
_FIELD = re.compile(r"\{[^{}]*\{|\{[^{}]*\d{4}[^{}]*\}")


def _too_wide() -> LimitReached:
    return LimitReached(
        f"it asks for a width above {MAX_WIDTH} columns", "Lines of mail are at most 78 columns wide."
    )


def check_widths(arguments: tuple[Any, ...]) -> None:
    """Refuse numbers, and texts to pad or indent with, that are too large."""
    for argument in arguments:
        if isinstance(argument, int) and abs(argument) > MAX_WIDTH:
            raise _too_wide()
        if isinstance(argument, str) and len(argument) > MAX_WIDTH:
            raise _too_wide()


def check_format(pattern: str, values: Any) -> None:
    """Refuse a ``%`` pattern with widths that are large, or taken from a value, or used too often."""
    for found in _PERCENT.finditer(pattern):
        if any("*" in width or len(width) > 3 for width in found.groups("")):
            raise _too_wide()
    _check_filled(values, pattern.count("%"))


def _check_filled(values: Any, times: int) -> None:
    if weigh(values) * times > MAX_PART:
        raise too_large()


def replaced_size(text: str, old: str, new: str) -> int:
    """Give how long ``text.replace(old, new)`` may become."""
    return len(text) + text.count(old) * len(new)


def check_method(method: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    """Refuse a method of a built-in value that is not known to be small; pay for the others."""
    owner = getattr(method, "__self__", None)
    if isinstance(owner, str | bytes):
        _check_text_method(owner, method.__name__, (*arguments, *keywords.values()))
    elif isinstance(method, BuiltinFunctionType):
        if isinstance(owner, type) or method.__name__ in ("to_bytes", "fromkeys"):
            raise SecurityError(f"{method.__name__}() may not be called in a template")
        if method.__name__ in ("strftime", "__format__") and arguments:
            _check_time_format(str(arguments[0]))
        if any(_is_foreign(one) for one in (*arguments, *keywords.values())):
            raise SecurityError(f"{method.__name__}() takes a list here, not something to read for ever")
        spend(work=weigh(owner) + weigh(arguments))


def _is_foreign(value: Any) -> bool:
    """Whether ``value`` could be read without an end."""
    return hasattr(value, "__iter__") and not isinstance(value, (str, bytes, range, *CONTAINERS))


def _check_text_method(owner: str | bytes, name: str, arguments: tuple[Any, ...]) -> None:
    spend(work=16 * len(owner))  # what is split off is small texts, each an object of its own
    if name in _PADDING:
        check_widths(arguments)
        if name == "expandtabs":
            spend(work=len(owner) * MAX_WIDTH)
    elif name not in _HARMLESS:
        raise SecurityError(f"{name}() of a text may not be called in a template")
    elif isinstance(owner, str):
        if name in ("format", "format_map"):
            if _FIELD.search(owner.replace("{{", "").replace("}}", "")):
                raise _too_wide()
            _check_filled(arguments, owner.count("{"))
        elif name == "replace" and len(arguments) >= 2:
            spend(work=replaced_size(owner, str(arguments[0]), str(arguments[1])))
        elif name == "join" and arguments:
            _check_join(owner, arguments[0])


def _check_join(separator: str, items: Any) -> None:
    if not isinstance(items, (str, *CONTAINERS)):
        raise SecurityError("join() of a text takes a list; the filter 'join' takes anything")
    if weigh(items) + len(items) * len(separator) > MAX_PART:
        raise too_large()


def _check_time_format(pattern: str) -> None:
    if _BIG_WIDTH.search(pattern):
        raise _too_wide()
    spend(work=64 * len(pattern))


def check_operator(operator: str, left: Any, right: Any) -> None:
    """Refuse arithmetic with large numbers, and ``+ * %`` that make large texts or lists; pay for texts and lists."""
    if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
        _check_numbers(operator, left, right)
    elif operator == "*":
        many, times = (left, right) if isinstance(right, int) else (right, left)
        if isinstance(many, str | bytes | list | tuple) and isinstance(times, int):
            size = len(many) if isinstance(many, str | bytes) else weigh(many)
            if size * max(times, 0) > MAX_PART or times > MAX_PART:
                raise too_large()
            spend(work=size * max(times, 0))
    elif operator == "+":
        if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
            weigh((left, right))
    elif operator == "%" and isinstance(left, str | bytes):
        if isinstance(left, bytes):
            raise SecurityError("bytes may not be formatted in a template")
        check_format(left, right)


def _check_numbers(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, float | complex) or isinstance(right, float | complex):
        return
    if operator == "**":
        large = abs(right) * max(_bits(left), 1) > _LONGEST_NUMBER
    else:
        large = _bits(left) + _bits(right) > _LONGEST_NUMBER
    if large:
        raise _too_large_number()


def _bits(number: Any) -> int:
    """Give how much is to be worked on: a Decimal is rounded to the digits of its context anyway."""
    if isinstance(number, int):
        return number.bit_length()
    if isinstance(number, Fraction):
        return number.numerator.bit_length() + number.denominator.bit_length()
    return 64


def _too_large_number() -> LimitReached:
    return LimitReached("a number grows too large", "Work out large numbers in the application.")


def check_whole_number(value: Any) -> None:
    """Refuse what would become a large int: long texts, and a Decimal with a large exponent."""
    if isinstance(value, str | bytes) and len(value) > _LONGEST_DIGITS:
        raise _too_large_number()
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() > _LONGEST_DIGITS:
        raise _too_large_number()
