"""The last look before every attempt, made ready: what stays is fixed, what may change is read each time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeAlias

from mailsend.decide.last_look import Drop, Go, Hold, LookedAt, last_look
from mailsend.mailer.clock import utc_now
from mailsend.mailer.server_states import released_among
from mailsend.mailer.test_mode import TestModeSwitch
from mailsend.model.circumstances import OfferedServer
from mailsend.model.consignment import Deliverable
from mailsend.model.rules import Rules, Scope
from mailsend.model.standing_hold import StandingHold
from mailsend.model.submission import Refusal

__all__ = ["Look", "look_with"]

Look: TypeAlias = Callable[[Deliverable], Go | Hold | Drop]


def look_with(
    rules: Rules | Refusal,
    scope: Scope | Refusal,
    own: tuple[OfferedServer, ...] | None,
    switch: TestModeSwitch,
    suppressed: Collection[str] = (),
    standing: Callable[[], tuple[StandingHold, ...]] = tuple,
) -> Look:
    """Give the last look for a mail of ``scope``; test mode and time are read at every look.

    ``own`` are the customer's servers where more than the rules is known of them; ``suppressed`` are
    the addresses that a list keeps from this mail; ``standing`` gives the holds that stand.
    """
    released = None if own is None else released_among(own)

    def look(submission: Deliverable) -> Go | Hold | Drop:
        if isinstance(rules, Refusal) or isinstance(scope, Refusal):
            return last_look(submission, LookedAt(now=utc_now(), rules=None, test_mode=switch.status()))
        return last_look(
            submission,
            LookedAt(
                now=utc_now(),
                rules=rules,
                test_mode=switch.status(scope),
                released=released,
                suppressed=suppressed,
                holds=standing(),
            ),
        )

    return look
