"""Statements run by the driver itself: what SQLAlchemy does around each costs more than most of them do."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect

    from mailsend.store.statement import Compiled

__all__ = ["Direct", "Guest"]

_BEGIN: Final = "BEGIN IMMEDIATE"


@final
class Direct:
    """One of our own connections. Its errors are SQLAlchemy's, so that all of them are told alike."""

    def __init__(self, connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        driver: Any = connection.dialect.loaded_dbapi
        self.connection: Final = connection
        self.dialect: Dialect = connection.dialect
        self._raw: Final = raw
        self._error: Final[type[Exception]] = driver.Error
        self._cursor: Callable[[], Any] = raw.cursor
        self._spoken_to: Callable[[], bool] | None = None
        self.libpq: Any = None  # what asks without waiting, where this is PostgreSQL in UTF-8
        self.prepared: Final[dict[Compiled, bytes]] = {}  # the names of what was asked so
        if connection.dialect.driver == "psycopg":
            self._spoken_to = _hears_at(raw.fileno())
            # It would read each statement of more than fifty values anew, to number them.
            numbering: Any = type(connection.dialect)
            self.dialect = numbering(paramstyle="numeric_dollar")
            self._cursor = lambda: driver.RawCursor(raw)
            if raw.info.encoding == "utf-8":
                self.libpq = raw.pgconn

    @property
    def is_stale(self) -> bool:
        """Whether its server said something while nobody asked: most likely that it ended."""
        return self._spoken_to is not None and self._spoken_to()

    def run(self, statement: Compiled, values: dict[str, Any] | tuple[Any, ...]) -> Sequence[Any]:
        """Run it; give its rows as named tuples."""
        cursor, found = self._execute(statement.text, statement.arranged(values))
        return statement.named(cursor.description, found) if found else ()

    def run_many(self, statement: Compiled, rows: Sequence[dict[str, Any]]) -> int:
        """Run it for each of ``rows``; give how many rows of the table it changed in all."""
        changed, done = 0, 0
        if at_once := statement.at_once:
            # SQLite's driver lets Python's lock go for each statement, and other threads take it.
            for done in range(at_once, len(rows) + 1, at_once):
                values = [one for row in rows[done - at_once : done] for one in statement.arranged(row)]
                changed += self._execute(statement.wide, values)[0].rowcount
        rest = rows[done:] if done else rows
        if len(rest) == 1:  # drivers take more trouble over many
            changed += self._execute(statement.text, statement.arranged(rest[0]))[0].rowcount
        elif rest:
            every = [statement.arranged(one) for one in rest]
            changed += self._execute(statement.text, every, many=True)[0].rowcount
        return changed

    def begin_at_once(self) -> None:
        """Take SQLite's one place for writers now: a reader that turns writer may be refused."""
        self._execute(_BEGIN, ())

    def commit(self) -> None:
        """Commit what was run, here or by SQLAlchemy."""
        try:
            self._raw.commit()
        except self._error as problem:
            raise self._told(problem, None, "COMMIT") from problem
        if self.connection.in_transaction():
            self.connection.commit()  # nothing is left to do but to know it

    def _execute(self, text: str, values: Any, *, many: bool = False) -> tuple[Any, Sequence[Any]]:
        cursor = self._cursor()
        try:
            if many:
                cursor.executemany(text, values)
            else:
                cursor.execute(text, values)
            return cursor, cursor.fetchall() if cursor.description else ()
        except self._error as problem:
            raise self._told(problem, cursor, text) from problem

    def _told(self, problem: Exception, cursor: Any, text: str) -> BaseException:
        """Give the error that SQLAlchemy would raise, and let it know where the connection is lost."""
        dialect: Any = self.connection.dialect
        lost: bool = dialect.is_disconnect(problem, self._raw, cursor)
        if lost:
            self.connection.invalidate(problem)
        return DBAPIError.instance(
            text,
            None,
            problem,
            self._error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        )

    def broken_by(self, problem: Exception) -> DBAPIError:
        """Give up a connection on which nothing more can be said; give the error that tells it."""
        self.connection.invalidate(problem)
        return DBAPIError(None, None, problem, hide_parameters=True, connection_invalidated=True)

    @property
    def ended(self) -> Exception:
        """The driver's error for a connection that its server has ended."""
        driver: Any = self.connection.dialect.loaded_dbapi
        problem: Exception = driver.OperationalError("the connection is lost")
        return problem


@final
class Guest:
    """A caller's connection: SQLAlchemy runs each statement there, as it does the caller's own."""

    def __init__(self, connection: Connection) -> None:
        self.connection: Final = connection
        self.dialect: Final = connection.dialect

    def run(self, statement: Compiled, values: dict[str, Any] | tuple[Any, ...]) -> Sequence[Any]:
        """Run it; give its rows as named tuples."""
        result = self.connection.exec_driver_sql(statement.text, statement.arranged(values))
        return result.fetchall() if result.returns_rows else ()

    def run_many(self, statement: Compiled, rows: Sequence[dict[str, Any]]) -> int:
        """Run it for each of ``rows``; give how many rows of the table it changed in all."""
        arranged = [statement.arranged(one) for one in rows]
        return self.connection.exec_driver_sql(statement.text, arranged).rowcount


def _hears_at(socket: int) -> Callable[[], bool]:
    """Give what looks, without waiting, whether there is something to read, or an end."""
    if not hasattr(select, "poll"):  # as on Windows
        return lambda: bool(select.select([socket], (), (), 0)[0])
    ear = select.poll()
    ear.register(socket, select.POLLIN)
    return lambda: bool(ear.poll(0))
