"""The few mails that a query can find at most, where an index tells them; else it is read newest first.

No database knows beforehand whether a word is rare: a rare one is found by its index and sorted, a common
one is met soon when the newest are read first, and the other way round each takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, and_, literal_column, select

from mailsend.model.mail_state import MailState
from mailsend.model.query import All, AnyOf, Key, Match, Pattern, Query, Span, When, Word
from mailsend.store.schema.mails import attempt, message, recipient
from mailsend.store.search.leaves import ATTEMPTS, RECIPIENTS, Frame, asked, shown
from mailsend.store.search.rows import has_text, in_address, is_text, of_attempt, of_recipient

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["FEW", "narrowed"]

FEW: Final = 2000  # more are not collected
_VERY_FEW: Final = 200  # where so many are known, looking for fewer takes longer than looking at them

# What an index leads to by its first letters.
_LED_TO: Final = frozenset(
    {
        *(Key.ID, Key.MESSAGE_ID, Key.CUSTOMER, Key.FROM, Key.REQUESTED, Key.SENDER, Key.STATE, Key.FROZEN),
        *(Key.TO, Key.CC, Key.BCC, Key.RCPT, Key.DOMAIN, Key.PROVIDER, Key.QUEUE_ID, Key.SERVER, Key.HOST),
    }
)

Selects = tuple[Select[tuple[str]], ...]


def narrowed(transaction: Transaction, query: Query, *, now: datetime) -> frozenset[str] | None:
    """Give the ids of a few mails among which are all that ``query`` finds; None where they may be many."""
    return _Narrowing(transaction, Frame(now)).of(query)


class _Narrowing:
    def __init__(self, transaction: Transaction, frame: Frame) -> None:
        self._connection = transaction.connection
        self._frame = frame

    def of(self, query: Query) -> frozenset[str] | None:
        match query:
            case All(parts):
                return self._all(parts)
            case AnyOf(parts):
                return self._any(parts)
        selects = _selects(query, self._frame)
        return self._few(selects) if selects else None

    def _all(self, parts: Sequence[Query]) -> frozenset[str] | None:
        found: frozenset[str] | None = None
        limits = [one for one in parts if _is_time(one)]
        if limits:
            within = and_(*[asked(one, self._frame) for one in limits if isinstance(one, When | Span)])
            found = self._few((select(message.c.id).where(within),))
        for one in sorted((one for one in parts if not _is_time(one)), key=_cost):
            if found is not None and len(found) <= _VERY_FEW:
                break
            ids = self.of(one)
            if ids is not None:
                found = ids if found is None else found & ids
        return found

    def _any(self, parts: Sequence[Query]) -> frozenset[str] | None:
        found: frozenset[str] = frozenset()
        for one in sorted(parts, key=_cost):
            ids = self.of(one)
            if ids is None or len(found | ids) > FEW:
                return None
            found |= ids
        return found

    def _few(self, selects: Selects) -> frozenset[str] | None:
        found: set[str] = set()
        for one in selects:
            # A mail may stand in several rows: so many rows are all that were asked for, and not all there are.
            rows = [*self._connection.scalars(one.limit(FEW + 1))]
            found.update(rows)
            if len(rows) > FEW or len(found) > FEW:
                return None
        return frozenset(found)


def _is_time(query: Query) -> bool:
    return isinstance(query, When) or (isinstance(query, Span) and query.key is Key.AGE)


def _cost(query: Query) -> int:
    """Say which parts are to be looked for first: 0 leads straight there, 1 and 2 go through a whole index."""
    match query:
        case Word():
            return 2
        case Match(key, pattern):
            return int(key not in _LED_TO or not pattern.parts[0])
        case All(parts) | AnyOf(parts):
            return max((_cost(one) for one in parts), default=0)
    return 0


def _selects(leaf: Query, frame: Frame) -> Selects:
    """Give what finds the ids of all that ``leaf`` finds, and perhaps of more, through indexes alone."""
    match leaf:
        case Word(pattern):
            return _word(pattern, frame)
        case Match(key, pattern):
            return () if pattern.exact == "" else _match(key, pattern, frame)
        case When() | Span(key=Key.AGE):
            return (select(message.c.id).where(asked(leaf, frame)),)
    return ()


def _match(key: Key, pattern: Pattern, frame: Frame) -> Selects:
    by_itself = _ids().where(asked(Match(key, pattern), frame))
    match key:
        case Key.TO | Key.CC | Key.BCC:
            return _match(Key.RCPT, pattern, frame)  # the field stands in no index
        case Key.FROM | Key.REQUESTED | Key.SENDER:
            return _senders(key, pattern)
        case Key.REASON:
            own = _ids().where(has_text(message.c.reason, pattern), message.c.reason != literal_column("''"))
            return (own, select(recipient.c.message).where(of_recipient(key, pattern, _as_it_is)))
        case Key.STATE if pattern.exact == MailState.QUEUED:
            return tuple(by_itself.where(message.c.frozen == literal_column(one)) for one in "01")
        case Key.STATE if pattern.exact not in (MailState.SENDING, MailState.HELD):
            return ()
        case Key.FROZEN if pattern.exact == "no":
            return ()
        case Key.KIND | Key.UNIT:
            return ()
    if key in RECIPIENTS:
        return (select(recipient.c.message).where(of_recipient(key, pattern, _as_it_is)),)
    if key in ATTEMPTS:
        return (select(attempt.c.message).where(of_attempt(key, pattern, _as_it_is)),)
    return (by_itself,)


def _as_it_is(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column


def _senders(key: Key, pattern: Pattern) -> Selects:
    asked_for, effective = message.c.requested, message.c.sender
    # An index of its own holds those that were asked for and not taken; of the others both are the same.
    other = and_(asked_for != effective, asked_for != literal_column("''"))
    by_sender = _ids().where(is_text(effective, pattern))
    by_request = _ids().where(is_text(asked_for, pattern), other)
    match key:
        case Key.SENDER:
            return (by_sender,)
        case Key.REQUESTED:
            return (by_request, by_sender.where(asked_for == effective))
    return (by_sender, by_request)


def _word(pattern: Pattern, frame: Frame) -> Selects:
    return (
        _ids().where(is_text(message.c.id, pattern)),
        _ids().where(is_text(message.c.message_id, pattern)),
        select(attempt.c.message).where(is_text(attempt.c.queue_id, pattern)),
        _ids().where(shown(pattern, frame)),
        select(recipient.c.message).where(in_address(recipient.c.key, pattern)),
    )


def _ids() -> Select[tuple[str]]:
    return select(message.c.id)
