"""A mail put in by the caller's own transaction: it commits and rolls back with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import async_scoped_session
from sqlalchemy.orm import Session, scoped_session

from mailsend.errors import StoreError
from mailsend.store.database import Transaction
from mailsend.store.direct import Guest
from mailsend.store.queue.deposit import Deposit, Placed, place
from mailsend.store.schema.upkeep import identity

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["place_by", "run_with"]

_THERE: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'mailsend_store'",
    "postgresql": "SELECT to_regclass('mailsend_store')",
}
_UUID: Final = f"SELECT uuid FROM {identity.name} WHERE id = 1"  # noqa: S608 - a name of ours
_KINDS: Final = (
    "Give a Session or Connection of SQLAlchemy; to AsyncMailer an AsyncSession or AsyncConnection."
)

_known: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()
_waiting: WeakKeyDictionary[Session | Connection, list[Callable[[], object]]] = WeakKeyDictionary()


def place_by(
    given: object, deposits: list[Deposit], *, uuid: str, now: int, committed: Callable[[], object]
) -> list[Placed]:
    """Put mails in by a Session or Connection, and commit nothing; ``committed`` is called once that is done.

    ``now`` is in microseconds. Raises StoreError for another kind of object and for another database
    than that of the store with this ``uuid``, and IdempotencyConflict; none of them spoils the
    transaction.
    """
    given = _session_of(given)
    if isinstance(given, Session):
        connection = given.connection()
    elif isinstance(given, Connection):
        connection = given
    else:
        raise _no_connection(given)
    _refuse_another_store(connection, uuid)
    transaction = Transaction(Guest(connection))
    # The row of a limit is everybody's: it would be locked until the caller commits.
    placed = [place(transaction, replace(one, limit=None), now=now) for one in deposits]
    _call_after_commit(given, committed)
    return placed


def _call_after_commit(given: Session | Connection, committed: Callable[[], object]) -> None:
    """Have it called once, however often it was asked for; what listens stays, and listens once."""
    if given not in _waiting:
        _waiting[given] = []
        event.listen(given, "after_commit" if isinstance(given, Session) else "commit", _has_committed)
    if committed not in _waiting[given]:
        _waiting[given].append(committed)


def _has_committed(given: Session | Connection) -> None:
    if isinstance(given, Session) and given.in_nested_transaction():
        return  # a savepoint alone
    waiting = _waiting.get(given)
    while waiting:
        waiting.pop()()


async def run_with(given: Any, work: Callable[[object], Any]) -> Any:
    """Run ``work`` with what an AsyncSession or AsyncConnection wraps, on its own terms; raises StoreError."""
    run_sync = getattr(_session_of(given), "run_sync", None)
    if run_sync is None:
        raise _no_connection(given)
    return await run_sync(work)


def _session_of(given: Any) -> Any:
    """Give the session that a scoped one, as Flask-SQLAlchemy's ``db.session`` is, stands for here and now."""
    return given.registry() if isinstance(given, scoped_session | async_scoped_session) else given


def _no_connection(given: object) -> StoreError:
    kind = type(given)
    package = kind.__module__.partition(".")[0]
    whose = "" if package in ("builtins", "sqlalchemy") else f"{package}."  # others have a Connection, too
    return StoreError(f"a connection is expected, not {whose}{kind.__name__}", advice=_KINDS)


def _refuse_another_store(connection: Connection, uuid: str) -> None:
    """Raise StoreError unless this is the database that the workers look at."""
    # On PostgreSQL the same engine may lead to another schema each time.
    is_file = connection.dialect.name == "sqlite"
    found = _known.get(connection.engine) if is_file else None
    if found is None:
        asked = _THERE.get(connection.dialect.name)
        if asked is None:
            raise StoreError(f"a store is not kept in {connection.dialect.name}", advice=_KINDS)
        if not connection.exec_driver_sql(asked).scalar():
            raise StoreError(
                "this connection's database has no tables of mailsend",
                advice="Give a connection to the database that application.store names, or run there: mailsend store upgrade.",
            )
        found = str(connection.exec_driver_sql(_UUID).scalar())
        if is_file:
            _known[connection.engine] = found
    if found != uuid:
        raise StoreError(
            "this connection goes to another store than the one that the workers look at",
            advice="Let application.store name the database of your transactions, or enqueue without a connection.",
        )
