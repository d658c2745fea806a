"""One act on several mails, as one transaction has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select

from mailsend.decide.state import Act
from mailsend.model.query import All, Query
from mailsend.store.outbox.acts import BY_HAND, act_on
from mailsend.store.schema.mails import message
from mailsend.store.search import OPEN, condition

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["Doing", "Told"]

Told: TypeAlias = list[tuple[str, str | None]]
"""Mails by their ids, each with why it could not be done; None where it was."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done, by whom and why; ``hold_reason`` is the code that a mail put on hold gets."""

    act: Act
    now: datetime
    by: str
    reason: str
    dry_run: bool = False
    hold_reason: str = BY_HAND

    def to(self, mails: Sequence[str], *, where: Query | None = None) -> Callable[[Transaction], Told]:
        """Give the work that does it to these mails; of those that a query found, to what it finds still."""

        def work(transaction: Transaction) -> Told:
            gone = frozenset[str]() if where is None else _gone(transaction, where, mails, self.now)
            return [(one, self._to_one(transaction, one)) for one in mails if one not in gone]

        return work

    def _to_one(self, transaction: Transaction, mail: str) -> str | None:
        return act_on(
            transaction,
            self.act,
            mail,
            now=self.now,
            by=self.by,
            reason=self.reason,
            dry_run=self.dry_run,
            hold_reason=self.hold_reason,
        )


def _gone(transaction: Transaction, query: Query, mails: Sequence[str], now: datetime) -> frozenset[str]:
    """Give those of these mails that ``query`` finds no longer; the others stay as they are until the commit."""
    these = select(message.c.id).where(message.c.id.in_(mails))
    run = transaction.connection.execute
    run(these.order_by(message.c.id).with_for_update()).all()
    found = run(these.where(condition(All((OPEN, query)), now=now, driven=True))).scalars()
    return frozenset(mails).difference(found)
