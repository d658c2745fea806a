"""What is asked of the table of list entries."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, literal, select, update

from mailsend.model.list_entry import Entry, Level, ListName, Why
from mailsend.store.schema.lists import entry
from mailsend.store.statement import Statement
from mailsend.store.times import time_of, time_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsend.store.database import Transaction

__all__ = ["ADD", "ERASE", "FEW", "MEET", "REMARK", "REMOVE", "UNERASED", "entry_from", "marked"]

_KEPT: Final = tuple(one.name for one in entry.columns if one.name != "id")
_this: Final = entry.c.id == bindparam("row")
_MOST_AT_ONCE: Final = 512  # marks in one query

ADD: Final = Statement(insert(entry).inline(), columns=_KEPT)
MEET: Final = Statement(
    update(entry).where(_this),
    columns=("pattern", "hashed", "note", "source", "by", "level", "times", "made_at", "until"),
)
REMARK: Final = Statement(update(entry).where(_this), columns=("hashed",))
ERASE: Final = Statement(
    update(entry).where(_this).values(pattern="", note="", source=""), columns=("hashed",)
)
REMOVE: Final = Statement(delete(entry).where(_this))
UNERASED: Final = Statement(
    select(entry)
    .where(entry.c.pattern != "", entry.c.id > bindparam("after"))
    .order_by(entry.c.id)
    .limit(bindparam("most"))
)
# A customer's and the application's, where there are but a few.
FEW: Final = Statement(
    select(entry)
    .where(
        entry.c.list.in_([bindparam("one"), bindparam("two"), bindparam("three")]),
        entry.c.customer.in_([bindparam("customer"), literal("")]),
    )
    .limit(bindparam("most"))
)


def marked(transaction: Transaction, marks: Sequence[str]) -> list[Any]:
    """Give the rows that have one of these marks, of every customer."""
    rows: list[Any] = []
    for at in range(0, len(marks), _MOST_AT_ONCE):
        some = list(marks[at : at + _MOST_AT_ONCE])
        wide = 1 << (len(some) - 1).bit_length()
        some += some[:1] * (wide - len(some))  # so that there are but a few statements
        rows += transaction.run(_marked(wide), **{f"mark_{n}": one for n, one in enumerate(some)})
    return rows


@functools.cache
def _marked(wide: int) -> Statement:
    return Statement(
        select(entry)
        .where(entry.c.hashed.in_([bindparam(f"mark_{n}") for n in range(wide)]))
        .order_by(entry.c.id)
    )


def entry_from(row: Any) -> Entry:
    """Give a row as a value."""
    return Entry(
        id=row.id,
        list=ListName(row.list),
        customer=row.customer,
        pattern=row.pattern,
        why=Why(row.reason),
        note=row.note,
        source=row.source,
        by=row.by,
        level=Level(row.level),
        times=row.times,
        made_at=time_of(row.made_at),
        until=time_or_none(row.until),
    )
