"""Servers' limits, kept while mails are claimed: what is claimed may go out at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select

from mailsend.decide.limit import Wait
from mailsend.store.buckets import read_bucket, take_kept
from mailsend.store.schema.mails import recipient
from mailsend.store.schema.upkeep import limit
from mailsend.store.statement import Statement
from mailsend.store.times import MICROSECONDS

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["take_lanes"]

_STEP: Final = 60 * MICROSECONDS  # that each step of priority goes before
_SOON: Final = MICROSECONDS // 20

_HOW_MANY: Final = Statement(
    select(func.count()).where(
        recipient.c.message == bindparam("mail"), recipient.c.due_at <= bindparam("now")
    )
)
_RATES: Final = Statement(select(limit.c.rates).where(limit.c.name == bindparam("lane")))


def take_lanes(
    transaction: Transaction, found: Sequence[Any], *, now: int
) -> tuple[list[str], list[tuple[str, int, int]], frozenset[str]]:
    """Give the ids that may go now, and those that wait: each with when it is due, and its priority's lead.

    The third are the lanes of which no row knows: what goes there takes from its limit by itself.
    """
    waiting = []
    unknown: set[str] = set()
    full: dict[str, int] = {}
    apart: dict[str, int] = {}
    for one in sorted(found, key=lambda one: one.lane):  # one order for all: nobody waits in a circle
        if not one.lane:
            continue
        if one.lane not in full:
            wanted = transaction.run(_HOW_MANY, mail=one.id, now=now)[0][0]
            taken = take_kept(transaction, one.lane, now=now, recipients=wanted)
            if taken is None:  # the first that goes writes it down; the others come back for that
                unknown.add(one.lane)
                full[one.lane], apart[one.lane] = now + _SOON, 0
                continue
            if not isinstance(taken, Wait):
                continue
            full[one.lane] = now + int((taken.seconds or 0.0) * MICROSECONDS) + _SOON
            apart[one.lane] = _apart(transaction, one.lane)
        waiting.append((one.id, full[one.lane], one.priority * _STEP))
        full[one.lane] += apart[one.lane]  # were all due at once, each claim would put all but one off again
    late = {mail for mail, _, _ in waiting}
    return [one.id for one in found if one.id not in late], waiting, frozenset(unknown)


def _apart(transaction: Transaction, lane: str) -> int:
    """Give how far apart a lane lets mails go at best, in microseconds: by which rate it waits is not asked."""
    rates = [one for one, _ in read_bucket(transaction.run(_RATES, lane=lane)[0].rates, "[]")]
    return int(min(one.seconds / one.amount for one in rates) * MICROSECONDS)
