"""How well a server is after an attempt at it (M18, M19).

Only what everybody would meet there counts: a connection that failed, a 421, and being told to slow
down. A refused recipient, sender or message says nothing about the server. A name that does not
exist and a wrong password do not count either: what they concern waits for its own server (M11,
M18), so that they may not lead the next mail elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailsend.model.health import WELL, Health
from mailsend.model.report import Attempt, Outcome, RecipientResult

__all__ = ["after"]

# A dead server costs a mail as much as the time limit for a connection, 30 seconds (M20), so for that
# long others go first; five minutes are what Postfix leaves a dead destination alone for
# (minimal_backoff_time, 300s: postfix.org/postconf.5.html).
_FIRST_REST: Final = 30
_LONGEST_REST: Final = 300.0
_FIRST_PAUSE: Final = 1
_LONGEST_PAUSE: Final = 300.0
_LONGEST_HINT: Final = 3600.0  # M21

_TOO_FAST: Final = "rate"
_CLOSING: Final = 421  # RFC 5321, section 3.8
_CONNECTION: Final = frozenset(
    (
        "certificate_not_trusted",
        "connection_lost",
        "name_lookup_failed",
        "not_connected",
        "tls_failed",
        "tls_not_offered",
    )
)


def after(health: Health, attempt: Attempt, now: float, hint: float | None = None) -> Health:
    """Give the health of a server after one more attempt at it; ``now`` is in seconds on any steady clock.

    ``hint`` are the seconds that the server itself asked for: they lengthen a pause, to an hour at
    most. Attempts that were under way together count as one: while a rest or a pause lasts, no fault
    makes the next one longer. Any answer ends a rest; only an acceptance after a pause makes the next
    one shorter.
    """
    results = attempt.recipients.values()
    fault = next((one for one in results if _is_fault(one)), None)
    if fault is not None:
        return _rested(health, fault.reason, now)
    if any(one.reason == _TOO_FAST for one in results):
        return _paused(health, now, hint)
    accepted = any(one.outcome is Outcome.ACCEPTED for one in results)
    if not accepted and all(one.reply is None for one in results):
        return health  # nothing was heard of the server
    slow = health.slow - (accepted and now >= health.slow_until)
    return replace(WELL, slow=slow, slow_until=health.slow_until) if slow > 0 else WELL


def _is_fault(result: RecipientResult) -> bool:
    closing = result.reply is not None and result.reply.code == _CLOSING
    return result.reason != _TOO_FAST and (closing or result.reason in _CONNECTION)


def _rested(health: Health, why: str, now: float) -> Health:
    if now < health.bad_until:
        return health
    rest = min(_FIRST_REST * 2**health.faults, _LONGEST_REST)
    return replace(health, faults=health.faults + 1, bad_until=now + rest, why=str(why))


def _paused(health: Health, now: float, hint: float | None) -> Health:
    pauses = now < health.slow_until
    pause = 0.0 if pauses else min(_FIRST_PAUSE * 2**health.slow, _LONGEST_PAUSE)
    if hint is not None:
        pause = max(pause, min(hint, _LONGEST_HINT))
    return replace(health, slow=health.slow + (not pauses), slow_until=max(health.slow_until, now + pause))
