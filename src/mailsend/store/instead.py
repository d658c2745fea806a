"""A mail that goes out in another's place: to nobody who has that one already, or may have it (M20)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from mailsend.model.report import Outcome
from mailsend.store.schema.mails import message, recipient
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.store.database import Transaction
    from mailsend.store.queue.deposit import Deposit

__all__ = ["for_the_open"]

_STAYS: Final = ("reason", "fault", "lasting", "attempts", "code", "enhanced", "reply", "server", "queue_id")
_SETTLED: Final = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNKNOWN)
# What happened to a test copy says nothing of those whom it stands for.
_TOLD: Final = Statement(
    select(
        recipient.c.key, recipient.c.outcome, recipient.c.pinned, *(recipient.c[one] for one in _STAYS)
    ).where(
        recipient.c.message == bindparam("mail"),
        select(message.c.id).where(message.c.id == bindparam("mail"), message.c.in_test_mode == 0).exists(),
    )
)


def for_the_open(transaction: Transaction, mail: str, deposit: Deposit) -> Deposit | None:
    """Give the rows that go out in the place of ``mail``, with those settled as they were there.

    None where nobody is left to whom it would go. A copy for the test address goes out as it is.
    """
    if deposit.message["in_test_mode"]:
        return deposit
    settled = {one.key: one for one in transaction.run(_TOLD, mail=mail) if _outcome(one) in _SETTLED}
    rows = [
        {**row, **_as_there(settled[row["key"]])} if row["key"] in settled else row
        for row in deposit.recipients
    ]
    if settled and all(row["due_at"] is None for row in rows):
        return None
    return replace(deposit, recipients=rows)


def _outcome(one: Any) -> Outcome:
    """Give what became of a recipient; who is held after silence may have the mail."""
    return Outcome.UNKNOWN if one.outcome == Outcome.HELD and one.pinned else Outcome(one.outcome)


def _as_there(one: Any) -> dict[str, Any]:
    stays = {name: getattr(one, name) for name in _STAYS}
    return {**stays, "outcome": str(_outcome(one)), "due_at": None, "pinned": one.pinned}
