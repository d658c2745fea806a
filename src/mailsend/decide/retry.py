"""Again, elsewhere, or not: what a call may still do after an attempt (M11, M18, M20; house rule 5)."""

from __future__ import annotations

from typing import Final

from mailsend.model.report import Fault, Outcome

__all__ = ["may_go_elsewhere", "pause_before_round"]

_LONGEST_PAUSE: Final = 60.0
_ROUNDS_WITHOUT_DEADLINE: Final = 6


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
