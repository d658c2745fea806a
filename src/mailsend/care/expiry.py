"""The duty of ending held mail whose time is over: nobody would be glad to get it any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mailsend.care.duty import MORE, Cared, Duty
from mailsend.mailer.clock import monotonic

__all__ = ["EXPIRY", "end_what_has_expired"]

_LONGEST: Final = 300.0  # seconds that one run takes


def end_what_has_expired(mailer: Cared, now: datetime) -> Mapping[str, Any]:
    """End held mails whose ``expires_at`` has passed; tell how many. What is queued ends by its own clock."""
    until = monotonic() + _LONGEST

    def alive() -> bool:
        return monotonic() < until

    told = {"expired": mailer.upkeep.expire(now=now, alive=alive)}
    return told if alive() else {**told, MORE: True}


EXPIRY: Final = Duty(name="expiry", every=60.0, run=end_what_has_expired)
