"""What each term of a query asks of a row of ``mailsend_message``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, and_, exists, literal, literal_column, not_, or_, select

from mailsend.model.mail_state import MailState
from mailsend.model.query import Key, Match, Pattern, Span, When, Word
from mailsend.store.schema.mails import attempt, message, recipient
from mailsend.store.search.rows import (
    ANYTHING,
    Condition,
    has_text,
    in_address,
    is_text,
    of_attempt,
    of_recipient,
)
from mailsend.store.search.text import in_json, like, unindexed
from mailsend.store.times import MICROSECONDS, moment

__all__ = ["ATTEMPTS", "RECIPIENTS", "Frame", "asked", "shown"]

RECIPIENTS: Final = frozenset(
    {Key.TO, Key.CC, Key.BCC, Key.RCPT, Key.DOMAIN, Key.PROVIDER, Key.OUTCOME, Key.CODE, Key.ENHANCED}
)
ATTEMPTS: Final = frozenset({Key.QUEUE_ID, Key.SERVER, Key.HOST, Key.SOURCE_IP})


@dataclass(frozen=True, slots=True)
class Frame:
    """How a condition is written. ``now`` is what ages are counted from.

    ``driven``: the rows are found by other means, so that no index of theirs is to be looked at.
    """

    now: datetime
    driven: bool = False

    def __call__(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give a column of ``mailsend_message`` as the condition names it."""
        return unindexed(column) if self.driven else column


def asked(leaf: Word | Match | When | Span, frame: Frame) -> Condition:
    """Give the condition of one term."""
    match leaf:
        case Word(pattern):
            return _word(pattern, frame)
        case Match(key, pattern) if key in RECIPIENTS or key in ATTEMPTS:
            return _in_rows(key, pattern)
        case Match(key, pattern):
            return _MATCHES[key](key, pattern, frame)
        case Span(Key.SIZE, least, most):
            return _between(frame(message.c.size), least, None if most is None else most + 1)
        case When(key, at):
            time = moment(frame.now - at if isinstance(at, timedelta) else at)
            return _between(
                frame(message.c.queued_at), *((None, time) if key is Key.BEFORE else (time, None))
            )
    # So many whole seconds ago, and less than one more.
    now = moment(frame.now)
    first = None if leaf.most is None else now - (leaf.most + 1) * MICROSECONDS + 1
    behind = None if leaf.least is None else now - leaf.least * MICROSECONDS + 1
    return _between(frame(message.c.queued_at), first, behind)


def _between(column: ColumnElement[int], first: int | None, behind: int | None) -> Condition:
    # Said to have 64 bits: PostgreSQL refuses a number that is too large for the column's own.
    conditions = [] if first is None else [column >= literal(first, BigInteger)]
    return and_(*conditions, *([] if behind is None else [column < literal(behind, BigInteger)]))


def _in_rows(key: Key, pattern: Pattern) -> Condition:
    if pattern.exact == "":
        return not_(_in_rows(key, ANYTHING))
    # Each mail has few of them, found by its id and by no other index.
    if key in ATTEMPTS:
        return _exists(attempt.c.message == message.c.id, of_attempt(key, pattern, unindexed))
    return _exists(recipient.c.message == message.c.id, of_recipient(key, pattern, unindexed))


def _exists(*conditions: Condition) -> Condition:
    return exists(select(literal_column("1")).where(*conditions).correlate(message))


def _word(pattern: Pattern, frame: Frame) -> Condition:
    return or_(
        shown(pattern, frame),
        is_text(frame(message.c.id), pattern),
        is_text(frame(message.c.message_id), pattern),
        _exists(recipient.c.message == message.c.id, in_address(unindexed(recipient.c.key), pattern)),
        _in_rows(Key.QUEUE_ID, pattern),
    )


def shown(pattern: Pattern, frame: Frame) -> Condition:
    """Say that a word stands in the subject or in a sender's address."""
    subject, senders = message.c.subject, (message.c.sender, message.c.requested)
    return or_(
        like(frame(subject), pattern, within=True), *[in_address(frame(one), pattern) for one in senders]
    )


def _sender(key: Key, pattern: Pattern, frame: Frame) -> Condition:
    asked_for, effective = (is_text(frame(one), pattern) for one in (message.c.requested, message.c.sender))
    match key:
        case Key.REQUESTED:
            return asked_for
        case Key.SENDER:
            return effective
    return or_(effective, asked_for)


def _tag(key: Key, pattern: Pattern, frame: Frame) -> Condition:
    column = frame(message.c.tags)
    if pattern.exact == "":
        return column == "[]"
    return column != "[]" if pattern.is_anything else in_json(column, pattern)


def _state(key: Key, pattern: Pattern, frame: Frame) -> Condition:
    if pattern.exact is None:
        return has_text(frame(message.c.state), pattern)
    # Written out, so that SQLite sees which of its partial indexes hold it; the word is one of ours.
    return frame(message.c.state) == literal_column(f"'{MailState(pattern.exact)}'")


def _frozen(key: Key, pattern: Pattern, frame: Frame) -> Condition:
    return frame(message.c.frozen) == literal_column("1" if pattern.exact == "yes" else "0")


def _reason(key: Key, pattern: Pattern, frame: Frame) -> Condition:
    own, of_somebody = has_text(frame(message.c.reason), pattern), _in_rows(key, pattern)
    return and_(own, of_somebody) if pattern.exact == "" else or_(own, of_somebody)


_Maker: TypeAlias = Callable[[Key, Pattern, Frame], Condition]


def _exactly(column: ColumnElement[str]) -> _Maker:
    return lambda _, pattern, frame: is_text(frame(column), pattern)


def _in_any_case(column: ColumnElement[str]) -> _Maker:
    return lambda _, pattern, frame: has_text(frame(column), pattern)


_MATCHES: Final[Mapping[Key, _Maker]] = MappingProxyType(
    {
        Key.FROM: _sender,
        Key.REQUESTED: _sender,
        Key.SENDER: _sender,
        Key.SUBJECT: _in_any_case(message.c.subject),
        Key.ID: _exactly(message.c.id),
        Key.MESSAGE_ID: _exactly(message.c.message_id),
        Key.CUSTOMER: _exactly(message.c.customer),
        Key.UNIT: _in_any_case(message.c.business_unit),
        Key.TEMPLATE: _in_any_case(message.c.template),
        Key.ACTOR: _in_any_case(message.c.actor),
        Key.TAG: _tag,
        Key.KIND: _in_any_case(message.c.kind),
        Key.FROZEN: _frozen,
        Key.STATE: _state,
        Key.REASON: _reason,
    }
)
