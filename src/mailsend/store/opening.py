"""The store's front door: opened by its URL, upgraded on purpose alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mailsend.errors import MissingExtra
from mailsend.model.secret import Secret
from mailsend.store.location import Location, StoreKind, read_location

if TYPE_CHECKING:
    from mailsend.store.store import Store

__all__ = ["open_store", "upgrade", "upgrade_sql"]


def open_store(url: str | Secret, *, secret_keys: Sequence[Secret] = ()) -> Store:
    """Give the store at ``url``: ``sqlite:///file``, ``postgresql+psycopg://…`` or ``memory:``.

    Nothing is connected or created before it is used; then a SQLite file is made where it is not there,
    for its owner alone, and gets its tables. ``secret_keys`` encrypt the passwords in it: the first makes, all read. Raises
    InvalidSettings for a URL that cannot be read, MissingExtra where its driver is not installed.
    """
    location = _located(url)
    from mailsend.store.database import Database
    from mailsend.store.store import Store

    return Store(Database(location), tuple(secret_keys))


def upgrade(url: str | Secret) -> tuple[str | None, str]:
    """Bring the tables at ``url`` up to date; give the revision before, None for none, and after.

    A SQLite file is made, readable by its owner alone; a database of PostgreSQL has to be there.
    Raises as ``open_store`` does, and StoreError.
    """
    location = _located(url)
    from mailsend.store.upgrading import upgrade_at

    return upgrade_at(location)


def upgrade_sql(url: str | Secret) -> str:
    """Give the SQL that ``upgrade`` would run, and change nothing; raises as ``upgrade`` does."""
    location = _located(url)
    from mailsend.store.upgrading import missing_sql

    return missing_sql(location)


def _located(url: str | Secret) -> Location:
    location = read_location(url)
    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        raise MissingExtra("store", needed_for="the store")
    if location.kind is StoreKind.POSTGRESQL and find_spec("psycopg") is None:
        raise MissingExtra("postgres", needed_for="a store in PostgreSQL")
    return location
