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
from mailsend.store.direct import Direct, Guest
from mailsend.store.engine import READS, advisory_lock, engine_at
from mailsend.store.failures import told
from mailsend.store.first_use import make_at_first_use
from mailsend.store.forgetting import forgotten
from mailsend.store.fork_gate import FORK_GATE
from mailsend.store.lending import Lending
from mailsend.store.location import Location, StoreKind
from mailsend.store.revision import check, create_all
from mailsend.store.same_file import SameFile

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from sqlalchemy import Connection, Engine

    from mailsend.store.statement import Statement

__all__ = ["Database", "Transaction"]

T = TypeVar("T")

_KEPT: Final = 8  # connections that wait, for reading and for writing each
_all: weakref.WeakSet[Database] = weakref.WeakSet()


class Transaction:
    """What runs statements within one transaction."""

    __slots__ = ("_ground",)

    def __init__(self, ground: Direct | Guest) -> None:
        self._ground: Final = ground

    def run(self, statement: Statement, **values: Any) -> Sequence[Any]:
        """Run ``statement``; give its rows."""
        return statement.run(self._ground, values)

    def run_arranged(self, statement: Statement, values: tuple[Any, ...]) -> Sequence[Any]:
        """Run ``statement`` with all of its values in its own order, on PostgreSQL; give its rows."""
        return statement.run(self._ground, values)

    def run_many(self, statement: Statement, rows: Sequence[dict[str, Any]]) -> int:
        """Run ``statement`` once for each of ``rows``; give how many rows of the table changed."""
        return statement.run_many(self._ground, rows)

    @property
    def connection(self) -> Connection:
        """The connection itself, for what is built anew each time, as a search is."""
        return self._ground.connection


class _Opened:
    """What one process has open."""

    def __init__(self, location: Location) -> None:
        self.engine: Engine = engine_at(location)
        self.reading: deque[Direct] = deque()
        self.writing: deque[Direct] = deque()
        self.checked = False
        self.file = SameFile(location)


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
        self.lending = Lending()
        _all.add(self)

    @property
    def is_far(self) -> bool:
        """Whether each statement goes to a server and back, and is committed there when it is by itself."""
        return self.location.kind is StoreKind.POSTGRESQL

    def read(self, statement: Statement, **values: Any) -> Sequence[Any]:
        """Run one query by itself; give its rows."""
        return self.looking(lambda transaction: transaction.run(statement, **values))

    def at_one_stroke(self, work: Callable[[Transaction], T]) -> T:
        """Give what ``work`` writes by a single statement, which is its own commit where this ``is_far``."""
        return self._outside_transactions(work, again=False)

    def looking(self, work: Callable[[Transaction], T]) -> T:
        """Give what ``work`` reads; it is done again where a connection was lost while it waited."""
        return self._outside_transactions(work, again=True)

    def lend(self, loop: AbstractEventLoop) -> Direct | None:
        """Give a connection that waits for what is its own commit, and can be asked without waiting.

        None where there is none, or where this is not ``is_far``. It is to be taken back by ``loop``.
        """
        opened = self._open
        if opened is None or not self.is_far:
            return None
        with contextlib.suppress(IndexError):
            while (direct := opened.reading.pop()).is_stale:
                _discard(direct)
            if direct.libpq is not None:
                self.lending.lent(direct, loop)
                return direct
            _keep(opened.reading, direct)
        return None

    def take_back(self, direct: Direct, *, is_sound: bool = True) -> None:
        """Keep what was lent, where this is still open and nothing went wrong with it."""
        self.lending.returned(direct)
        opened = self._open
        if is_sound and opened is not None and self.has_opened(direct):
            _keep(opened.reading, direct)
        else:
            _discard(direct)

    def has_opened(self, direct: Direct) -> bool:
        """Whether it is one of those that are open now."""
        return self._open is not None and self._open.engine is direct.connection.engine

    def _outside_transactions(self, work: Callable[[Transaction], T], *, again: bool) -> T:
        with self._alone():
            while True:
                opened, direct, waited = self._take(reading=True)
                try:
                    found = work(Transaction(direct))
                    direct.connection.rollback()
                except SQLAlchemyError as problem:
                    lost = direct.connection.invalidated
                    _discard(direct)
                    if waited and lost and again:
                        continue
                    raise told(problem, self.location) from problem
                except BaseException:
                    _discard(direct)
                    raise
                _keep(opened.reading, direct)
                return found

    @contextlib.contextmanager
    def writing(self, topic: str | None = None) -> Iterator[Transaction]:
        """Give a transaction; committed at the end, undone by an error.

        It is alone with its ``topic``; without one, rows alone are locked as they are written.
        """
        with self._alone():
            opened, direct = self._begin(topic)
            try:
                yield Transaction(direct)
                direct.commit()
            except SQLAlchemyError as problem:
                _discard(direct)
                raise told(problem, self.location) from problem
            except BaseException:
                _discard(direct)
                raise
            _keep(opened.writing, direct)

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
        self.lending.end()
        if opened is None:
            return
        for direct in (*opened.reading, *opened.writing):
            _discard(direct)
        opened.engine.dispose()

    def forget(self) -> None:
        """Let go of what the parent process has open, and close none of it."""
        if self._open is not None:
            forgotten(self._open)
        forgotten(self.lending)
        self._open, self.lending = None, Lending()
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

    def _take(self, *, reading: bool) -> tuple[_Opened, Direct, bool]:
        """Give a connection, and whether it waited for this since an earlier use."""
        opened = self._opened()
        opened.file.check()
        kept = opened.reading if reading else opened.writing
        with contextlib.suppress(IndexError):
            while (direct := kept.pop()).is_stale:
                _discard(direct)
            return opened, direct, True
        if not opened.checked and self.location.kind is StoreKind.SQLITE:
            make_at_first_use(self.location)
        try:
            direct = Direct(opened.engine.connect())
        except SQLAlchemyError as problem:
            raise told(problem, self.location) from problem
        try:
            # SQLite's transactions we begin ourselves.
            if reading or self.location.kind is not StoreKind.POSTGRESQL:
                direct.connection.execution_options(**READS[self.location.kind])
            if not opened.checked:
                check(direct.connection, self.location)
                direct.connection.rollback()
                opened.file.know()
                opened.checked = True
        except SQLAlchemyError as problem:
            _discard(direct)
            raise told(problem, self.location) from problem
        except StoreError:
            _discard(direct)
            raise
        return opened, direct, False

    def _begin(self, topic: str | None) -> tuple[_Opened, Direct]:
        while True:
            opened, direct, waited = self._take(reading=False)
            try:
                if self.location.kind is not StoreKind.POSTGRESQL:  # there it begins by itself
                    direct.begin_at_once()
                elif topic is not None:
                    advisory_lock(direct.connection, topic)
            except SQLAlchemyError as problem:
                lost = direct.connection.invalidated
                _discard(direct)
                if waited and lost:
                    continue
                raise told(problem, self.location) from problem
            return opened, direct


def _keep(kept: deque[Direct], direct: Direct) -> None:
    if len(kept) < _KEPT:
        kept.append(direct)
    else:
        _discard(direct)


def _discard(direct: Direct) -> None:
    """Undo what is open on it, and close it; where it is lost there is nothing left to do."""
    with contextlib.suppress(SQLAlchemyError):
        direct.connection.close()


def _after_fork() -> None:
    for one in list(_all):
        one.forget()


os.register_at_fork(after_in_child=_after_fork)
