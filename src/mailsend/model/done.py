"""What one round of delivering came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How many mails were claimed, and what became of their recipients in this round.

    ``next_due`` is when the next mail of the queue is due (UTC); None where nothing waits.
    """

    claimed: int = 0
    accepted: int = 0
    deferred: int = 0
    rejected: int = 0
    unknown: int = 0
    held: int = 0
    expired: int = 0
    next_due: datetime | None = None
