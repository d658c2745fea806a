"""Insertions that never raise for a row that is there already: a clash must not spoil a caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["insertion"]


def insertion(table: Table, *, but: tuple[str, ...] = (), giving: str = "") -> Statement:
    """Give ``INSERT … ON CONFLICT DO NOTHING`` for every column but those named.

    With ``giving`` it gives that column of the row where it was inserted, and nothing otherwise.
    """
    names = [one.name for one in table.columns if one.name not in but]
    columns = ", ".join(f'"{one}"' for one in names)
    values = ", ".join(f":{one}" for one in names)
    returning = f' RETURNING "{giving}"' if giving else ""
    return Statement(
        text(f"INSERT INTO {table.name} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING{returning}")  # noqa: S608 - names of ours
    )
