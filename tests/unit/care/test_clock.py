"""The clock of the duties: what is due is done, once, and a failure stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from mail_strategies import shop

from mailsend import Mailer, Settings
from mailsend.care import DUTIES, Duty, Ran, run_due
from mailsend.care.duty import MORE
from mailsend.errors import InvalidSettings, StoreError, UnknownCustomer

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def mailer():
    """Give a Mailer with a store in memory."""
    with Mailer(Settings.model_validate(shop(store="memory:"))) as opened:
        yield opened


def duty(*told, name="count", every=3600.0):
    """Give a duty that tells these one after the other; an exception is raised."""
    answers = iter(told)

    def run(mailer, now):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Duty(name=name, every=every, run=run)


def done(mailer, *duties, now=NOW):
    return run_due(mailer, duties, clock=lambda: now)


def test_a_duty_is_done_at_its_time(mailer):
    """At once, then not before its time, then again; what it told is kept."""
    counting = duty({"n": 1}, {"n": 2})
    assert done(mailer, counting) == (Ran(name="count", told={"n": 1}),)
    assert done(mailer, counting, now=NOW + HOUR / 2) == ()
    assert done(mailer, counting, now=NOW + HOUR) == (Ran(name="count", told={"n": 2}),)
    assert mailer.upkeep.duties.get("count").told == {"n": 2}


def test_a_duty_with_more_to_do_comes_again_at_once(mailer):
    """A run is bounded, and what is left is not let wait for an hour."""
    counting = duty({MORE: True}, {"n": 2})
    done(mailer, counting)
    assert done(mailer, counting, now=NOW + timedelta(seconds=1)) == (Ran(name="count", told={"n": 2}),)


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (RuntimeError("hunter2"), "RuntimeError"),
        (StoreError("the database is away"), "the database is away"),
    ],
)
def test_a_duty_that_fails_is_told_and_stops_no_other(mailer, problem, told, caplog):
    """What others raise may hold anything, and is named in the store by its kind alone."""
    ran = done(mailer, duty(problem, name="bad"), duty({"n": 1}, name="good"))
    assert ran == (
        Ran(name="bad", told={"error": told}, failed=True),
        Ran(name="good", told={"n": 1}),
    )
    assert mailer.upkeep.duties.get("bad").due_at == NOW + HOUR
    assert "the duty bad failed" in caplog.text


def test_all_duties_are_done_where_none_are_named(mailer):
    """An empty store is cared for without a failure."""
    ran = run_due(mailer)
    assert [(one.name, one.failed) for one in ran] == [(one.name, False) for one in DUTIES]


def test_without_a_store_there_are_no_duties():
    """It says so, rather than to do nothing."""
    with Mailer(Settings.model_validate(shop())) as mailer, pytest.raises(StoreError, match="needs a store"):
        run_due(mailer)


class Away:
    """A directory whose answer can be changed."""

    def __init__(self, problem):
        self.problem = problem

    def rules_for(self, customer, business_unit):
        raise self.problem


@pytest.mark.parametrize(
    ("problem", "scope"),
    [(UnknownCustomer("gone", known=()), "the application's"), (InvalidSettings("", "broken"), None)],
)
def test_a_customer_that_is_gone_is_told_from_rules_that_cannot_be_read(problem, scope):
    """Of the first the application cares; of the second nobody knows for how long its mail is kept."""
    settings = {"application": shop(store="memory:")["application"]}
    with Mailer(Settings.model_validate(settings), directory=Away(problem)) as mailer:
        found = mailer.upkeep.scope_of("gone")
        assert (found is None) == (scope is None)
        assert found is None or found.customer is None


def test_the_scope_of_a_unit_that_is_gone_is_its_customers(mailer):
    """Units come and go, and their mails stay."""
    assert mailer.upkeep.scope_of("ratcatcher", "zurich").business_unit.name == "zurich"
    scope = mailer.upkeep.scope_of("ratcatcher", "geneva")
    assert (scope.customer.name, scope.business_unit) == ("ratcatcher", None)
    assert mailer.upkeep.scope_of("").customer is None
