"""The tables brought up to date by Alembic; nothing else ever changes them."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from mailsend.errors import StoreError
from mailsend.store.engine import advisory_lock, engine_at
from mailsend.store.failures import told
from mailsend.store.location import Location, StoreKind
from mailsend.store.revision import refuse_newer, revision_of
from mailsend.store.schema import REVISION

__all__ = ["missing_sql", "upgrade_at"]

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
_OWNER_ONLY: Final = 0o600
_turn = threading.Lock()  # Alembic's `op` and `context` are one per process


def upgrade_at(location: Location) -> tuple[str | None, str]:
    """Bring the tables up to date in one transaction; give the revision before and after.

    A SQLite file that is not there is made, for its owner alone. Several processes take turns.
    """
    if location.kind is StoreKind.MEMORY:
        return REVISION, REVISION
    if location.path is not None:
        _make_file(location.path)
    with _turn, _connected(location) as connection:
        if location.kind is StoreKind.SQLITE:
            # Not possible within a transaction; it stays with the file.
            connection.connection.driver_connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[union-attr]  # it is open
        with connection.begin():
            if location.kind is StoreKind.POSTGRESQL:
                advisory_lock(connection, "upgrade")
            before = revision_of(connection)
            refuse_newer(before, location)
            config = _config(connection.dialect.name)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, REVISION


def missing_sql(location: Location) -> str:
    """Give the SQL that ``upgrade_at`` would run, for whoever runs it by hand; nothing is changed."""
    if location.kind is StoreKind.MEMORY:
        return ""
    before = None
    if location.path is None or location.path.is_file():
        with _connected(location) as connection:
            before = revision_of(connection)
    refuse_newer(before, location)
    if before == REVISION:
        return ""
    written = io.StringIO()
    config = _config("postgresql" if location.kind is StoreKind.POSTGRESQL else "sqlite", written)
    with _turn:
        command.upgrade(config, f"{before or 'base'}:head", sql=True)
    return written.getvalue()


def _config(dialect: str, output: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["dialect"] = dialect
    return config


@contextlib.contextmanager
def _connected(location: Location) -> Iterator[Connection]:
    engine = engine_at(location)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as problem:
        raise told(problem, location) from problem
    finally:
        engine.dispose()


def _make_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    except FileExistsError:
        pass
    except OSError as problem:
        raise StoreError(
            f"the store {path} cannot be made: {problem.strerror}",
            advice="Name a file in a folder that is there, and that this user may write to.",
        ) from problem


def _after_fork() -> None:
    global _turn  # noqa: PLW0603 - the parent's lock may be held by a thread that does not exist here
    _turn = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
