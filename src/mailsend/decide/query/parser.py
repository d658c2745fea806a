"""Queries read: words are joined by AND, which binds more tightly than OR; a minus negates."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from mailsend.decide.query.tokens import Sign, Term, tokens_of
from mailsend.decide.query.values import condition_of
from mailsend.errors import InvalidQuery
from mailsend.model.query import EVERYTHING, All, AnyOf, Not, Query

__all__ = ["parse"]

_MOST_TERMS: Final = 50
_DEEPEST: Final = 20


def parse(text: str, *, zone: tzinfo = UTC) -> Query:
    """Read a query; an empty one finds everything.

    Dates and times without an offset of their own are those of ``zone``. Raises InvalidQuery with place
    and advice: at most 2,000 characters, 50 terms, 20 levels of parentheses and minuses, and 8 asterisks
    in one value are read.
    """
    reader = _Reader(text, zone)
    if not reader.tokens:
        return EVERYTHING
    query = reader.alternatives(0)
    if reader.at < len(reader.tokens):
        raise reader.fault("this parenthesis was never opened", "Take it away, or open one before it.")
    return query


class _Reader:
    """Goes through the tokens of one query."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        self.text = text
        self.zone = zone
        self.tokens = tuple(tokens_of(text))
        self.at = 0
        self.terms = 0

    def alternatives(self, depth: int) -> Query:
        """Read what OR stands between."""
        parts = [self._joined(depth)]
        while self._next() is Sign.OR:
            self.at += 1
            parts.append(self._joined(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def fault(self, why: str, advice: str) -> InvalidQuery:
        """Give what is wrong at the token that is next, or at the end."""
        place = self.tokens[self.at].place if self.at < len(self.tokens) else len(self.text)
        return InvalidQuery(self.text, why, position=place, advice=advice)

    def _next(self) -> Sign | Term | None:
        return self.tokens[self.at].what if self.at < len(self.tokens) else None

    def _joined(self, depth: int) -> Query:
        parts = [self._part(depth)]
        while self._next() not in (None, Sign.OR, Sign.CLOSE):
            if self._next() is Sign.AND:
                self.at += 1
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _part(self, depth: int) -> Query:
        if depth > _DEEPEST:
            raise self.fault(f"it is nested more than {_DEEPEST} deep", "Write it flatter.")
        match self._next():
            case Sign.MINUS:
                self.at += 1
                return Not(self._part(depth + 1))
            case Sign.OPEN:
                return self._group(depth)
            case Term() as term:
                return self._term(term)
            case _:
                raise self.fault(
                    "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'
                )

    def _group(self, depth: int) -> Query:
        opened = self.at
        self.at += 1
        query = self.alternatives(depth + 1)
        if self._next() is not Sign.CLOSE:
            self.at = opened
            raise self.fault("this parenthesis is never closed", "Close it.")
        self.at += 1
        return query

    def _term(self, term: Term) -> Query:
        self.terms += 1
        if self.terms > _MOST_TERMS:
            raise self.fault(f"there are more than {_MOST_TERMS} terms", "Ask for less at a time.")
        self.at += 1
        return condition_of(term, self.text, self.zone)
