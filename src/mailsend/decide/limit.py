"""One token bucket for every limit there is: what may be taken now, and how long to wait else (M8).

A token comes back a whole period after it was taken, not drop by drop: a bucket that fills again
while it is emptied lets nearly twice its amount through in one period, and the servers whose limits
we keep count what came in any minute or day, whenever that begins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from mailsend.model.server import Server

__all__ = [
    "FULL",
    "Bucket",
    "Limit",
    "Rate",
    "Taken",
    "Wait",
    "ended",
    "give_back",
    "is_limited",
    "limit_of",
    "take",
]

_SECOND: Final = 1.0
_MINUTE: Final = 60.0
_DAY: Final = 86400.0

# Of a large amount, what is taken within one part of the period comes back together: so a bucket
# stays small, and no more than a sixtieth is lost.
_PARTS: Final = 60

Out = tuple[tuple[float, int], ...]  # when tokens come back, and how many; oldest first


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``amount`` in any ``seconds``; kept with a whole amount, so that 0.5 in 1 is 1 in 2.

    ``per_recipient``: a mail takes as many as it has recipients, not one. Raises ValueError for what
    is not above 0.
    """

    amount: float
    seconds: float
    per_recipient: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.amount < math.inf and 0 < self.seconds < math.inf):
            raise ValueError("a rate is so many in so many seconds, both above 0")
        whole = math.ceil(self.amount)
        if whole != self.amount:
            object.__setattr__(self, "seconds", self.seconds * whole / self.amount)
        object.__setattr__(self, "amount", whole)


@dataclass(frozen=True, slots=True)
class Limit:
    """Several rates that all hold, and how many may be under way at once; ``None`` is any number."""

    rates: tuple[Rate, ...] = ()
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was taken from a limit: for each of its rates what has not come back, and what is under way."""

    out: tuple[Out, ...] = ()
    under_way: int = 0


FULL: Final = Bucket()


@dataclass(frozen=True, slots=True)
class Taken:
    """It may be done now; ``bucket`` is what is left."""

    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing was taken; in ``seconds`` it can be, where nobody else takes before.

    ``None``: as soon as one that is under way has ended.
    """

    bucket: Bucket
    seconds: float | None


def limit_of(server: Server) -> Limit:
    """Give the rates of a server; how many connections it takes at once is its pool's matter."""
    return Limit(tuple(Rate(many, seconds, each) for many, seconds, each in _rates(server) if many))


def is_limited(server: Server) -> bool:
    """Say whether a server has any rate."""
    return any(many for many, _, _ in _rates(server))


def _rates(server: Server) -> tuple[tuple[float | None, float, bool], ...]:
    return (
        (server.max_per_second, _SECOND, False),
        (server.max_per_minute, _MINUTE, False),
        (server.max_per_day, _DAY, False),
        (server.max_recipients_per_day, _DAY, True),
    )


def take(bucket: Bucket, limit: Limit, now: float, recipients: int = 1) -> Taken | Wait:
    """Take one mail to ``recipients`` from every rate of ``limit``, or from none.

    ``now`` is in seconds on any clock; where that goes back, no token stays away for longer than a
    period from then. A mail that asks for more than a whole rate takes the whole.
    """
    before = bucket.out or ((),) * len(limit.rates)
    rates = [
        (_still_out(out, rate, now), rate, _wanted(rate, recipients))
        for out, rate in zip(before, limit.rates, strict=True)
    ]
    bucket = replace(bucket, out=tuple(out for out, _, _ in rates))
    seconds = max((_until_back(out, rate, wanted, now) for out, rate, wanted in rates), default=0.0)
    if seconds > 0.0:
        return Wait(bucket, seconds)
    if limit.at_once is not None and bucket.under_way >= limit.at_once:
        return Wait(bucket, None)
    taken = tuple(_more_out(out, rate, wanted, now) for out, rate, wanted in rates)
    return Taken(Bucket(taken, bucket.under_way + 1))


def ended(bucket: Bucket) -> Bucket:
    """Give the bucket after one that was under way has ended; what it took comes back in its time."""
    return replace(bucket, under_way=max(bucket.under_way - 1, 0))


def give_back(bucket: Bucket, limit: Limit, at: float, recipients: int = 1) -> Bucket:
    """Give the bucket after one that took at the time ``at`` has ended without being seen by anybody.

    What it took and is still out is put back at once.
    """
    out = tuple(
        _less_out(one, rate, _wanted(rate, recipients), at)
        for one, rate in zip(bucket.out, limit.rates, strict=True)
    )
    return ended(replace(bucket, out=out))


def _wanted(rate: Rate, recipients: int) -> int:
    return min(recipients if rate.per_recipient else 1, int(rate.amount))


def _part(rate: Rate) -> float:
    return rate.seconds / _PARTS if rate.amount > _PARTS else 0.0


def _still_out(out: Out, rate: Rate, now: float) -> Out:
    longest = now + rate.seconds + _part(rate)
    return tuple((min(back, longest), many) for back, many in out if back > now)


def _until_back(out: Out, rate: Rate, wanted: int, now: float) -> float:
    missing = sum(many for _, many in out) + wanted - rate.amount
    if missing <= 0:
        return 0.0
    there = accumulate(out, lambda before, one: (one[0], before[1] + one[1]))
    back = next(back for back, many in there if many >= missing)
    seconds = back - now
    # Rounded down, it would end a hair's breadth too early.
    return seconds if now + seconds >= back else math.nextafter(seconds, math.inf)


def _more_out(out: Out, rate: Rate, wanted: int, now: float) -> Out:
    back = now + rate.seconds
    if out and out[-1][0] >= back:
        last, many = out[-1]
        return (*out[:-1], (last, many + wanted))
    return (*out, (back + _part(rate), wanted))


def _less_out(out: Out, rate: Rate, wanted: int, at: float) -> Out:
    back = at + rate.seconds
    left = ((when, many - wanted if back <= when <= back + _part(rate) else many) for when, many in out)
    return tuple((when, many) for when, many in left if many > 0)
