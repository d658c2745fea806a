"""The store's files written anew, so that what was taken out is nowhere in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailsend.errors import StoreError
from mailsend.store.engine import READS
from mailsend.store.location import StoreKind
from mailsend.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailsend.store.database import Database

__all__ = ["advice_for", "compact"]

_PATIENCE: Final = 5000  # milliseconds that others have to end what they read
_TRUNCATE: Final = "PRAGMA wal_checkpoint(TRUNCATE)"


def compact(database: Database) -> bool:
    """Write the files anew; say whether nothing of what was taken out is left in them.

    SQLite waits some seconds for other programs that write or read. PostgreSQL locks each table while
    it is written. What others hold in use is left as it is: what was to be taken out is out.
    """
    kind = database.location.kind
    if kind is StoreKind.MEMORY:
        return True

    def work(connection: Connection) -> bool:
        alone = connection.execution_options(**READS[kind])
        if kind is StoreKind.POSTGRESQL:
            alone.exec_driver_sql(_full())
            return True
        alone.exec_driver_sql("VACUUM")
        alone.exec_driver_sql(f"PRAGMA busy_timeout = {_PATIENCE}")
        busy = alone.exec_driver_sql(_TRUNCATE).scalar_one()
        return not busy

    try:
        done: bool = database.run(work)
    except StoreError:
        return False
    return done


def advice_for(kind: StoreKind) -> str:
    """Say what is to be done where the files were not written anew."""
    if kind is StoreKind.POSTGRESQL:
        return f"Run when it may lock these tables: {_full()}"
    return "The files still hold what was there: once no other program reads them, erase again (--compact)."


def _full() -> str:
    return f"VACUUM (FULL) {', '.join(sorted(metadata.tables))};"
