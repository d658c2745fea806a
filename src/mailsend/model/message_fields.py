"""What the fields of a Message may hold: each is checked by kind, and told by name where it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from mailsend.errors import InvalidMessage
from mailsend.model.attachment import Attachment
from mailsend.model.frozen import FrozenDict
from mailsend.model.language_tag import LANGUAGE_TAG_ADVICE, language_tag

__all__ = [
    "NOTHING",
    "attachments",
    "flag",
    "instance",
    "key",
    "locale",
    "moment",
    "tags",
    "text",
    "texts",
    "values",
    "whole",
]

T = TypeVar("T")

_LONGEST_SHOWN = 60
_LONGEST_KEY = 255
_LAST_YEAR = 9000  # what is reckoned from a time still has a date
_MAKE_ONE = "Make one with Attachment.from_path(…) or Attachment.from_bytes(…)."
_TEXT = "Give it as str, decoded where it came as bytes."
NOTHING: Final[Mapping[str, Any]] = FrozenDict()


def text(field: str, given: object) -> str:
    """Give the text that ``given`` is."""
    if isinstance(given, str):
        return given
    raise InvalidMessage(field, f"text is expected, not {_kind(given)}", advice=_TEXT)


def key(field: str, given: object) -> str:
    """Give a key that names one request; a database's index takes no text of any length."""
    told = text(field, given)
    if len(told) > _LONGEST_KEY:
        why = f"{len(told)} characters are too many for a key, {_LONGEST_KEY} are the most"
        raise InvalidMessage(
            field, why, advice="Give a short name of the request, or a digest of a long one."
        )
    return told


def locale(field: str, given: object) -> str:
    """Give a language tag in its usual spelling (RFC 5646)."""
    tag = language_tag(text(field, given))
    if tag is None:
        shown = ascii(given)
        shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
        raise InvalidMessage(field, f"{shown} is no language tag", advice=LANGUAGE_TAG_ADVICE)
    return tag


def flag(field: str, given: object) -> bool:
    """Give True or False as they are; nothing else counts as one of them."""
    if isinstance(given, bool):
        return given
    raise InvalidMessage(
        field,
        f"True or False is expected, not {_kind(given)}",
        advice="Give a bool; text is never read as one.",
    )


def whole(field: str, given: object) -> int:
    """Give a whole number; True and False are none."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise InvalidMessage(
        field, f"a whole number is expected, not {_kind(given)}", advice="Give an int, as in priority=5."
    )


def moment(field: str, given: object) -> datetime:
    """Give a time that says its time zone."""
    if not isinstance(given, datetime):
        raise InvalidMessage(
            field,
            f"a datetime is expected, not {_kind(given)}",
            advice="Give a datetime with a time zone, as in datetime.now(UTC).",
        )
    if given.utcoffset() is None:
        raise InvalidMessage(
            field, "a time without a time zone", advice="Give it one, as in datetime.now(UTC)."
        )
    if given.year > _LAST_YEAR:
        raise InvalidMessage(
            field, f"the year {given.year}", advice="Leave the time out where there is to be none."
        )
    return given


def instance(field: str, given: object, kind: type[T], advice: str) -> T:
    """Give ``given``, which has to be a ``kind``."""
    if isinstance(given, kind):
        return given
    article = "an" if kind.__name__[0] in "AIO" else "a"
    raise InvalidMessage(field, f"{article} {kind.__name__} is expected, not {_kind(given)}", advice=advice)


def values(field: str, given: object) -> Mapping[str, Any]:
    """Give a mapping as it is now, its names text."""
    if given is NOTHING:
        return NOTHING
    if not isinstance(given, Mapping):
        raise InvalidMessage(
            field,
            f"a mapping is expected, not {_kind(given)}",
            advice="Give names with their values, as in {'name': 'Ann'}; leave it out for none.",
        )
    if not given:
        return NOTHING
    for name in given:
        if not isinstance(name, str):
            raise InvalidMessage(f"{field}[{name!r}]", "names are text", advice="Give each name as str.")
    return FrozenDict(given)


def texts(field: str, given: object) -> Mapping[str, str]:
    """Give a mapping of text to text as it is now."""
    if given is NOTHING:
        return NOTHING
    kept = values(field, given)
    for name, value in kept.items():
        if not isinstance(value, str):
            raise InvalidMessage(
                f"{field}[{name!r}]",
                f"text is expected, not {_kind(value)}",
                advice="Give it as str, as in str(4711).",
            )
    return kept


def tags(field: str, given: object) -> tuple[str, ...]:
    """Give one tag or several as a tuple."""
    if isinstance(given, tuple) and not given:
        return ()
    if isinstance(given, str):
        return (given,)
    several = _several(field, given, "tags are expected", "Give text, or a list of texts.")
    return tuple(text(f"{field}[{number}]", one) for number, one in enumerate(several))


def attachments(field: str, given: object) -> tuple[Attachment, ...]:
    """Give one attachment or several as a tuple."""
    if isinstance(given, tuple) and not given:
        return ()
    if isinstance(given, Attachment):
        return (given,)
    several = tuple(_several(field, given, "attachments are expected", f"Leave it out for none. {_MAKE_ONE}"))
    return tuple(
        instance(f"{field}[{number}]", one, Attachment, _MAKE_ONE) for number, one in enumerate(several)
    )


def _several(field: str, given: object, expected: str, advice: str) -> Iterable[object]:
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, bytearray, memoryview, Mapping)):
        return given
    raise InvalidMessage(field, f"{expected}, not {_kind(given)}", advice=advice)


def _kind(given: object) -> str:
    return "None" if given is None else type(given).__name__
