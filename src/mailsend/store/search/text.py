"""Texts compared in SQL: patterns with gaps, without regard to case, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, or_, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement, bindparam

from mailsend.model.query import Pattern

__all__ = ["begins_with", "in_json", "like", "unindexed"]

_SPECIAL: Final = re.compile(r"[\\%_]")
# Databases fold ASCII; of other letters, these spellings of a pattern are looked for.
_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (str, str.lower, str.upper, str.title)
_LAST: Final = "\U0010ffff"
_BEFORE_SURROGATES: Final = "\ud7ff"


def like(column: ColumnElement[str], pattern: Pattern, *, within: bool = False) -> ColumnElement[bool]:
    """Say that the text is of this pattern, in any case; ``within``: that some piece of it is."""
    return or_(*[_Like(column, bindparam(None, one)) for one in _written(pattern, within=within)])


def begins_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Say that the text begins so, in this case: an index on the column answers it."""
    return _BeginsWith(
        column,
        bindparam(None, prefix),
        bindparam(None, _behind(prefix)),
        bindparam(None, f"{_escaped(prefix)}%"),
    )


def in_json(column: ColumnElement[str], pattern: Pattern) -> ColumnElement[bool]:
    """Say that one of the texts in a JSON list is of this pattern, in any case."""
    # PostgreSQL compares what is written there, since it refuses to read some of what may be (\\u0000).
    inside = Pattern(tuple(json.dumps(one, ensure_ascii=False)[1:-1] for one in pattern.parts))
    both = zip(_written(pattern, within=False), _written(inside, within=False), strict=True)
    return or_(*[_InJson(column, bindparam(None, one), bindparam(None, f'"{two}"')) for one, two in both])


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a column that SQLite looks for in no index, since a better way to the row is known."""
    return type_coerce(_Unindexed(column), column.type)


def _written(pattern: Pattern, *, within: bool) -> Iterable[str]:
    parts = ("", *pattern.parts, "") if within else pattern.parts
    whole = "".join(parts)
    spellings = _SPELLINGS[:1] if whole.isascii() else _SPELLINGS
    return dict.fromkeys("%".join(_escaped(spelling(one)) for one in parts) for spelling in spellings)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _behind(prefix: str) -> str:
    """Give the first text, by code points, that is behind all that begin so."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return _LAST * 4
    last = "\ue000" if kept[-1] == _BEFORE_SURROGATES else chr(ord(kept[-1]) + 1)
    return kept[:-1] + last


class _Condition(FunctionElement[bool]):
    """What is true or false by itself: SQLAlchemy would compare it with 1, and no index would be used."""

    inherit_cache = True
    type = Boolean()
    _is_implicitly_boolean = True


class _Like(_Condition):
    inherit_cache = True


class _BeginsWith(_Condition):
    inherit_cache = True


class _InJson(_Condition):
    inherit_cache = True


class _Unindexed(FunctionElement[Any]):
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: Any, **how: Any) -> list[str]:
    return [compiler.process(one, **how) for one in element.clauses]


@compiles(_Like, "sqlite")
def _(element: _Like, compiler: Any, **how: Any) -> str:
    column, pattern = _parts(element, compiler, **how)
    return rf"({column} LIKE {pattern} ESCAPE '\')"


@compiles(_Like)
def _(element: _Like, compiler: Any, **how: Any) -> str:
    column, pattern = _parts(element, compiler, **how)
    return f"({column} ILIKE {pattern})"


# By code points, as SQLite's index is ordered.
@compiles(_BeginsWith, "sqlite")
def _(element: _BeginsWith, compiler: Any, **how: Any) -> str:
    column, first, behind, _ = element.clauses
    process = compiler.process
    return f"({process(column, **how)} >= {process(first, **how)} AND {process(column, **how)} < {process(behind, **how)})"


@compiles(_BeginsWith)
def _(element: _BeginsWith, compiler: Any, **how: Any) -> str:
    column, _, _, pattern = element.clauses
    return f"({compiler.process(column, **how)} LIKE {compiler.process(pattern, **how)})"


@compiles(_InJson, "sqlite")
def _(element: _InJson, compiler: Any, **how: Any) -> str:
    column, pattern, _ = element.clauses
    process = compiler.process
    each = f"json_each({process(column, **how)}) AS one"
    return rf"EXISTS (SELECT 1 FROM {each} WHERE one.value LIKE {process(pattern, **how)} ESCAPE '\')"  # noqa: S608 - values are bound


@compiles(_InJson)
def _(element: _InJson, compiler: Any, **how: Any) -> str:
    column, _, pattern = element.clauses
    process = compiler.process
    each = f"json_array_elements({process(column, **how)}::json) AS one(value)"
    return f"EXISTS (SELECT 1 FROM {each} WHERE one.value::text ILIKE {process(pattern, **how)})"  # noqa: S608 - values are bound


@compiles(_Unindexed, "sqlite")
def _(element: _Unindexed, compiler: Any, **how: Any) -> str:
    (column,) = _parts(element, compiler, **how)
    return f"+{column}"


@compiles(_Unindexed)
def _(element: _Unindexed, compiler: Any, **how: Any) -> str:
    (column,) = _parts(element, compiler, **how)
    return column
