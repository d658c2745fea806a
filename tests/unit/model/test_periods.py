"""Hours to years by the calendar of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailsend.model.periods import Calendar, Unit


def local(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("unit", "begin", "end"),
    [
        (Unit.HOUR, "2026-07-15T13:00", "2026-07-15T14:00"),
        (Unit.DAY, "2026-07-15", "2026-07-16"),
        (Unit.WEEK, "2026-07-13", "2026-07-20"),
        (Unit.MONTH, "2026-07-01", "2026-08-01"),
        (Unit.YEAR, "2026-01-01", "2027-01-01"),
    ],
)
def test_each_period_begins_and_ends_by_the_clock_on_the_wall(unit, begin, end):
    """A Wednesday afternoon in Zurich lies in these."""
    zone = ZoneInfo("Europe/Zurich")
    calendar = Calendar(unit, zone)
    first = calendar.begin_of(local("2026-07-15T13:47:11.5", zone))
    assert (first, calendar.end_of(first)) == (local(begin, zone), local(end, zone))
    assert first.tzinfo is UTC


def test_an_hour_that_is_cut_short_or_drawn_out_is_one_period():
    """On Lord Howe Island the clock moves by half an hour."""
    calendar = Calendar(Unit.HOUR, ZoneInfo("Australia/Lord_Howe"))
    longer = calendar.begin_of(datetime(2026, 4, 4, 14, 40, tzinfo=UTC))
    assert calendar.end_of(longer) - longer == timedelta(minutes=90)
    shorter = calendar.begin_of(datetime(2026, 10, 3, 15, 40, tzinfo=UTC))
    assert calendar.end_of(shorter) - shorter == timedelta(minutes=30)


def test_a_day_without_midnight_begins_where_the_clock_goes_on():
    """In São Paulo 4 November 2018 began at one."""
    zone = ZoneInfo("America/Sao_Paulo")
    calendar = Calendar(Unit.DAY, zone)
    begin = calendar.begin_of(local("2018-11-04T12:00", zone))
    assert begin.astimezone(zone).isoformat() == "2018-11-04T01:00:00-02:00"
    assert calendar.end_of(begin) - begin == timedelta(hours=23)
