"""Hours, days, weeks, months and years by the calendar of a time zone, across its changes of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

__all__ = ["Calendar", "Unit"]

# All zones in use differ from UTC by whole quarters of an hour.
QUARTER: Final = timedelta(minutes=15)


class Unit(StrEnum):
    """How long a period is; a week begins on Monday (ISO 8601)."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Says which period a time belongs to. Times given and taken have a zone; those given are in UTC."""

    unit: Unit
    zone: tzinfo

    def begin_of(self, time: datetime) -> datetime:
        """Give the beginning of the period in which ``time`` lies."""
        local = time.astimezone(self.zone)
        day = local.date()
        match self.unit:
            case Unit.HOUR:
                # An hour that comes twice is two periods: `fold` stays.
                return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
            case Unit.WEEK:
                day -= timedelta(days=day.weekday())
            case Unit.MONTH:
                day = day.replace(day=1)
            case Unit.YEAR:
                day = day.replace(month=1, day=1)
        return self._midnight(day)

    def end_of(self, begin: datetime) -> datetime:
        """Give the end of the period that begins at ``begin``, which is the beginning of the next one."""
        day = begin.astimezone(self.zone).date()
        match self.unit:
            case Unit.HOUR:
                time = begin + QUARTER
                while self.begin_of(time) == begin:
                    time += QUARTER
                return self.begin_of(time)
            case Unit.WEEK:
                day += timedelta(days=7)
            case Unit.MONTH:
                day = (day + timedelta(days=31)).replace(day=1)
            case Unit.YEAR:
                day = day.replace(year=day.year + 1)
            case _:
                day += timedelta(days=1)
        return self._midnight(day)

    def _midnight(self, day: date) -> datetime:
        # Where the clock skips midnight, this is the time at which it does.
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
