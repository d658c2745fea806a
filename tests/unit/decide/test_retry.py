"""Again, elsewhere, or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.retry import (
    Becomes,
    Resend,
    after_unknown,
    becomes,
    hint_in,
    may_go_elsewhere,
    next_attempt,
    pause_before_round,
)
from mailsend.model.reply import Reply
from mailsend.model.report import Fault, Outcome
from mailsend.model.rules import RetryRules


@pytest.mark.parametrize("fault", [Fault.SERVER, Fault.ACCOUNT])
def test_a_temporary_fault_of_server_or_account_leads_to_the_next_route(fault):
    """What is the server's or the account's and passes may be tried elsewhere."""
    assert may_go_elsewhere(outcome=Outcome.DEFERRED, fault=fault, lasting=False, name_missing=False)


@pytest.mark.parametrize(
    ("outcome", "fault", "lasting", "name_missing"),
    [
        pytest.param(Outcome.DEFERRED, Fault.SERVER, True, False, id="a permanent fault is held"),
        pytest.param(Outcome.DEFERRED, Fault.SERVER, False, True, id="a missing name queues the mail"),
        pytest.param(Outcome.DEFERRED, Fault.RECIPIENT, False, False, id="greylisting stays here"),
        pytest.param(Outcome.DEFERRED, Fault.SENDER, False, False, id="a sender's fault stays here"),
        pytest.param(Outcome.DEFERRED, Fault.MESSAGE, False, False, id="a message's fault stays here"),
        pytest.param(Outcome.DEFERRED, None, False, False, id="what nobody is blamed for stays here"),
        pytest.param(Outcome.UNKNOWN, Fault.SERVER, False, False, id="unknown is never failed over"),
        pytest.param(Outcome.REJECTED, Fault.SERVER, False, False, id="rejected is settled"),
        pytest.param(Outcome.ACCEPTED, Fault.SERVER, False, False, id="accepted is settled"),
    ],
)
def test_nothing_else_leads_to_the_next_route(outcome, fault, lasting, name_missing):
    """Only a temporary fault of server or account does."""
    assert not may_go_elsewhere(outcome=outcome, fault=fault, lasting=lasting, name_missing=name_missing)


def test_the_pauses_double_up_to_a_minute():
    """The routes are walked again after 1, 2, 4 … seconds, never more than 60."""
    pauses = [pause_before_round(n, left=1000.0) for n in range(1, 10)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_without_a_deadline_six_rounds_are_the_end():
    """Without a deadline the sixth walk is the last."""
    assert [pause_before_round(n, left=None) for n in range(1, 8)] == [1.0, 2.0, 4.0, 8.0, 16.0, None, None]


@given(rounds=st.integers(1, 40), left=st.floats(-10, 100))
def test_no_pause_reaches_the_deadline(rounds, left):
    """A pause is shorter than what the deadline leaves, or there is none."""
    pause = pause_before_round(rounds, left=left)
    assert pause is None or 1.0 <= pause < left


def test_a_pause_as_long_as_what_is_left_is_none():
    """Waking up at the deadline would be of no use."""
    assert (pause_before_round(2, left=2.0), pause_before_round(2, left=2.01)) == (None, 2.0)


RULES = RetryRules()
QUEUED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def pauses(rules, attempts, **more):
    """Give the seconds until the attempt after each of these."""
    return [
        (next_attempt(n, rules, since=QUEUED, now=QUEUED, **more) - QUEUED).total_seconds() for n in attempts
    ]


def test_a_deferred_mail_is_tried_again_after_1_5_15_30_and_60_minutes_then_hourly():
    """M21's steps, where chance says nothing."""
    assert pauses(RULES, range(8)) == [60, 60, 300, 900, 1800, 3600, 3600, 3600]


def test_the_first_pause_scales_the_others():
    """With a first pause of ten seconds the steps are ten seconds, fifty, …, ten minutes."""
    assert pauses(RetryRules(first=10), range(1, 8)) == [10, 50, 150, 300, 600, 600, 600]


def test_a_factor_stands_for_the_steps():
    """first · factorⁿ, at most sixty times the first; no power is too great to be computed."""
    assert pauses(RetryRules(factor=2.0), range(1, 9)) == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert pauses(RetryRules(factor=60.0), (1, 2, 3)) == [60, 3600, 3600]
    assert pauses(RetryRules(factor=1.0), (1, 2, 5000)) == [60, 60, 60]
    assert pauses(RetryRules(factor=1e200), (1, 2, 1000)) == [60, 3600, 3600]


def test_chance_spreads_the_hourly_pauses_by_a_tenth():
    """The first five are exact, so that greylisting is met; the hourly ones do not come all at once."""
    assert pauses(RULES, (1, 5, 6, 9), jitter=0.0) == [60, 3600, 3240, 3240]
    assert pauses(RULES, (1, 5, 6, 9), jitter=1.0) == [60, 3600, 3960, 3960]


def test_a_servers_hint_counts_between_the_planned_step_and_an_hour():
    """Less than planned changes nothing, more than an hour is an hour; a longer step stays."""
    assert pauses(RULES, (1, 2, 5), hint=120.0) == [120, 300, 3600]
    assert pauses(RULES, (1, 2), hint=86_400.0) == [3600, 3600]
    assert pauses(RetryRules(first=600), (5,), hint=86_400.0) == [36_000]


