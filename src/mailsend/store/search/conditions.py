"""A query's tree as one condition on ``mailsend_message``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, not_, or_, true

from mailsend.model.query import All, AnyOf, Not, Query
from mailsend.store.search.leaves import Frame, asked

__all__ = ["condition"]


def condition(query: Query, *, now: datetime, driven: bool = False) -> ColumnElement[bool]:
    """Give the condition that a row of ``mailsend_message`` is found by ``query``; all values are bound.

    ``now`` is what ages are counted from. ``driven``: the rows are found by other means, such as their
    ids, and this is to look at each of them and at nothing else.
    """
    return _of(query, Frame(now, driven))


def _of(query: Query, frame: Frame) -> ColumnElement[bool]:
    match query:
        case All(parts):
            return and_(true(), *[_of(one, frame) for one in parts])
        case AnyOf(parts):
            return or_(*[_of(one, frame) for one in parts])
        case Not(part):
            return not_(_of(part, frame))
    return asked(query, frame)
