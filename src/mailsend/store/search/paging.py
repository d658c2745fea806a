"""What a query finds: page by page, newest first, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, func, literal_column, select, tuple_

from mailsend.errors import StoreError
from mailsend.model.mail_state import MailState
from mailsend.model.query import AnyOf, Key, Match, Pattern, Query
from mailsend.store.cursor import Cursor
from mailsend.store.schema.mails import message
from mailsend.store.search.conditions import condition
from mailsend.store.search.leaves import Frame
from mailsend.store.search.narrowing import narrowed

if TYPE_CHECKING:
    from sqlalchemy import Row

    from mailsend.store.database import Transaction

__all__ = ["OPEN", "Page", "count", "first_queued", "page"]

# What has not come to its end. Indexes lead to it past a log of any length, which no condition of a
# caller's own can know: write All((OPEN, query)).
OPEN: Final[Query] = AnyOf(
    tuple(Match(Key.STATE, Pattern((one,))) for one in (MailState.QUEUED, MailState.SENDING, MailState.HELD))
)


_LONGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and where the next page begins; None where there is none."""

    rows: tuple[Row[Any], ...]
    next: Cursor | None


def page(
    transaction: Transaction,
    query: Query,
    *,
    now: datetime,
    limit: int = 50,
    after: Cursor | None = None,
    columns: Sequence[ColumnElement[Any]] = (),
    where: ColumnElement[bool] | None = None,
) -> Page:
    """Give at most ``limit`` of the mails that ``query`` finds, newest first.

    The rows have ``columns`` of ``mailsend_message``, all without them. ``where`` has to hold besides.
    Raises StoreError for a ``limit`` below 0, which databases take for none, or above a million.
    """
    if not 0 <= limit <= _LONGEST:
        raise StoreError(f"a page of {limit} mails cannot be given", advice=f"Ask for 0 to {_LONGEST:,}.")
    frame, restriction = _restricted(transaction, query, now, where)
    if restriction is None:
        return Page((), None)
    queued_at, name = frame(message.c.queued_at), frame(message.c.id)
    if after is not None:
        restriction = and_(restriction, tuple_(queued_at, name) < tuple_(after.queued_at, after.id))
    wanted = (*(columns or message.c), message.c.queued_at.label("_queued_at"), message.c.id.label("_id"))
    statement = select(*wanted).where(restriction).order_by(queued_at.desc(), name.desc()).limit(limit + 1)
    rows = transaction.connection.execute(statement).fetchall()
    more = len(rows) > limit
    shown = tuple(rows[:limit])
    return Page(shown, Cursor(*shown[-1][-2:]) if more and shown else None)


def count(
    transaction: Transaction,
    query: Query,
    *,
    now: datetime,
    at_most: int | None = None,
    where: ColumnElement[bool] | None = None,
) -> int:
    """Give how many mails ``query`` finds; it stops counting at ``at_most``."""
    _, restriction = _restricted(transaction, query, now, where)
    if restriction is None:
        return 0
    found = select(literal_column("1")).select_from(message).where(restriction).limit(at_most).subquery()
    return transaction.connection.scalars(select(func.count()).select_from(found)).one()


def first_queued(transaction: Transaction, query: Query, *, now: datetime) -> int | None:
    """Give when the first mail that ``query`` finds was queued, as the store keeps times; None for none."""
    _, restriction = _restricted(transaction, query, now, None)
    if restriction is None:
        return None
    earliest: int | None = transaction.connection.scalar(
        select(func.min(message.c.queued_at)).where(restriction)
    )
    return earliest


def _restricted(
    transaction: Transaction, query: Query, now: datetime, where: ColumnElement[bool] | None
) -> tuple[Frame, ColumnElement[bool] | None]:
    """Give how columns are named, and the whole condition; None where nothing can be found."""
    few = narrowed(transaction, query, now=now)
    if few is not None and not few:
        return Frame(now), None
    frame = Frame(now, driven=few is not None)
    conditions = [condition(query, now=now, driven=frame.driven)]
    if few is not None:
        conditions.append(message.c.id.in_(few))
    if where is not None:
        conditions.append(where)
    return frame, and_(*conditions)
