"""A query's text taken apart: words, keys with their values, signs; each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from typing import Final

from mailsend.errors import InvalidQuery
from mailsend.model.query import Key, Pattern

__all__ = ["Sign", "Term", "Token", "tokens_of"]

_LONGEST: Final = 2000  # characters of a query
_MOST_GAPS: Final = 8  # of one value: each one more lets a database try more

_KEY: Final = re.compile(r"([A-Za-z][A-Za-z-]*):")
_BARE: Final = re.compile(r'[^\s()"\\*]+')
_QUOTED: Final = re.compile(r'[^"\\*]+')
# Control characters but for those that part words, halves of surrogate pairs, separators of lines.
_NEVER: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_QUOTE_IT: Final = 'Put what is meant literally in quotes: "…".'


class Sign(Enum):
    """What stands between the terms of a query."""

    OPEN = auto()
    CLOSE = auto()
    MINUS = auto()
    OR = auto()
    AND = auto()


_SIGNS: Final = {"(": Sign.OPEN, ")": Sign.CLOSE, "OR": Sign.OR, "AND": Sign.AND}


@dataclass(frozen=True, slots=True)
class Term:
    """A value with its key, or without one; ``place`` is where the value begins."""

    key: Key | None
    pattern: Pattern
    place: int


@dataclass(frozen=True, slots=True)
class Token:
    """A sign or a term, and where it begins."""

    what: Sign | Term
    place: int


def tokens_of(text: str) -> Iterator[Token]:
    """Take ``text`` apart; raises InvalidQuery."""
    if len(text) > _LONGEST:
        raise InvalidQuery(
            text,
            f"it is longer than {_LONGEST} characters",
            position=_LONGEST,
            advice="Ask for less at a time.",
        )
    wrong = _NEVER.search(text)
    if wrong:
        raise InvalidQuery(
            text, f"{wrong[0]!a} cannot stand in a query", position=wrong.start(), advice="Leave it out."
        )
    at = _behind_space(text, 0)
    while at < len(text):
        token, end = _token(text, at)
        yield token
        at = _behind_space(text, end)


def _behind_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _token(text: str, at: int) -> tuple[Token, int]:
    if text[at] in "()":
        return Token(_SIGNS[text[at]], at), at + 1
    if text[at] == "-":
        if at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] == ")":
            raise InvalidQuery(text, "nothing follows the minus", position=at, advice=_QUOTE_IT)
        return Token(Sign.MINUS, at), at + 1
    key, begin = _key(text, at)
    pattern, end = _pattern(text, begin)
    written = text[begin:end]
    if key is None and written in _SIGNS:
        return Token(_SIGNS[written], at), end
    if key is None and written == "NOT":
        raise InvalidQuery(
            text,
            "NOT has no meaning",
            position=at,
            advice=f"Write a minus before what shall not be. {_QUOTE_IT}",
        )
    if not written:
        raise InvalidQuery(
            text,
            f"{key}: has no value",
            position=begin,
            advice=f'Write the value right behind the colon, one for each key; {key}:"" is what has none.',
        )
    return Token(Term(key, pattern, begin), at), end


def _key(text: str, at: int) -> tuple[Key | None, int]:
    found = _KEY.match(text, at)
    if found is None:
        return None, at
    name = found[1].lower()
    try:
        return Key(name), found.end()
    except ValueError:
        near = get_close_matches(name, [*Key])
        meant = f"Did you mean {near[0]}:? " if near else ""
        raise InvalidQuery(
            text,
            f"there is no key {found[1][:20]}:",
            position=at,
            advice=f"{meant}Keys are {', '.join(Key)}. {_QUOTE_IT}",
        ) from None


def _pattern(text: str, at: int) -> tuple[Pattern, int]:
    """Read a value up to a space or a parenthesis; quotes keep these, a backslash the sign behind it."""
    parts = [""]
    begin = at
    quote: int | None = None  # where the quotes were opened that are not closed yet
    while at < len(text):
        found = (_BARE if quote is None else _QUOTED).match(text, at)
        sign = text[at]
        if found:
            parts[-1] += found[0]
            at = found.end()
            continue
        if sign == "*":
            parts.append("")
        elif sign == '"':
            quote = at if quote is None else None
        elif sign == "\\":
            at += 1
            if at == len(text):
                raise InvalidQuery(text, "nothing follows the backslash", position=at - 1, advice=_QUOTE_IT)
            parts[-1] += text[at]
        else:
            break
        at += 1
    if quote is not None:
        raise InvalidQuery(text, "the quotes are not closed", position=quote, advice="Close them.")
    pattern = Pattern(tuple(parts))
    if len(pattern.parts) > _MOST_GAPS + 1:
        raise InvalidQuery(
            text,
            f"there are more than {_MOST_GAPS} asterisks in one value",
            position=begin,
            advice="Ask for several words instead.",
        )
    return pattern, at
