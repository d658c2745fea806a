"""How a worker is: its counts, the depth of the queue, how long the first in it is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailsend.model.frozen import FrozenDict

__all__ = ["Health"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A worker at one moment (``at``, UTC).

    ``counts`` are those since it began; ``queued``, ``sending`` and ``held`` mails in the store, by
    whomever; ``late`` is for how many seconds the first in the queue has been due.
    """

    at: datetime
    counts: Mapping[str, int] = field(default_factory=FrozenDict)
    rounds: int = 0
    queued: int = 0
    sending: int = 0
    held: int = 0
    late: float = 0.0
    stopping: bool = False
    trouble: str = ""

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "at": self.at.isoformat(),
            **self.counts,
            "rounds": self.rounds,
            "queued": self.queued,
            "sending": self.sending,
            "held_in_queue": self.held,
            "late_seconds": round(self.late, 1),
            "stopping": self.stopping,
            "trouble": self.trouble,
        }

    def line(self) -> str:
        """Give it in one line."""
        told = " ".join(f"{name}={number}" for name, number in self.counts.items() if number)
        parts = [
            told or "nothing yet",
            f"queue={self.queued} sending={self.sending} held={self.held}",
            f"late={self.late:.0f}s",
        ]
        if self.trouble:
            parts.append(f"trouble: {self.trouble}")
        return " · ".join(parts)
