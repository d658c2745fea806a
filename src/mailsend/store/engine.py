"""How each kind of database is opened, and how a writer is alone with what it writes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, StaticPool, create_engine, event

from mailsend.errors import StoreError
from mailsend.store.location import Location, StoreKind

__all__ = ["READS", "advisory_lock", "engine_at"]

_CHECKPOINT: Final = "wal_autocheckpoint = 4000"  # pages of 4 KiB: mails fill four times as many as rows do
_PATIENCE: Final = 10  # seconds that a writer waits for another one, and a client for the server
_SILENCE: Final = 30  # seconds after which a host that acknowledges nothing is taken for gone
_PATIENCE_WITH_LOCKS: Final = 3  # seconds
# A query by itself needs no transaction around it.
_NO_BEGIN: Final = "mailsend_no_begin"
READS: Final[Mapping[StoreKind, Mapping[str, Any]]] = {
    StoreKind.SQLITE: {_NO_BEGIN: True},
    StoreKind.MEMORY: {_NO_BEGIN: True},
    StoreKind.POSTGRESQL: {"isolation_level": "AUTOCOMMIT"},
}


def engine_at(location: Location) -> Engine:
    """Give an engine that keeps no connections of its own; its errors and log hide all values."""
    if location.kind is StoreKind.POSTGRESQL:
        return _postgresql(location)
    memory = location.kind is StoreKind.MEMORY
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _sqlite(location),
        poolclass=StaticPool if memory else NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin_at_once)
    return engine


def advisory_lock(connection: Connection, topic: str) -> None:
    """Wait until no other transaction on PostgreSQL holds ``topic``; let go at this one's end."""
    digest = hashlib.sha256(f"mailsend {topic}".encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:8], signed=True)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}s'")
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%(number)s)", {"number": number})


def _begin_at_once(connection: Connection) -> None:
    """Take SQLite's one place for writers now: a reader that turns writer may be refused."""
    if not connection.get_execution_options().get(_NO_BEGIN):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _sqlite(location: Location) -> sqlite3.Connection:
    name = ":memory:" if location.path is None else f"file:{quote(str(location.path.absolute()))}?mode=rw"
    if location.path is not None and not location.path.is_file():
        if location.path.exists():
            raise StoreError(
                f"the store {location.path} is no file", advice="Let application.store name a file."
            )
        raise StoreError(
            f"there is no store at {location.path}",
            advice="Make it: mailsend store upgrade. A relative path counts from the file that names it.",
        )
    connection = sqlite3.connect(
        name, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in ("synchronous = FULL", "foreign_keys = ON", _CHECKPOINT):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _postgresql(location: Location) -> Engine:
    url = URL.create(
        "postgresql+psycopg",
        username=location.user or None,
        password=location.password.reveal() or None,
        host=location.host or None,
        port=location.port,
        database=location.database,
        query=dict(location.query),
    )
    usual = {
        "connect_timeout": _PATIENCE,
        "fallback_application_name": "mailsend",
        # A host that is gone says nothing; otherwise its connections would be waited for a quarter of an hour.
        "tcp_user_timeout": _SILENCE * 1000,
        "keepalives_idle": _SILENCE,
    }
    given = {name for name, _ in location.query}
    engine = create_engine(
        url,
        connect_args={name: value for name, value in usual.items() if name not in given},
        poolclass=NullPool,
        hide_parameters=True,
    )
    if "options" not in given:
        event.listen(engine, "connect", _wait_briefly)
    return engine


def _wait_briefly(connection: Any, _: object) -> None:
    """Wait some seconds alone for what another transaction holds: all that this process writes waits meanwhile.

    A caller's own transaction may hold an idempotency key for as long as it likes.
    """
    connection.execute(f"SET lock_timeout = '{_PATIENCE_WITH_LOCKS}s'")
    connection.commit()  # else it ends with the first transaction that is undone
