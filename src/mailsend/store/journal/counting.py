"""What the log counts, in SQL that every database understands: quarters of an hour, never calendars."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, case, func, literal_column, select

from mailsend.model.mail_state import MailState
from mailsend.model.providers import BY_DOMAIN
from mailsend.model.query import Query
from mailsend.model.statistics import Group
from mailsend.store.schema.mails import message, recipient
from mailsend.store.schema.upkeep import provider
from mailsend.store.search import condition
from mailsend.store.search.narrowing import narrowed
from mailsend.store.times import moment, time_of

if TYPE_CHECKING:
    from sqlalchemy import FromClause, Row

    from mailsend.store.database import Transaction

__all__ = ["PROVIDER", "Counting", "bucket_begin"]

_QUARTER: Final = 900_000_000  # microseconds
_OPEN: Final = (MailState.QUEUED, MailState.SENDING, MailState.HELD)

# Written out, so that PostgreSQL sees the same expression where it is selected and where it is grouped by.
_BUCKET: Final = (message.c.queued_at // literal_column(str(_QUARTER))).label("bucket")
PROVIDER: Final = case(
    dict(BY_DOMAIN), value=recipient.c.domain, else_=func.coalesce(provider.c.provider, "")
)
_IN_OPEN_MAIL: Final = case((message.c.state.in_(_OPEN), 1), else_=0).label("in_open_mail")
_GROUPS: Final[dict[Group | None, ColumnElement[Any]]] = {
    None: literal_column("''"),
    Group.CUSTOMER: message.c.customer,
    Group.TEMPLATE: message.c.template,
    Group.DOMAIN: recipient.c.domain,
    Group.SERVER: recipient.c.server,
    Group.REASON: recipient.c.reason,
    Group.PROVIDER: PROVIDER,
}


class Counting:
    """Counts the mails that ``query`` finds, queued from ``since`` to ``until``, and their recipients."""

    def __init__(
        self,
        transaction: Transaction,
        query: Query,
        *,
        now: datetime,
        since: datetime | None,
        until: datetime | None,
    ) -> None:
        self._connection = transaction.connection
        few = narrowed(transaction, query, now=now)
        conditions = [condition(query, now=now, driven=few is not None)]
        if few is not None:
            conditions.append(message.c.id.in_(few))
        if since is not None:
            conditions.append(message.c.queued_at >= moment(since))
        if until is not None:
            conditions.append(message.c.queued_at < moment(until))
        self._found = and_(*conditions)

    def mails(self, group: Group | None) -> Iterator[Row[Any]]:
        """Give rows of ``bucket``, ``grouped``, ``in_test_mode``, ``state``, ``mails``, ``bytes``, ``largest``."""
        wanted = (
            message.c.id,
            _BUCKET,
            _GROUPS[group].label("grouped"),
            message.c.in_test_mode,
            message.c.state,
            message.c.size,
        )
        each = select(*wanted).select_from(_tables(group)).where(self._found)
        if group is not None and not group.of_mails:
            each = each.distinct()
        one = each.subquery().c
        keys = one.bucket, one.grouped, one.in_test_mode, one.state
        figures = (
            func.count().label("mails"),
            func.sum(one.size).label("bytes"),
            func.max(one.size).label("largest"),
        )
        return iter(self._connection.execute(select(*keys, *figures).group_by(*keys)))

    def recipients(self, group: Group | None) -> Iterator[Row[Any]]:
        """Give rows of ``bucket``, ``grouped``, ``outcome``, ``reason``, ``in_open_mail``, ``recipients``.

        None of them are of test mode.
        """
        wanted = (
            _BUCKET,
            _GROUPS[group].label("grouped"),
            recipient.c.outcome,
            recipient.c.reason,
            _IN_OPEN_MAIL,
        )
        asked = select(*wanted).select_from(_tables(group, recipients=True))
        one = asked.where(self._found, message.c.in_test_mode == 0).subquery().c
        keys = one.bucket, one.grouped, one.outcome, one.reason, one.in_open_mail
        return iter(self._connection.execute(select(*keys, func.count().label("recipients")).group_by(*keys)))


def bucket_begin(bucket: int) -> datetime:
    """Give when a quarter of an hour began, in UTC."""
    return time_of(bucket * _QUARTER)


def _tables(group: Group | None, *, recipients: bool = False) -> FromClause:
    tables: FromClause = message
    if recipients or (group is not None and not group.of_mails):
        tables = tables.join(recipient, recipient.c.message == message.c.id)
    if group is Group.PROVIDER:
        tables = tables.outerjoin(provider, provider.c.domain == recipient.c.domain)
    return tables
