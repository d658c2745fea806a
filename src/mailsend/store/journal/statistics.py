"""Counts put together by the calendar of a time zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final, TypeAlias

from mailsend.errors import StoreRefused
from mailsend.model.frozen import FrozenDict
from mailsend.model.periods import Calendar, Unit
from mailsend.model.query import Query
from mailsend.model.report import Outcome
from mailsend.model.statistics import Counts, Group, Statistics, StatisticsRow
from mailsend.store.journal.counting import Counting, bucket_begin

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["MOST_ROWS", "statistics"]

MOST_ROWS: Final = 50_000
_OPEN: Final = (Outcome.PENDING, Outcome.DEFERRED, Outcome.HELD)


@dataclass(slots=True)
class _Tally:
    mails: int = 0
    test_copies: int = 0
    bytes: int = 0
    largest: int = 0
    open: int = 0
    states: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def counts(self) -> Counts:
        return Counts(
            mails=self.mails,
            test_copies=self.test_copies,
            states=FrozenDict(sorted(self.states.items())),
            recipients=self.outcomes.total(),
            outcomes=FrozenDict(sorted(self.outcomes.items())),
            reasons=FrozenDict(sorted(self.reasons.items())),
            open=self.open,
            bytes=self.bytes,
            largest=self.largest,
        )


_Key: TypeAlias = tuple[datetime, str]


def statistics(
    transaction: Transaction,
    query: Query,
    *,
    by: Unit,
    zone: tzinfo,
    timezone: str,
    since: datetime | None,
    until: datetime | None,
    group: Group | None,
    now: datetime,
) -> Statistics:
    """Count what ``query`` finds; raises StoreRefused where it would be more than ``MOST_ROWS`` rows."""
    calendar = Calendar(by, zone)
    counting = Counting(transaction, query, now=now, since=since, until=until)
    tallies = _tallies(counting, calendar, group)
    total = _tallies(counting, None, None) if group is not None and not group.of_mails else None
    try:
        if group is None:
            _fill(tallies, calendar, since, until)
        rows = tuple(
            StatisticsRow(
                begin=begin.astimezone(zone),
                end=calendar.end_of(begin).astimezone(zone),
                group=None if group is None else name,
                counts=tallies[begin, name].counts(),
            )
            for begin, name in sorted(tallies)
        )
    except (OverflowError, ValueError):  # what Python's calendar says of the years before 1 and behind 9999
        raise StoreRefused(
            "the calendar does not reach so far", advice="Take since and until nearer to today."
        ) from None
    return Statistics(
        by=by,
        timezone=timezone,
        group=group,
        query=str(query),
        since=since,
        until=until,
        rows=rows,
        total=_sum((tallies if total is None else total).values()).counts(),
    )


def _tallies(counting: Counting, calendar: Calendar | None, group: Group | None) -> dict[_Key, _Tally]:
    begins: dict[int, datetime] = {}
    found: dict[_Key, _Tally] = {}

    def tally(bucket: int, name: str) -> _Tally:
        begin = begins.get(bucket)
        if begin is None:
            time = bucket_begin(bucket)
            begin = begins[bucket] = time if calendar is None else calendar.begin_of(time)
        one = found.get((begin, name))
        if one is None:
            if len(found) == MOST_ROWS and calendar is not None:
                raise _too_many()
            one = found[begin, name] = _Tally()
        return one

    for row in counting.mails(group):
        one = tally(row.bucket, row.grouped)
        if row.in_test_mode:
            one.test_copies += row.mails
            continue
        one.mails += row.mails
        one.states[row.state] += row.mails
        one.bytes += int(row.bytes)
        one.largest = max(one.largest, row.largest)
    for row in counting.recipients(group):
        one = tally(row.bucket, row.grouped)
        one.outcomes[row.outcome] += row.recipients
        if row.in_open_mail and row.outcome in _OPEN:
            one.open += row.recipients
        if row.reason not in ("", row.outcome):  # `accepted` is no reason of its own
            one.reasons[row.reason] += row.recipients
    return found


def _fill(
    tallies: dict[_Key, _Tally], calendar: Calendar, since: datetime | None, until: datetime | None
) -> None:
    """Put the periods in between in which nothing was queued."""
    begins = [begin for begin, _ in tallies]
    first = min(begins, default=None) if since is None else calendar.begin_of(since)
    if first is None:
        return
    begin, last = first, max(begins, default=first)
    while begin <= last or (until is not None and begin < until):
        if len(tallies) > MOST_ROWS:
            raise _too_many()
        tallies.setdefault((begin, ""), _Tally())
        begin = calendar.end_of(begin)


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    total = _Tally()
    for one in tallies:
        total.mails += one.mails
        total.test_copies += one.test_copies
        total.open += one.open
        total.bytes += one.bytes
        total.largest = max(total.largest, one.largest)
        total.states += one.states
        total.outcomes += one.outcomes
        total.reasons += one.reasons
    return total


def _too_many() -> StoreRefused:
    return StoreRefused(
        f"these would be more than {MOST_ROWS:,} rows",
        advice="Take a longer period (by, --period), less time (since, until), a narrower query, or no groups.",
    )
