"""How full the queue is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select, text

from mailsend.model.outbox import QueueStats
from mailsend.store.queue.claim import next_due
from mailsend.store.schema.mails import message
from mailsend.store.statement import Statement
from mailsend.store.times import MICROSECONDS, moment, time_or_none

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["queue_stats"]

# Written out, so that the partial indexes are used.
_OPEN: Final = ("queued", "sending", "held")
_STATES: Final = tuple(
    (one, Statement(select(func.count()).select_from(message).where(text(f"state = '{one}'"))))
    for one in _OPEN
)
_REASONS: Final = Statement(
    select(message.c.reason, func.count()).where(text("state = 'held'")).group_by(message.c.reason)
)
_WAITING: Final = text("state = 'queued'")
_SERVERS: Final = Statement(select(message.c.server, func.count()).where(_WAITING).group_by(message.c.server))
_CUSTOMERS: Final = Statement(
    select(message.c.customer, func.count()).where(_WAITING).group_by(message.c.customer)
)
# Held ones too; what has ended is not frozen.
_FROZEN: Final = Statement(select(func.count()).select_from(message).where(text("frozen = 1")))
_DUE: Final = Statement(
    select(func.count(), func.min(message.c.due_at)).where(
        text("state = 'queued' AND frozen = 0"), message.c.due_at <= bindparam("now")
    )
)


def queue_stats(transaction: Transaction, now: datetime) -> QueueStats:
    """Count the mails that have not come to their end."""
    due, oldest = transaction.run(_DUE, now=moment(now))[0]
    return QueueStats(
        states={name: transaction.run(one)[0][0] for name, one in _STATES},
        reasons=dict(sorted((one[0], one[1]) for one in transaction.run(_REASONS))),
        servers=dict(sorted((one[0], one[1]) for one in transaction.run(_SERVERS))),
        customers=dict(sorted((one[0], one[1]) for one in transaction.run(_CUSTOMERS))),
        frozen=transaction.run(_FROZEN)[0][0],
        due=due,
        oldest_due=None if oldest is None else (moment(now) - oldest) / MICROSECONDS,
        next_due=time_or_none(next_due(transaction)),
    )
