"""Several ids as one value: one statement for all of them, where a driver asks for each row anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

__all__ = ["is_among", "listed"]


def listed(ids: Iterable[str]) -> str:
    """Give ids as the value that ``is_among`` takes."""
    return json.dumps([*ids], separators=(",", ":"))


def is_among(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Give the condition that a column stands in the value ``name``."""
    return column.op("IN", is_comparison=True)(_Listed(bindparam(name)))


class _Listed(FunctionElement[Any]):
    """The texts of an array in JSON, as rows."""

    inherit_cache = True


@compiles(_Listed, "sqlite")
def _(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"  # noqa: S608 - values are bound


@compiles(_Listed)
def _(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS json)))"
