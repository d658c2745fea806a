"""A recipient's row as the queue reads it."""

from __future__ import annotations

from typing import Final, NamedTuple

from mailsend.store.schema.mails import recipient

__all__ = ["KEPT", "KeptRecipient"]


class KeptRecipient(NamedTuple):
    """What the store knows of one recipient; times in microseconds.

    ``pinned`` names the only server that may be tried, or is empty; ``marked`` is the claim under
    which content may have gone out.
    """

    position: int
    field: str
    address: str
    envelope_address: str
    envelope: int
    outcome: str
    reason: str
    fault: str
    lasting: int
    attempts: int
    resends: int
    due_at: int | None
    marked: int
    pinned: str
    code: int | None
    enhanced: str
    reply: str
    server: str
    queue_id: str


KEPT: Final = tuple(recipient.c[one] for one in KeptRecipient._fields)
