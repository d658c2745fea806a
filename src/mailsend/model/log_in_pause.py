"""An account that no log-in is tried on for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["LogInPause"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInPause:
    """How many log-ins in a row were refused, when the last one was, and when the next is tried (UTC).

    ``until`` is None after the third: nobody tries until a person acts or the settings change (M12).
    """

    refused: int
    since: datetime
    until: datetime | None
