"""How long nobody logs in to an account after refusals: 5 minutes, 30, then until a person acts (M12)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

__all__ = ["NONE_REFUSED", "Refusals"]

_PAUSES: Final = (300.0, 1800.0, math.inf)  # seconds after the first, second and third refusal


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many log-ins in a row were refused, each after its pause, and when the last one was.

    ``at`` is in seconds on any clock that ``now`` is told by as well.
    """

    count: int = 0
    at: float = -math.inf

    @property
    def locked(self) -> bool:
        """Whether three came: nobody tries until a person acts, or the settings change."""
        return self.count >= len(_PAUSES)

    @property
    def until(self) -> float:
        """Until when nobody logs in by himself; -inf where nothing was refused."""
        return self.at + _PAUSES[min(self.count, len(_PAUSES)) - 1] if self.count else -math.inf

    @property
    def until_for_people(self) -> float:
        """Until when a log-in that a person asks for has to wait: his is the way out of the lock."""
        return min(self.until, self.at + _PAUSES[1])

    def closed(self, now: float, *, by_person: bool = False) -> bool:
        """Say whether a log-in is too early."""
        return now < (self.until_for_people if by_person else self.until)

    def one_more(self, now: float) -> Refusals:
        """Give what a refusal makes of these; one that was under way when the last one came is no more."""
        if now < self.until_for_people:
            return self
        return Refusals(min(self.count + 1, len(_PAUSES)), now)


NONE_REFUSED: Final = Refusals()
