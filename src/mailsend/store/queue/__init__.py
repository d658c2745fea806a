"""The queue: mails put in, claimed under a lease, marked before their content goes out, and finished."""

from __future__ import annotations

from mailsend.store.queue.claim import Claimed
from mailsend.store.queue.deposit import Deposit, Placed
from mailsend.store.queue.endings import Ending, RecipientEnding
from mailsend.store.queue.finish import Mark
from mailsend.store.queue.kept import KeptRecipient
from mailsend.store.queue.lapse import Lapsed
from mailsend.store.queue.queue import Queue

__all__ = [
    "Claimed",
    "Deposit",
    "Ending",
    "KeptRecipient",
    "Lapsed",
    "Mark",
    "Placed",
    "Queue",
    "RecipientEnding",
]
