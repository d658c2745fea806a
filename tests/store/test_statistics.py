"""Statistics: whole values, every group, every ratio, and calendars across changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from search_samples import mail, to
from sqlalchemy import insert

from mailsend.decide.query import parse
from mailsend.errors import StoreError
from mailsend.model.periods import Unit
from mailsend.model.statistics import Counts, Group, StatisticsRow
from mailsend.store.journal import statistics as counting
from mailsend.store.schema.mails import message, recipient
from mailsend.store.schema.upkeep import provider
from mailsend.store.times import moment

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def queued(name, time, **more):
    return mail(name, timedelta(), **{"queued_at": moment(at(time)), **more})


def fill(store, mails, recipients=(), providers=()):
    """Write rows down."""
    with store._database.writing() as transaction:
        for table, rows in ((message, mails), (recipient, recipients), (provider, providers)):
            if rows:
                transaction.connection.execute(insert(table), list(rows))


def count(store, by, *, group=None, zone=UTC, query="", since=None, until=None):
    return store.journal.statistics(
        parse(query),
        by=Unit(by),
        zone=zone,
        timezone=getattr(zone, "key", "UTC"),
        since=since,
        until=until,
        group=None if group is None else Group(group),
        now=NOW,
    )


MAILS = [
    queued("a", "2026-11-20T10:00", customer="rat", template="order", size=100),
    queued("b", "2026-11-20T23:59:59", customer="rat", size=300, state="queued"),
    queued("c", "2026-11-22T00:00", template="order", size=50),
    queued("t", "2026-11-20T12:00", in_test_mode=1, size=9999),
]
RECIPIENTS = [
    to("a", "bob@gmail.com", server="relay", reason="accepted"),
    to("a", "eve@rat.ch", 1, server="relay", outcome="rejected", reason="no_such_user"),
    to("a", "dan@gmail.com", 2, server="other", outcome="rejected", reason="mailbox_full"),
    to("b", "bob@rat.ch", outcome="deferred", reason="greylisted", server="relay"),
    to("c", "zoe@nowhere.ch", server="relay", reason="accepted"),
    to("t", "bob@gmail.com", server="relay", reason="accepted"),
]
PROVIDERS = [
    {"domain": "rat.ch", "provider": "Microsoft 365", "source": "mx", "at": 0, "until": 0},
    {"domain": "gmail.com", "provider": "what the table overrules", "source": "mx", "at": 0, "until": 0},
]
FIRST = Counts(
    mails=2,
    test_copies=1,
    states={"done": 1, "queued": 1},
    recipients=4,
    outcomes={"accepted": 1, "deferred": 1, "rejected": 2},
    reasons={"greylisted": 1, "mailbox_full": 1, "no_such_user": 1},
    open=1,
    bytes=400,
    largest=300,
)
LAST = Counts(mails=1, states={"done": 1}, recipients=1, outcomes={"accepted": 1}, bytes=50, largest=50)


def test_each_day_is_told_whole_and_days_without_mail_too(store):
    """Counts, sizes, outcomes and reasons; copies of test mode are counted apart and in nothing else."""
    fill(store, MAILS, RECIPIENTS, PROVIDERS)
    found = count(store, "day")
    assert found.rows == (
        StatisticsRow(begin=at("2026-11-20"), end=at("2026-11-21"), group=None, counts=FIRST),
        StatisticsRow(begin=at("2026-11-21"), end=at("2026-11-22"), group=None, counts=Counts()),
        StatisticsRow(begin=at("2026-11-22"), end=at("2026-11-23"), group=None, counts=LAST),
    )
    assert found.total == Counts(
        mails=3,
        test_copies=1,
        states={"done": 2, "queued": 1},
        recipients=5,
        outcomes={"accepted": 2, "deferred": 1, "rejected": 2},
        reasons=FIRST.reasons,
        open=1,
        bytes=450,
        largest=300,
    )
    assert (found.by, found.timezone, found.group, found.query) == ("day", "UTC", None, "")


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("customer", {"": (1, 1, 50), "rat": (2, 4, 400)}),
        ("template", {"": (1, 1, 300), "order": (2, 4, 150)}),
        ("domain", {"gmail.com": (1, 2, 100), "nowhere.ch": (1, 1, 50), "rat.ch": (2, 2, 400)}),
        ("provider", {"": (1, 1, 50), "Gmail": (1, 2, 100), "Microsoft 365": (2, 2, 400)}),
        ("server", {"other": (1, 1, 100), "relay": (3, 4, 450)}),
        (
            "reason",
            {
                "accepted": (2, 2, 150),
                "greylisted": (1, 1, 300),
                "mailbox_full": (1, 1, 100),
                "no_such_user": (1, 1, 100),
            },
        ),
    ],
)
def test_rows_are_told_apart_by_what_was_asked(store, group, told):
    """A mail stands under each group that one of its recipients has; the total counts it once."""
    fill(store, MAILS, RECIPIENTS, PROVIDERS)
    found = count(store, "year", group=group)
    assert {
        one.group: (one.counts.mails, one.counts.recipients, one.counts.bytes) for one in found.rows
    } == told
    assert found.total == count(store, "year").total


def test_the_share_of_each_reason_at_a_provider_is_told(store):
    """Of the recipients at Gmail one in two had a full mailbox."""
    fill(store, MAILS, RECIPIENTS, PROVIDERS)
    (gmail,) = (one.counts for one in count(store, "month", group="provider").rows if one.group == "Gmail")
    assert gmail.reason_shares == {"mailbox_full": 0.5}
    assert gmail.ratios["accepted_ratio"] == 0.5


def test_every_ratio_is_computed_as_it_says(store):
    """Of those that came to an end, and of all."""
    outcomes = {
        "accepted": 7,
        "rejected": 2,
        "expired": 1,
        "unknown": 4,
        "pending": 3,
        "deferred": 2,
        "held": 1,
        "suppressed": 5,
        "cancelled": 3,
    }
    people = [one for one, number in outcomes.items() for _ in range(number)]
    several = [to("a", f"p{n}@x.example", n, outcome=one) for n, one in enumerate(people)]
    fill(
        store,
        [queued("a", "2026-01-01", size=100, state="queued"), queued("b", "2026-01-01", size=201)],
        several,
    )
    counts = count(store, "day").total
    assert dict(counts.outcomes) == outcomes
    assert counts.ratios == {
        "accepted_ratio": 7 / 14,
        "rejected_ratio": 2 / 14,
        "expired_ratio": 1 / 14,
        "unknown_ratio": 4 / 14,
        "open_ratio": 6 / 28,
        "suppressed_ratio": 5 / 28,
        "cancelled_ratio": 3 / 28,
    }
    assert (counts.mean_size, counts.recipients_per_mail) == (150.5, 14.0)


def _begins(found):
    return [(one.begin.isoformat(), one.counts.mails) for one in found.rows]


def test_an_hour_that_comes_twice_is_two_periods(store):
    """In Zurich 02:30 comes twice on 25 October 2026, and 02:30 not at all on 29 March."""
    fill(
        store,
        [
            queued("a", "2026-10-25T00:30"),
            queued("b", "2026-10-25T01:30"),
            queued("c", "2026-10-25T01:45"),
            queued("d", "2026-03-29T00:59"),
            queued("e", "2026-03-29T01:00"),
        ],
    )
    autumn = count(store, "hour", zone=ZURICH, since=at("2026-10-24T23:00"), until=at("2026-10-25T03:00"))
    assert _begins(autumn) == [
        ("2026-10-25T01:00:00+02:00", 0),
        ("2026-10-25T02:00:00+02:00", 1),
        ("2026-10-25T02:00:00+01:00", 2),
        ("2026-10-25T03:00:00+01:00", 0),
    ]
    spring = count(store, "hour", zone=ZURICH, query="before:2026-04-01")
    assert _begins(spring) == [("2026-03-29T01:00:00+01:00", 1), ("2026-03-29T03:00:00+02:00", 1)]


def test_days_and_months_follow_the_clock_of_the_zone(store):
    """A day may have 23 or 25 hours, and what is March in UTC is April in Zurich."""
    fill(
        store,
        [queued("a", "2026-03-31T22:30"), queued("b", "2026-10-25T22:59"), queued("c", "2026-10-25T23:00")],
    )
    days = count(store, "day", zone=ZURICH, since=at("2026-10-24T22:00"))
    assert [(one.end.astimezone(UTC) - one.begin.astimezone(UTC), one.counts.mails) for one in days.rows] == [
        (timedelta(hours=25), 1),
        (timedelta(hours=24), 1),
    ]
    assert _begins(count(store, "month", zone=ZURICH))[0] == ("2026-04-01T00:00:00+02:00", 1)
    assert _begins(count(store, "month"))[0] == ("2026-03-01T00:00:00+00:00", 1)


def test_weeks_begin_on_monday_and_years_on_their_first_day(store):
    """1 January 2027 is a Friday, in a week that began in 2026."""
    fill(
        store,
        [queued("a", "2026-12-31T12:00"), queued("b", "2027-01-01T12:00"), queued("c", "2027-01-04T00:00")],
    )
    assert _begins(count(store, "week")) == [
        ("2026-12-28T00:00:00+00:00", 2),
        ("2027-01-04T00:00:00+00:00", 1),
    ]
    assert _begins(count(store, "year")) == [
        ("2026-01-01T00:00:00+00:00", 1),
        ("2027-01-01T00:00:00+00:00", 2),
    ]


def test_only_what_was_asked_for_is_counted(store):
    """By a query, and from one time to before another; periods between these stand there without mail."""
    fill(store, MAILS, RECIPIENTS, PROVIDERS)
    assert count(store, "day", query="customer:rat").total.mails == 2
    assert count(store, "day", query="domain:gmail.com").total.recipients == 3
    assert count(store, "day", query="subject:nothing").rows == ()
    cut = count(store, "hour", since=at("2026-11-20T10:00"), until=at("2026-11-20T13:00"))
    assert [one.counts.mails for one in cut.rows] == [1, 0, 0]
    assert cut.total.test_copies == 1
    assert count(store, "day", since=at("2026-11-23"), until=at("2026-11-25")).total == Counts()
    assert len(count(store, "day", since=at("2026-11-23"), until=at("2026-11-25")).rows) == 2


@pytest.mark.parametrize("group", [None, "server", "customer", "provider"])
def test_open_is_who_may_still_get_it(store, group):
    """Put off, held or pending in a mail that is open; what was put off at its only attempt waits for nothing."""
    states = ("queued", "sending", "held", "done", "cancelled", "expired")
    outcomes = ("pending", "deferred", "held", "accepted", "rejected")
    fill(
        store,
        [queued(one, "2026-11-20T10:00", state=one) for one in states],
        [
            to(one, f"{outcome}@rat.ch", place, outcome=outcome, server="relay")
            for one in states
            for place, outcome in enumerate(outcomes)
        ],
    )
    found = count(store, "day", group=group)
    for counts in (found.total, found.rows[0].counts):
        assert (counts.recipients, counts.open, counts.ratios["open_ratio"]) == (30, 9, 0.3)
        assert counts.outcomes == dict.fromkeys(sorted(outcomes), 6)


def test_what_would_be_too_many_rows_is_refused(store, monkeypatch):
    """The advice says what to take instead."""
    monkeypatch.setattr(counting, "MOST_ROWS", 2)
    fill(store, MAILS, RECIPIENTS, PROVIDERS)
    for asked in ({"by": "day"}, {"by": "day", "group": "domain"}):
        with pytest.raises(StoreError, match="more than 2 rows") as refused:
            count(store, **asked)
        assert "by" in refused.value.advice
    assert len(count(store, "month").rows) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "day", "since": datetime(9999, 12, 31, tzinfo=UTC)},
        {"by": "year", "until": datetime(9999, 12, 31, 23, tzinfo=UTC)},
        {"by": "week", "since": datetime(1, 1, 1, tzinfo=UTC), "zone": ZoneInfo("America/New_York")},
    ],
)
def test_times_beyond_every_calendar_are_refused(store, asked):
    """They are told as what they are, and are no fault of ours."""
    fill(store, MAILS)
    with pytest.raises(StoreError, match="the calendar does not reach so far"):
        count(store, **asked)
