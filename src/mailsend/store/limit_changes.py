"""Limits that change: who waits for what an old one let through is due anew (M8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, text

from mailsend.store.buckets import kept_rates, rates_of, write_rates
from mailsend.store.schema.upkeep import limit as table
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from mailsend.decide.limit import Limit
    from mailsend.store.database import Transaction

__all__ = ["change_limits", "forget_limit"]

_FIRST: Final = "(SELECT min(due_at) FROM mailsend_recipient WHERE message = mailsend_message.id)"
# A claim that finds a limit used up puts off the mail alone: its recipients say when it would be due.
_BRING_FORWARD: Final = Statement(
    text(
        f'UPDATE mailsend_message SET "rank" = "rank" - due_at + {_FIRST}, due_at = {_FIRST}'  # noqa: S608 - all of it stands here
        f" WHERE state = 'queued' AND frozen = 0 AND lane = :lane AND due_at > {_FIRST}"
    )
)
# Each condition as a partial index has it, so that no other mail is looked at.
_LIFT: Final = tuple(
    Statement(text(f"UPDATE mailsend_message SET lane = '' WHERE lane = :lane AND {where}"))  # noqa: S608 - likewise
    for where in ("state = 'queued' AND frozen = 0", "state = 'sending'", "state = 'held'", "frozen = 1")
)
_FORGET: Final = Statement(delete(table).where(table.c.name == bindparam("which")))


def change_limits(
    transaction: Transaction,
    limits: Mapping[str, Limit | None],
    *,
    now: int,
    others: Callable[[Collection[str]], Mapping[str, Limit]],
) -> None:
    """Write limits down by their names, where the rows say others or there is none yet; None for no limit.

    What was taken stays taken. ``now`` is in microseconds, as the store keeps times. ``others`` is asked
    which of the limits that are to be lifted somebody else still has: those hold instead. Rows that say
    so already are not locked, and of a limit that is not kept nothing is done to lift it.
    """
    kept = kept_rates(transaction)
    lifted = [name for name, limit in limits.items() if limit is None and name in kept]
    if lifted:
        limits = {**limits, **others(lifted)}
    wanted = {name: None if limit is None else rates_of(limit) for name, limit in limits.items()}
    changed = sorted(name for name, rates in wanted.items() if rates != kept.get(name))
    # Mails first, then limits, as a claim locks them: nobody waits in a circle.
    for name in changed:
        _let_go(transaction, name, limited=limits[name] is not None)
    for name in changed:
        limit = limits[name]
        if limit is None:
            transaction.run(_FORGET, which=name)
        else:
            write_rates(transaction, name, limit, now=now)


def forget_limit(transaction: Transaction, name: str) -> None:
    """Forget what was taken from a limit: whoever waited for it is due."""
    _let_go(transaction, name, limited=True)
    transaction.run(_FORGET, which=name)


def _let_go(transaction: Transaction, name: str, *, limited: bool) -> None:
    transaction.run(_BRING_FORWARD, lane=name)
    if not limited:
        for one in _LIFT:
            transaction.run(one, lane=name)
