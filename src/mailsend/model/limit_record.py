"""A server's limits as people see them: how much of each rate is taken now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["LimitRecord", "RateRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRecord:
    """One rate: at most ``amount`` in any ``seconds``, of which ``taken`` has not come back.

    ``per_recipient``: it counts recipients, else mails. ``next_back`` is when the next comes back
    (UTC); None where all is there.
    """

    amount: int
    seconds: float
    per_recipient: bool
    taken: int
    next_back: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRecord:
    """The rates of one server, counted for all processes together; ``at`` is when it was last taken from."""

    name: str
    rates: tuple[RateRecord, ...]
    at: datetime
