"""What happens in the log from a moment on: mails that come, are tried, and are acted upon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import ColumnElement, and_, func, select

from mailsend.model.query import Query
from mailsend.store.reading import LISTED, mails_with
from mailsend.store.schema.mails import attempt, event, message
from mailsend.store.search import condition
from mailsend.store.times import MICROSECONDS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailsend.model.stored_mail import StoredMail
    from mailsend.store.database import Database, Transaction

__all__ = ["Following"]

# Rows may be committed in another order than they were numbered in: so far back they are looked for.
_ROWS_BACK: Final = 200
_TIME_BACK: Final = 10 * MICROSECONDS
_AT_ONCE: Final = 500


@final
class Following:
    """Knows what of the log was told already; it begins with what happens after it was made."""

    def __init__(self, database: Database, query: Query) -> None:
        self._database = database
        self._query = query
        self._ends = (
            _End(message.c.queued_at, message.c.id, message.c.id, _TIME_BACK),
            _End(attempt.c.id, attempt.c.id, attempt.c.message, _ROWS_BACK),
            _End(event.c.id, event.c.id, event.c.message, _ROWS_BACK),
        )
        database.looking(lambda transaction: [one.new(transaction.connection) for one in self._ends])

    def look(self, *, now: datetime, attempts: bool = False) -> tuple[StoredMail, ...]:
        """Give the mails that ``query`` finds and to which something happened since the last look.

        Each stands there once, as it is now; that which was queued first comes first.
        """

        def work(transaction: Transaction) -> list[StoredMail]:
            new = [one.new(transaction.connection) for one in self._ends]
            ids = sorted({one for some in new for one in some if one})
            return [
                mail
                for at in range(0, len(ids), _AT_ONCE)
                for mail in self._found(transaction, ids[at : at + _AT_ONCE], now, attempts=attempts)
            ]

        return tuple(sorted(self._database.looking(work), key=lambda mail: (mail.queued_at, mail.id)))

    def _found(
        self, transaction: Transaction, ids: Iterable[str], now: datetime, *, attempts: bool
    ) -> Iterable[StoredMail]:
        asked = and_(message.c.id.in_(ids), condition(self._query, now=now, driven=True))
        rows = transaction.connection.execute(select(*LISTED).where(asked)).fetchall()
        return mails_with(transaction, rows, attempts=attempts)


class _End:
    """The end of one table, as it was seen last."""

    def __init__(
        self, order: ColumnElement[int], key: ColumnElement[Any], mail: ColumnElement[str], back: int
    ) -> None:
        self._order = order
        self._rows = select(order, key, mail)
        self._back = back
        self._from: int | None = None
        self._seen: frozenset[Any] = frozenset()

    def new(self, connection: Connection) -> list[str]:
        """Give the mails of the rows that were not there at the last look; of none at the first."""
        first = self._from is None
        if self._from is None:
            self._from = (connection.scalar(select(func.max(self._order))) or 0) - self._back
        rows = connection.execute(self._rows.where(self._order > self._from)).fetchall()
        found = [] if first else [mail for _, key, mail in rows if key not in self._seen]
        self._from = max(self._from, max((order for order, _, _ in rows), default=0) - self._back)
        self._seen = frozenset(key for _, key, _ in rows)
        return found
