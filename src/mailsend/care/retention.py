"""The duty of forgetting: contents first, records later, by each customer's rules (Q4, M38)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from mailsend.care.duty import MORE, Cared, Duty
from mailsend.mailer.clock import monotonic
from mailsend.model.rules import Customer

if TYPE_CHECKING:
    from mailsend.mailer.upkeep import Upkeep

__all__ = ["RETENTION", "forget_what_is_old"]

_LONGEST: Final = 300.0  # seconds that one run takes
_WORKER_GONE: Final = timedelta(days=1)
_DAYS: Final = Customer()  # the days of whoever says nothing of them
_FOR_EVER: Final = 36_500


def forget_what_is_old(mailer: Cared, now: datetime) -> Mapping[str, Any]:
    """Take out what is kept no longer, in small steps; tell how much.

    A mail counts from its end. What is queued, being sent or held stays whole, however old.
    """
    upkeep = mailer.upkeep
    until = monotonic() + _LONGEST

    def alive() -> bool:
        return monotonic() < until

    @cache
    def days_of(customer: str) -> tuple[int, int]:
        return _days_of(upkeep, customer)

    def log_days_of(customer: str) -> int:
        return days_of(customer)[1]

    days = {name: days_of(name) for name in upkeep.retention.customers()}
    told: dict[str, Any] = {
        "contents": upkeep.retention.contents(
            {name: content for name, (content, _) in days.items()},
            otherwise=_DAYS.content_days,
            now=now,
            alive=alive,
        ),
        "mails": sum(
            upkeep.retention.mails(name, days=log, now=now, alive=alive) for name, (_, log) in days.items()
        ),
        "keys": upkeep.retention.keys(now=now, alive=alive),
        "files": upkeep.retention.blobs(alive=alive),
        "acts": upkeep.loose_ends.acts(log_days_of, now=now, alive=alive),
        "questions": upkeep.loose_ends.questions(now=now, alive=alive),
        "holds": upkeep.loose_ends.holds(log_days_of, now=now, alive=alive),
        "domains": upkeep.loose_ends.domains(now=now, alive=alive),
        "workers": upkeep.workers.forget(before=now - _WORKER_GONE),
    }
    return told if alive() else {**told, MORE: True}


def _days_of(upkeep: Upkeep, customer: str) -> tuple[int, int]:
    """Give for how many days contents and records are kept; nothing goes while rules cannot be read."""
    scope = upkeep.scope_of(customer)
    if scope is None:
        return _FOR_EVER, _FOR_EVER
    rules = scope.customer or _DAYS
    return rules.content_days, rules.log_days


RETENTION: Final = Duty(name="retention", every=3600.0, run=forget_what_is_old)
