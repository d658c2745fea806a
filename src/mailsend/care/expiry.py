"""The duty of ending held mail whose time is over: nobody would be glad to get it any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mailsend.care.duty import Cared, Duty

__all__ = ["EXPIRY", "end_what_has_expired"]


def end_what_has_expired(mailer: Cared, now: datetime) -> Mapping[str, Any]:
    """End held mails whose ``expires_at`` has passed; tell how many. What is queued ends by its own clock."""
    return {"expired": mailer.upkeep.expire(now=now)}


EXPIRY: Final = Duty(name="expiry", every=60.0, run=end_what_has_expired)
