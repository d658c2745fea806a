"""Connections to the store: kept, one transaction each time, forgotten by a forked child."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from mailsend.errors import StoreError
from mailsend.store.engine import READS, advisory_lock, engine_at
from mailsend.store.failures import told
from mailsend.store.first_use import make_at_first_use
from mailsend.store.forgetting import forgotten
from mailsend.store.fork_gate import FORK_GATE
from mailsend.store.location import Location, StoreKind
from mailsend.store.revision import check, create_all

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from mailsend.store.statement import Statement

__all__ = ["Database", "Transaction"]

T = TypeVar("T")

_KEPT: Final = 8  # connections that wait, for reading and for writing each
_all: weakref.WeakSet[Database] = weakref.WeakSet()


class Transaction:
    """What runs statements within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, statement: Statement, **values: Any) -> Sequence[Any]:
        """Run ``statement``; give its rows."""
        return statement.run(self._connection, values)

    def run_many(self, statement: Statement, rows: Sequence[dict[str, Any]]) -> int:
        """Run ``statement`` once for each of ``rows``; give how many rows of the table changed."""
        return statement.run_many(self._connection, rows)

    @property
    def connection(self) -> Connection:
        """The connection itself, for what is built anew each time, as a search is."""
        return self._connection


class _Opened:
    """What one process has open."""

    def __init__(self, location: Location) -> None:
        self.engine: Engine = engine_at(location)
        self.reading: deque[Connection] = deque()
        self.writing: deque[Connection] = deque()
        self.checked = False


class Database:
    """The store's database for one process; its methods may be called by several threads at once.

    Nothing is opened before it is used, nor by a process that only inherited it.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._closed = False
        self._lock = threading.Lock()
        self._only = threading.RLock()
        self._open: _Opened | None = None
        _all.add(self)

    def read(self, statement: Statement, **values: Any) -> Sequence[Any]:
        """Run one query by itself; give its rows."""
        return self.looking(lambda transaction: transaction.run(statement, **values))

    def looking(self, work: Callable[[Transaction], T]) -> T:
        """Give what ``work`` reads; it is done again where a connection was lost while it waited."""
        with self._alone():
            while True:
                opened, connection, waited = self._take(reading=True)
                try:
                    found = work(Transaction(connection))
                    connection.rollback()
                except SQLAlchemyError as problem:
                    lost = connection.invalidated
                    _discard(connection)
                    if waited and lost:
                        continue
                    raise told(problem, self.location) from problem
                except BaseException:
                    _discard(connection)
                    raise
                _keep(opened.reading, connection)
                return found

    @contextlib.contextmanager
    def writing(self, topic: str | None = None) -> Iterator[Transaction]:
        """Give a transaction; committed at the end, undone by an error.

        It is alone with its ``topic``; without one, rows alone are locked as they are written.
        """
        with self._alone():
            opened, connection = self._begin(topic)
            try:
                yield Transaction(connection)
                connection.commit()
            except SQLAlchemyError as problem:
                _discard(connection)
                raise told(problem, self.location) from problem
            except BaseException:
                _discard(connection)
                raise
            _keep(opened.writing, connection)

    def run(self, work: Callable[[Connection], Any]) -> Any:
        """Give what ``work`` makes of a connection, without asking whether the tables are there."""
        with self._alone():
            try:
                with self._opened().engine.connect() as connection:
                    return work(connection)
            except SQLAlchemyError as problem:
                raise told(problem, self.location) from problem

    def close(self) -> None:
        """Close what this process opened; a second time it does nothing."""
        with self._lock:
            opened, self._open, self._closed = self._open, None, True
        if opened is None:
            return
        for connection in (*opened.reading, *opened.writing):
            _discard(connection)
        opened.engine.dispose()

    def forget(self) -> None:
        """Let go of what the parent process has open, and close none of it."""
        if self._open is not None:
            forgotten(self._open)
        self._open = None
        # A thread of the parent's may hold these, and it does not exist here.
        self._lock = threading.Lock()
        self._only = threading.RLock()

    def _alone(self) -> contextlib.AbstractContextManager[Any]:
        """Give what is held around each use: a store in memory has a single connection, SQLite bears no fork."""
        match self.location.kind:
            case StoreKind.MEMORY:
                return self._only
            case StoreKind.SQLITE:
                return FORK_GATE
            case _:
                return contextlib.nullcontext()

    def _opened(self) -> _Opened:
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", advice="Open it anew.")
            if self._open is None:
                opened = _Opened(self.location)
                if self.location.kind is StoreKind.MEMORY:
                    create_all(opened.engine)
                self._open = opened
            return self._open

    def _take(self, *, reading: bool) -> tuple[_Opened, Connection, bool]:
        """Give a connection, and whether it waited for this since an earlier use."""
        opened = self._opened()
        try:
            return opened, (opened.reading if reading else opened.writing).pop(), True
        except IndexError:
            pass
        if not opened.checked and self.location.kind is StoreKind.SQLITE:
            make_at_first_use(self.location)
        try:
            connection = opened.engine.connect()
        except SQLAlchemyError as problem:
            raise told(problem, self.location) from problem
        try:
            if reading:
                connection = connection.execution_options(**READS[self.location.kind])
            if not opened.checked:
                check(connection, self.location)
                connection.rollback()
                opened.checked = True
        except SQLAlchemyError as problem:
            _discard(connection)
            raise told(problem, self.location) from problem
        except StoreError:
            _discard(connection)
            raise
        return opened, connection, False

    def _begin(self, topic: str | None) -> tuple[_Opened, Connection]:
        while True:
            opened, connection, waited = self._take(reading=False)
            try:
                connection.begin()
                if topic is not None and self.location.kind is StoreKind.POSTGRESQL:
                    advisory_lock(connection, topic)
            except SQLAlchemyError as problem:
                lost = connection.invalidated
                _discard(connection)
                if waited and lost:
                    continue
                raise told(problem, self.location) from problem
            return opened, connection


def _keep(kept: deque[Connection], connection: Connection) -> None:
    if len(kept) < _KEPT:
        kept.append(connection)
    else:
        _discard(connection)


def _discard(connection: Connection) -> None:
    """Undo what is open on it, and close it; where it is lost there is nothing left to do."""
    with contextlib.suppress(SQLAlchemyError):
        connection.close()


def _after_fork() -> None:
    for one in list(_all):
        one.forget()


os.register_at_fork(after_in_child=_after_fork)
