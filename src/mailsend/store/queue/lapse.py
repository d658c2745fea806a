"""Mails whose holder has fallen silent: its lease has ended, and nobody finished them (M20)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text

from mailsend.model.mail_state import MailState
from mailsend.model.queue_reason import QueueReason
from mailsend.store.queue.endings import Ending
from mailsend.store.queue.finish import finish
from mailsend.store.queue.kept import KEPT, KeptRecipient
from mailsend.store.schema.mails import message, recipient
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["Lapsed", "Settle", "lapse"]

_log: Final = logging.getLogger("mailsend.queue")

_MOST: Final = 500  # in one transaction

_FOUND: Final = Statement(
    select(
        message.c.id,
        message.c.customer,
        message.c.fence,
        message.c.priority,
        message.c.attempts,
        message.c.queued_at,
        message.c.send_at,
        message.c.prepared_at,
        message.c.digest,
        message.c.lease_until,
        message.c.kind,
        message.c.how,
        message.c.server,
        message.c.queue_id,
    )
    .where(text("state = 'sending'"), message.c.lease_until <= bindparam("now"))
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_RECIPIENTS: Final = Statement(
    select(*KEPT).where(recipient.c.message == bindparam("mail")).order_by(recipient.c.position)
)


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A mail that nobody holds any more; who was marked under its ``fence`` may have got it."""

    row: Any
    recipients: tuple[KeptRecipient, ...]


Settle = Callable[[Lapsed], Ending]


def lapse(transaction: Transaction, settle: Settle, *, now: int) -> Sequence[str]:
    """End what nobody holds any more, each as ``settle`` says; give the ids."""
    ended = []
    for row in transaction.run(_FOUND, now=now):
        rows = transaction.run(_RECIPIENTS, mail=row.id)
        lapsed = Lapsed(row, tuple(KeptRecipient(*one) for one in rows))
        if finish(transaction, _settled(settle, lapsed), now=now):
            ended.append(row.id)
    return ended


def _settled(settle: Settle, lapsed: Lapsed) -> Ending:
    """Give how a mail ends; one whose rows cannot be read is held, and stops no other."""
    try:
        return settle(lapsed)
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with its rows
        row = lapsed.row
        _log.exception("%s cannot be read, and is held", row.id)
        return Ending(
            id=row.id,
            fence=row.fence,
            state=MailState.HELD,
            reason=QueueReason.UNREADABLE,
            why=f"Its rows cannot be read: {type(problem).__name__}.",
            counted=row.attempts,
            server=row.server,
            queue_id=row.queue_id,
            digest=row.digest,
            prepared_at=row.prepared_at,
            recipients=(),
        )
