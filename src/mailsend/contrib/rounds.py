"""What an engine's task does: deliver until nothing is due, or until others shall have their turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsend.mailer.clock import monotonic, utc_now

if TYPE_CHECKING:
    from mailsend.mailer import AsyncMailer, Mailer
    from mailsend.model.done import Done

__all__ = ["Terms", "deliver", "deliver_async"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a task works: mails a round, how many of them at a time, and seconds until it makes room."""

    limit: int = 100
    concurrency: int = 16
    seconds: float = 20.0


def deliver(mailer: Mailer, terms: Terms) -> bool:
    """Deliver what is due; say whether more is due and somebody should go on. Raises StoreError."""
    ends = monotonic() + terms.seconds
    while True:
        done = mailer.deliver_due(terms.limit, concurrency=terms.concurrency)
        if not done.claimed or monotonic() >= ends:
            return bool(done.claimed) and _more(done)


async def deliver_async(mailer: AsyncMailer, terms: Terms) -> bool:
    """Do the same on the running loop."""
    ends = monotonic() + terms.seconds
    while True:
        done = await mailer.deliver_due(terms.limit, concurrency=terms.concurrency)
        if not done.claimed or monotonic() >= ends:
            return bool(done.claimed) and _more(done)


def _more(done: Done) -> bool:
    return done.next_due is not None and done.next_due <= utc_now()
