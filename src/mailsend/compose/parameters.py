"""Parameters of MIME fields, and the file names among them (RFC 2045, 5.1; RFC 2231)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from mailsend.compose.headers import Field, refuse_unwritable
from mailsend.model.attachment_rules import bare_letters

__all__ = ["filename_parameters", "parameterised"]

_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+\Z")
_NAMELESS = "attachment"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 !#$&'()+,.;=@^_`{}~\[\]-]+")
_UNQUOTED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")


def parameterised(name: str, value: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Give a field with parameters; a value that quotes cannot hold is in one piece (RFC 2231, 4)."""
    refuse_unwritable(name, value)
    field = Field(name)
    word = value
    for key, text in parameters:
        field.word(word + ";")
        word = _parameter(name, key, text)
    field.word(word)
    return field.end()


def _parameter(field: str, key: str, value: str) -> str:
    refuse_unwritable(field, value)
    if _TOKEN.match(value):
        return f"{key}={value}"
    if _can_be_quoted(value):
        return f'{key}="{value}"'
    encoded = "".join([chr(octet) if octet in _UNQUOTED else f"%{octet:02X}" for octet in value.encode()])
    return f"{key}*=utf-8''{encoded}"


@lru_cache(maxsize=256)
def filename_parameters(filename: str) -> tuple[tuple[str, str], ...]:
    """Give ``filename``; before a name outside ASCII stands an ASCII one of the same extension (M30).

    So it does before one with quotes or backslashes: readers disagree on how these are escaped.
    """
    if _can_be_quoted(filename):
        return (("filename", filename),)
    return (("filename", _in_ascii(filename)), ("filename", filename))


def _can_be_quoted(text: str) -> bool:
    return text.isascii() and '"' not in text and "\\" not in text


def _in_ascii(filename: str) -> str:
    bare = bare_letters(filename)
    stem, dot, extension = bare.rpartition(".")
    if not dot:
        stem, extension = bare, ""
    plain = _plain(stem)
    return f"{plain if plain.strip('_ ') else _NAMELESS}{dot}{_plain(extension)}"


def _plain(part: str) -> str:
    return _NOT_PLAIN.sub("_", part)