def test_the_last_attempt_is_at_the_end_of_the_window():
    """Three days after it was queued a mail is tried for the last time, and then no more."""
    end = QUEUED + timedelta(days=3)
    near = end - timedelta(minutes=20)
    assert next_attempt(40, RULES, since=QUEUED, now=near) == end
    assert next_attempt(40, RULES, since=QUEUED, now=end - timedelta(seconds=0.5)) == end
    assert next_attempt(40, RULES, since=QUEUED, now=end) is None
    assert next_attempt(40, RULES, since=QUEUED, now=end + timedelta(days=1)) is None
    assert next_attempt(1, RetryRules(window=30), since=QUEUED, now=QUEUED) == QUEUED + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Too many messages, try again in 60 seconds", 60),
        ("Please try again in 5 minutes.", 300),
        ("Greylisted for 300 seconds (see http://example.org/help)", 300),
        ("Greylisting in action, please come back in 00:04:59", 299),
        ("grey-listed, retry after 90s", 90),
        ("Graylisted; wait 1 hour", 3600),
        ("delayed, please wait at least 2 hrs", 7200),
        ("Try again in 15-minutes", 900),
        ("TRY AGAIN AFTER 3 MIN", 180),
        ("come back for 10:30", 630),
        ("wait 10 h", 36_000),
        ("try again in 0 seconds", 0),
        ("too many messages in 60 seconds, try again later", None),
        ("try again later. The limit is 30 messages in 60 seconds", None),
        ("try again at 12:30", None),
        ("try again in 1234567 seconds", None),
        ("try again in 60 parsecs", None),
        ("limit of 60 seconds", None),
        ("against 60 seconds", None),
        ("", None),
    ],
)
def test_a_reply_says_when_to_come_back(text, seconds):
    """Seconds, minutes, hours and clocks are read where the words say that it is to come back then."""
    assert hint_in(Reply(451, text)) == seconds


def test_only_a_temporary_reply_has_a_hint():
    """What is refused for good is not tried again, whatever it says."""
    assert hint_in(Reply(550, "try again in 60 seconds")) is None
    assert hint_in(Reply(250, "try again in 60 seconds")) is None


def test_a_hint_is_looked_for_in_front():
    """A reply made to be slow to read is read for a thousand characters."""
    said = "try again in 60 s"
    assert hint_in(Reply(451, " " * (1000 - len(said)) + said)) == 60
    assert hint_in(Reply(451, " " * (1001 - len(said)) + said)) is None


UNKNOWN = {"silent_since": QUEUED, "server": "one.example:587", "digest": "d1"}


def test_after_silence_the_same_bytes_go_to_the_same_server_once_and_later():
    """A quarter of an hour after the server fell silent, and then it stays unknown."""
    assert after_unknown(0, RULES, **UNKNOWN) == Resend(
        at=QUEUED + timedelta(minutes=15), server="one.example:587", digest="d1"
    )
    assert after_unknown(1, RULES, **UNKNOWN) is Becomes.FINAL


def test_the_rules_may_say_how_often_and_when_or_leave_it_to_a_person():
    """unknown_after, unknown_resends and unknown = "hold" are obeyed."""
    rules = RetryRules(unknown_after=60, unknown_resends=2)
    assert after_unknown(1, rules, **UNKNOWN).at == QUEUED + timedelta(minutes=1)
    assert after_unknown(2, rules, **UNKNOWN) is Becomes.FINAL
    assert after_unknown(0, RetryRules(unknown_resends=0), **UNKNOWN) is Becomes.FINAL
    assert after_unknown(0, RetryRules(unknown="hold"), **UNKNOWN) is Becomes.HELD


@pytest.mark.parametrize(
    ("outcome", "lasting", "name_missing", "becomes_"),
    [
        pytest.param(Outcome.DEFERRED, False, False, "queued", id="what passes is tried again"),
        pytest.param(
            Outcome.DEFERRED, True, False, "held", id="a lasting fault of server or account is held"
        ),
        pytest.param(Outcome.DEFERRED, True, True, "queued", id="a missing name waits in the queue"),
        pytest.param(
            Outcome.DEFERRED, False, True, "queued", id="a missing name waits, however it is called"
        ),
        pytest.param(Outcome.PENDING, False, False, "queued", id="what was not tried waits"),
        pytest.param(Outcome.UNKNOWN, False, False, "queued", id="unknown waits for its one resend"),
        pytest.param(Outcome.HELD, False, False, "held", id="held stays held"),
        pytest.param(Outcome.ACCEPTED, False, False, "final", id="accepted is the end"),
        pytest.param(Outcome.REJECTED, True, False, "final", id="rejected is the end"),
        pytest.param(Outcome.SUPPRESSED, False, False, "final", id="suppressed is the end"),
        pytest.param(Outcome.EXPIRED, False, False, "final", id="expired is the end"),
        pytest.param(Outcome.CANCELLED, False, False, "final", id="cancelled is the end"),
    ],
)
def test_what_an_outcome_becomes_in_the_queue(outcome, lasting, name_missing, becomes_):
    """Every outcome has its place: to be tried again, kept for a person, or done with."""
    assert str(becomes(outcome=outcome, lasting=lasting, name_missing=name_missing)) == becomes_


def test_every_outcome_becomes_something():
    """The words for it are stable."""
    assert [str(one) for one in Becomes] == ["queued", "held", "final"]
    for outcome in Outcome:
        assert becomes(outcome=outcome, lasting=False, name_missing=False) in Becomes
