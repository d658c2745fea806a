"""Periods leave no time out and take none twice."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mailsend.model.periods import Calendar, Unit

ZONES = (
    *("UTC", "Europe/Zurich", "Europe/Lisbon", "America/New_York", "America/Sao_Paulo", "America/Havana"),
    *("Asia/Kathmandu", "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"),
)
CALENDARS = st.builds(Calendar, st.sampled_from(Unit), st.sampled_from([ZoneInfo(one) for one in ZONES]))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@given(CALENDARS, TIMES)
def test_every_time_lies_in_one_period(calendar, time):
    """It is not before the beginning, and before the end, which is where the next period begins."""
    begin = calendar.begin_of(time)
    end = calendar.end_of(begin)
    assert begin <= time < end
    assert calendar.begin_of(begin) == begin
    assert calendar.begin_of(end) == end
