"""The standing holds as the last look sees them: read at most once a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailsend.mailer.clock import monotonic, utc_now

if TYPE_CHECKING:
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.model.standing_hold import StandingHold

__all__ = ["Standing"]

_FRESH: Final = 1.0  # seconds until another process's hold counts here


class Standing:
    """Gives the holds that stand now; none without a store."""

    def __init__(self, door: StoreDoor) -> None:
        self._door = door
        self._read_at: float | None = None
        self._known: tuple[StandingHold, ...] = ()

    def now(self) -> tuple[StandingHold, ...]:
        """Give them; raises StoreError."""
        if not self._door.is_there:
            return ()
        at = monotonic()
        if self._read_at is None or at - self._read_at > _FRESH:
            self._known = self._door.open("a standing hold").standing.active(now=utc_now())
            self._read_at = at
        return self._known

    def forget(self) -> None:
        """Look anew: something has just been changed."""
        self._read_at = None
