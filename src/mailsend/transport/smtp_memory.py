"""What a transport remembers of its server from one mail to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from mailsend.model.address import Domain
from mailsend.model.reply import Reply

__all__ = ["LoginGate", "PolicyMemory"]

_PAUSES: Final = (300.0, 1800.0, math.inf)  # seconds after the first, second and third refusal (M12)


class LoginGate:
    """Keeps a wrong password from locking an account: after a refusal nobody tries for a while.

    Times are in seconds on any steady clock. Only 535 counts; 454 is the server's own trouble.
    """

    def __init__(self) -> None:
        self.proved = False
        self._refusals = 0
        self._closed_until = -math.inf

    def is_closed(self, now: float) -> bool:
        """Say whether a log-in is too early."""
        return now < self._closed_until

    def refused(self, now: float) -> None:
        """Take note of a 535: closed for 5 minutes, then 30, then until the settings change."""
        self.proved = False
        self._closed_until = now + _PAUSES[min(self._refusals, len(_PAUSES) - 1)]
        self._refusals += 1

    def passed(self) -> None:
        """Take note of a log-in that succeeded."""
        self.proved = True
        self._refusals = 0


@dataclass(slots=True)
class PolicyMemory:
    """The last X.7.x a server gave at RCPT, and to whose domain: two in a row are the server's (M18)."""

    enhanced: str = ""
    domain: Domain | None = None

    def repeats(self, reply: Reply, domain: Domain) -> bool:
        """Say whether ``reply`` was given to a recipient of another domain just before."""
        return bool(self.enhanced) and reply.enhanced == self.enhanced and domain != self.domain

    def learn(self, reply: Reply, domain: Domain) -> None:
        """Remember a policy reply, forget at any other."""
        policy = reply.enhanced is not None and reply.enhanced[2:].startswith("7.")
        self.enhanced, self.domain = (reply.enhanced or "", domain) if policy else ("", None)
