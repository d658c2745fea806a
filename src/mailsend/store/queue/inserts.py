"""Insertions that never raise for a row that is there already: a clash must not spoil a caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Integer, text

from mailsend.model.frozen import FrozenDict
from mailsend.store.asking import Kind
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["insertion", "insertions", "kinds_of"]


def insertion(table: Table, *, but: tuple[str, ...] = (), giving: str = "") -> Statement:
    """Give ``INSERT … ON CONFLICT DO NOTHING`` for every column but those named.

    With ``giving`` it gives that column of the row where it was inserted, and nothing otherwise.
    """
    names = [one.name for one in table.columns if one.name not in but]
    returning = f' RETURNING "{giving}"' if giving else ""
    return Statement(text(_insert(table, names) + returning), widens=not giving)


def insertions(*tables: tuple[Table, Mapping[str, str]]) -> Statement:
    """Give one statement that does so in several tables, with a row for each; PostgreSQL alone knows it.

    Beside each table stand the names of its values, by column, where they are other names.
    """
    *first, last = [_insert(table, [one.name for one in table.columns], called) for table, called in tables]
    parts = ", ".join(f"part_{place} AS ({one})" for place, one in enumerate(first))
    return Statement(text(f"WITH {parts} {last}"))


def kinds_of(*tables: Table) -> tuple[Kind, ...]:
    """Give how the values of ``insertions`` are best told to PostgreSQL's server, in order."""
    columns = [column for table in tables for column in table.columns]
    return tuple([Kind.NUMBER if isinstance(one.type, Integer) else Kind.OCTETS for one in columns])


def _insert(table: Table, names: Sequence[str], called: Mapping[str, str] = FrozenDict()) -> str:
    columns = ", ".join(f'"{one}"' for one in names)
    values = ", ".join(f":{called.get(one, one)}" for one in names)
    return f"INSERT INTO {table.name} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of ours
