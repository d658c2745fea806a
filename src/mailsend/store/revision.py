"""Which revision of the tables a database has, and whether this version can work with it."""

from __future__ import annotations

import time
import uuid

from sqlalchemy import Connection, Engine, inspect

from mailsend.errors import StoreError
from mailsend.store.location import Location
from mailsend.store.schema import REVISION, REVISIONS, VERSION_TABLE, metadata
from mailsend.store.schema.upkeep import identity

__all__ = ["check", "create_all", "refuse_newer", "revision_of"]


def revision_of(connection: Connection) -> str | None:
    """Give the revision that Alembic noted; None where there are no tables of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 - a name of ours
    return None if found is None else str(found)


def check(connection: Connection, location: Location) -> None:
    """Raise StoreError unless the tables are those of this version."""
    found = revision_of(connection)
    if found == REVISION:
        return
    refuse_newer(found, location)
    raise StoreError(
        f"the store {location.shown} has no tables yet"
        if found is None
        else f"the store {location.shown} has the tables of revision {found}; {REVISION} is needed",
        advice="Bring it up to date: mailsend store upgrade.",
    )


def refuse_newer(found: str | None, location: Location) -> None:
    """Raise StoreError for a revision that this version has never heard of."""
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"the store {location.shown} has the tables of revision {found}, made by a newer mailsend"
            f" than this one, which knows {REVISION}",
            advice="Install the version of mailsend that upgraded it, or a later one.",
        )


def create_all(engine: Engine) -> None:
    """Make all tables at once, as a store in memory needs them; a test says that migrations make the same."""
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql(f"INSERT INTO {VERSION_TABLE} VALUES ('{REVISION}')")  # noqa: S608 - likewise
        made = {"id": 1, "uuid": str(uuid.uuid4()), "made_at": time.time_ns() // 1000}  # noqa: TID251 - it is made once
        connection.execute(identity.insert().values(made))
