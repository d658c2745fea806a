"""Again, elsewhere, or not: what may follow an attempt (M11, M18, M20, M21; house rules 4 to 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailsend.model.reply import Reply, Severity
from mailsend.model.report import Fault, Outcome
from mailsend.model.rules import RetryRules

__all__ = [
    "Becomes",
    "Resend",
    "after_unknown",
    "becomes",
    "hint_in",
    "may_go_elsewhere",
    "next_attempt",
    "pause_before_round",
]

_LONGEST_PAUSE: Final = 60.0
_ROUNDS_WITHOUT_DEADLINE: Final = 6

_STEPS: Final = (1, 5, 15, 30, 60)  # times the first pause (M21)
_LONGEST_STEP: Final = _STEPS[-1]
_JITTER: Final = 0.1  # of an hourly pause, to either side
_LONGEST_HINT: Final = 3600.0

_READ: Final = 1000  # characters of a reply, as many as its verdict is read from
# "try again in 60 seconds", "greylisted for 5 minutes", "retry after 300s", "come back in 00:04:59"
_HINT: Final = re.compile(
    r"\b(?:again|retry|back|wait|delayed|gr[ea]y-?list(?:ed|ing)?)\b[^0-9.;]{0,30}"
    r"(?:(?P<many>\d{1,6})[ -]?(?P<unit>[smh]|secs?|seconds?|mins?|minutes?|hrs?|hours?)\b"
    r"|(?:(?<=\bin )|(?<=\bafter )|(?<=\bfor ))(?P<clock>\d\d?(?::\d\d){1,2})\b)",
    re.IGNORECASE,
)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


class Becomes(StrEnum):
    """What a recipient's outcome becomes in the queue."""

    QUEUED = "queued"
    HELD = "held"
    FINAL = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """A mail whose outcome is unknown is sent again: not before ``at``, there, and those very bytes.

    ``server`` is the name of the server that fell silent, ``digest`` the SHA-256 of what it was sent.
    """

    at: datetime
    server: str
    digest: str


def may_go_elsewhere(*, outcome: Outcome, fault: Fault | None, lasting: bool, name_missing: bool) -> bool:
    """Say whether a recipient may be offered to the next route.

    Only where a server or an account has a temporary fault. What a recipient, a sender or the
    message caused stays with them, an unknown outcome is never failed over, and a server whose
    name does not exist keeps the mail waiting (M11).
    """
    return (
        outcome is Outcome.DEFERRED
        and fault in (Fault.SERVER, Fault.ACCOUNT)
        and not lasting
        and not name_missing
    )


def pause_before_round(rounds: int, *, left: float | None) -> float | None:
    """Give the seconds to wait before the routes are walked again: 1, 2, 4 …, at most 60.

    ``rounds`` is how often they were walked (from 1), ``left`` the seconds that the deadline leaves;
    ``None`` is no deadline, and then six rounds are the end. ``None`` is returned where no further
    round may be.
    """
    pause = min(2.0 ** (rounds - 1), _LONGEST_PAUSE)
    if left is None:
        return pause if rounds < _ROUNDS_WITHOUT_DEADLINE else None
    return pause if pause < left else None


def next_attempt(
    attempts: int,
    rules: RetryRules,
    *,
    since: datetime,
    now: datetime,
    hint: float | None = None,
    jitter: float = 0.5,
) -> datetime | None:
    """Say when a deferred mail is tried next; ``None`` once its window has passed (M21).

    ``attempts`` are those that count, ``since`` is when the mail was queued, ``hint`` the seconds that
    the server asked for: they count between the planned step and one hour. ``jitter`` is chance, from
    0 to 1, and spreads the pauses after the fifth by a tenth to either side. The last attempt is at
    the end of the window.
    """
    left = rules.window - (now - since).total_seconds()
    if left <= 0:
        return None
    pause = rules.first * _multiple(max(attempts, 1), rules.factor)
    if attempts > len(_STEPS):
        pause *= 1 + _JITTER * (2 * jitter - 1)
    if hint is not None:
        pause = max(pause, min(hint, _LONGEST_HINT))
    return now + timedelta(seconds=min(pause, left))


def _multiple(attempts: int, factor: float | None) -> float:
    if factor is None:
        return _STEPS[min(attempts, len(_STEPS)) - 1]
    try:
        return min(factor ** (attempts - 1), _LONGEST_STEP)
    except OverflowError:
        return _LONGEST_STEP


def hint_in(reply: Reply) -> float | None:
    """Give the seconds after which a server says to come back; ``None`` where it says nothing of it.

    Only a temporary reply is read (4yz).
    """
    if reply.severity is not Severity.TRANSIENT:
        return None
    found = _HINT.search(reply.text[:_READ])
    if found is None:
        return None
    if found["clock"]:
        seconds = 0
        for part in found["clock"].split(":"):
            seconds = seconds * 60 + int(part)
        return float(seconds)
    return float(int(found["many"]) * _UNITS[found["unit"][0].lower()])


def after_unknown(
    resends: int, rules: RetryRules, *, silent_since: datetime, server: str, digest: str
) -> Resend | Becomes:
    """Say what follows silence after the final dot (M20): once more, later, there; then never again.

    ``resends`` is how often that was done. ``Becomes.HELD`` where the rules leave it to a person,
    ``Becomes.FINAL`` where it stays unknown.
    """
    if rules.unknown == "hold":
        return Becomes.HELD
    if resends >= rules.unknown_resends:
        return Becomes.FINAL
    return Resend(at=silent_since + timedelta(seconds=rules.unknown_after), server=server, digest=digest)


def becomes(*, outcome: Outcome, lasting: bool, name_missing: bool) -> Becomes:
    """Say what a recipient's outcome becomes in the queue (M18, house rule 7).

    A fault that will not mend by itself is held until somebody mends it, but for a name that does
    not exist: that waits in the queue (M11). Of an unknown outcome ``after_unknown`` decides when.
    """
    match outcome:
        case Outcome.DEFERRED:
            return Becomes.HELD if lasting and not name_missing else Becomes.QUEUED
        case Outcome.PENDING | Outcome.UNKNOWN:
            return Becomes.QUEUED
        case Outcome.HELD:
            return Becomes.HELD
        case _:
            return Becomes.FINAL
