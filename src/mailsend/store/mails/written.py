"""Text and JSON as every database takes them."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pydantic_core import to_json

__all__ = ["LONGEST_NAME", "LONGEST_WORD", "as_json", "as_octets", "storable"]

# An index of PostgreSQL takes 2704 octets, and refuses the whole row that has more.
LONGEST_NAME: Final = 255  # characters of what others name a mail, where it is looked up
LONGEST_WORD: Final = 32  # characters of a stable code, as its columns hold it

_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_STAND_IN: Final = "\ufffd"


def storable(text: str) -> str:
    """Give ``text`` with U+FFFD for NUL, which PostgreSQL's text does not take, and for halves of pairs."""
    if text.isascii():
        return text.replace("\0", _STAND_IN) if "\0" in text else text
    return _UNSTORABLE.sub(_STAND_IN, text)


def as_octets(value: Any) -> bytes:
    """Give ``value`` as compact JSON in UTF-8, in which halves of pairs stand as ``surrogatepass`` writes them."""
    try:
        return to_json(value)
    except ValueError:
        return _write(value).encode("utf-8", "surrogatepass")


def as_json(value: Any) -> str:
    """Give ``value`` as compact JSON that a column of text holds."""
    written = as_octets(value)  # NUL is escaped in it
    if written.isascii():
        return written.decode("ascii")
    return _UNSTORABLE.sub(_STAND_IN, written.decode("utf-8", "surrogatepass"))
