"""How well a server is: what is remembered of it between attempts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["WELL", "Health", "Standing"]

_NEVER: Final = float("-inf")
_DOWN_AFTER: Final = 3


class Standing(StrEnum):
    """How a server stands at a moment, the best first."""

    OK = "ok"
    SLOWED = "slowed"
    SUSPECT = "suspect"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Faults of a server in a row, how often it asked for less, and why it was last called bad.

    Until ``bad_until`` others go first; until ``slow_until`` it wants nothing. Both are seconds on
    the clock of whoever keeps this.
    """

    faults: int = 0
    bad_until: float = _NEVER
    why: str = ""
    slow: int = 0
    slow_until: float = _NEVER

    def standing(self, now: float) -> Standing:
        """Say how the server stands at ``now``; it is down from its third fault in a row."""
        if now < self.bad_until:
            return Standing.DOWN if self.faults >= _DOWN_AFTER else Standing.SUSPECT
        return Standing.SLOWED if now < self.slow_until else Standing.OK

    def pause(self, now: float) -> float:
        """Give the seconds for which the server wants nothing more."""
        return max(self.slow_until - now, 0.0)


WELL: Final = Health()
