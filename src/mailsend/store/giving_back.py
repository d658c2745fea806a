"""Claimed mails given back before their lease ends: those of which no content can have gone out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select, update

from mailsend.decide.state import Act, allowed_from, comes_to
from mailsend.store.schema.mails import message, recipient

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["give_back"]

(_TO,) = {to for state in allowed_from(Act.GIVE_BACK) for to in comes_to(state, Act.GIVE_BACK)}

# A mark of this very claim says that content may be out: then silence decides (M20).
_may_be_out = (
    select(recipient.c.position)
    .where(recipient.c.message == message.c.id, recipient.c.marked == message.c.fence)
    .correlate(message)
    .exists()
)
_GIVE_BACK: Final = (
    update(message)
    .where(
        message.c.state.in_(allowed_from(Act.GIVE_BACK)),
        message.c.worker == bindparam("claim"),
        ~_may_be_out,
    )
    .values(state=str(_TO), lease_until=None, worker="")
    .returning(message.c.id)
)


def give_back(transaction: Transaction, claim: str) -> tuple[str, ...]:
    """Put what the claim of this name still holds back into the queue; give the ids.

    Whoever held it may still try: it can neither mark nor finish it any more.
    """
    found = transaction.connection.execute(_GIVE_BACK, {"claim": claim})
    return tuple(one.id for one in found)
