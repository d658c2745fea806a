"""A store in a SQLite file is made when it is first used; tables that are there are never changed by that."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Final
from urllib.parse import quote

from mailsend.store.location import Location
from mailsend.store.schema import VERSION_TABLE

__all__ = ["make_at_first_use"]

_THERE: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"


def make_at_first_use(location: Location) -> None:
    """Make the file, for its owner alone, and the tables, where there are none of ours; raises StoreError."""
    if not _has_tables(location):
        # Alembic is needed here alone: whoever has a store does not wait for it.
        from mailsend.store.upgrading import upgrade_at

        upgrade_at(location)


def _has_tables(location: Location) -> bool:
    """Say whether tables of ours are there; where the file cannot be read, whoever opens it says why."""
    path = location.path
    if path is None or not path.is_file():
        return path is None
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        ) as file:
            return bool(file.execute(_THERE, (VERSION_TABLE,)).fetchall())
    except sqlite3.Error:
        return True
