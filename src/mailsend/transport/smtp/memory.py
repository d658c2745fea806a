"""What is remembered of a server from one mail to the next: log-ins by the process, policy by a transport."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Final

from mailsend.decide.refusals import NONE_REFUSED, Refusals
from mailsend.model.address import Domain
from mailsend.model.reply import Reply

__all__ = ["LoginGate", "PolicyMemory", "forget_log_ins", "gate_for"]

_MOST: Final = 10_000  # gates kept before those are looked for that say nothing


class LoginGate:
    """Keeps a wrong password from locking an account: after a refusal nobody tries for a while.

    Times are in seconds on any steady clock. Only 535 counts, and those of connections that logged in
    at the same time count as one; 454 is the server's own trouble. Any thread may ask.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self.proved = False
        self.shared = False  # what is known here was told to all processes, or by them
        self._refusals = NONE_REFUSED

    @property
    def closed_at(self) -> float:
        """When the last refusal came."""
        return self._refusals.at

    @property
    def locked(self) -> bool:
        """Whether three refusals came, each after its pause: nobody tries until the settings change."""
        return self._refusals.locked

    @property
    def matters(self) -> bool:
        """Whether a new gate would not be as good as this one."""
        return self._refusals.count > 0 or self._turn.locked()

    def is_closed(self, now: float, *, by_person: bool = False) -> bool:
        """Say whether a log-in is too early; one that a person asks for waits out no lock."""
        return self._refusals.closed(now, by_person=by_person)

    def take_turn(self) -> bool:
        """Take the one turn to log in, without waiting; say whether it was free."""
        return self._turn.acquire(blocking=False)

    def leave_turn(self) -> None:
        """Let the next one try."""
        self._turn.release()

    def refused(self, now: float) -> None:
        """Take note of a 535: closed for 5 minutes, then 30, then until the settings change."""
        with self._lock:
            self.proved = False
            after = self._refusals.one_more(now)
            self.shared = self.shared and after == self._refusals
            self._refusals = after

    def heed(self, known: Refusals) -> None:
        """Take over what all processes know; what this one alone knows counts where it is more."""
        with self._lock:
            if not self.shared and known.count < max(self._refusals.count, 1):
                return
            self._refusals, self.shared = known, known.count > 0
            self.proved = self.proved and not known.count

    def reopen(self) -> None:
        """Begin anew: a person has released the account since the last refusal."""
        with self._lock:
            self._refusals, self.shared = NONE_REFUSED, False

    def passed(self) -> None:
        """Take note of a log-in that succeeded."""
        with self._lock:
            self.proved = True
            self._refusals, self.shared = NONE_REFUSED, False


class _Gates:
    """The gates of this process, by the fingerprint of their servers."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()  # anew: another thread may have held it at a fork
        self._gates: dict[str, LoginGate] = {}
        self._tidy_at = _MOST

    def of(self, fingerprint: str) -> LoginGate:
        with self._lock:
            gate = self._gates.get(fingerprint)
            if gate is None:
                if len(self._gates) >= self._tidy_at:
                    self._tidy()
                gate = self._gates[fingerprint] = LoginGate()
            return gate

    def _tidy(self) -> None:
        """Forget the gates that hold nobody back: a token as password makes a new one every hour."""
        self._gates = {of: gate for of, gate in self._gates.items() if gate.matters}
        self._tidy_at = max(_MOST, 2 * len(self._gates))


_gates: Final = _Gates()


def gate_for(fingerprint: str) -> LoginGate:
    """Give the one gate that this process has for a server and an account (M12)."""
    return _gates.of(fingerprint)


def forget_log_ins() -> None:
    """Forget every log-in and every refusal: for tests, and in a process that was forked."""
    _gates.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=forget_log_ins)


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
