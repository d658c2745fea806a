"""Limits, pauses and health with real servers: what was accepted is read from the server's own record."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from mail_strategies import shop

from mailsend.errors import SubmissionDeferred
from mailsend.mailer import AsyncMailer, Mailer
from mailsend.mailer.lanes import forget_lanes
from mailsend.model.message import Message
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer


@pytest.fixture(autouse=True)
def no_server_is_remembered():
    """Ports come back, and with them what was known of a server."""
    forget_lanes()
    yield
    forget_lanes()


@pytest.fixture
def server():
    """Give a server of this test's own."""
    with ScriptedServer() as running:
        yield running


def settings(*urls):
    table = shop(urls[0])
    table["application"]["smarthosts"] = list(urls)
    return Settings.model_validate(table)


def a_message(number=0):
    return Message(to="bob@example.org", subject=str(number), text="Hello")


def reasons(reports):
    return Counter(one.recipients["bob@example.org"].reason for one in reports)


def test_what_is_over_the_limit_is_deferred_and_never_offered(server):
    """Of six mails under a limit of four a day four were taken, and the server never saw the others."""
    with Mailer(settings(f"{server.url}&max_per_day=4")) as mailer:
        reports = list(mailer.send_many([a_message(n) for n in range(6)], deadline=30.0))
        assert reasons(reports) == {"accepted": 4, "over_limit": 2}
        with pytest.raises(SubmissionDeferred) as told:
            mailer.send(a_message(7), deadline=1.0)
        assert "limit" in told.value.advice
    assert len(server.messages) == 4
    assert sum(one.startswith("MAIL") for one in server.commands) == 4


def test_what_waits_for_its_turn_is_sent(server):
    """Seven mails at three a second are all taken, each once."""

    async def send():
        async with AsyncMailer(settings(f"{server.url}&max_per_second=3")) as mailer:
            return [one async for one in mailer.send_many([a_message(n) for n in range(7)], deadline=60.0)]

    assert reasons(asyncio.run(send())) == {"accepted": 7}
    assert len(server.messages) == 7


def test_a_server_that_asks_for_less_gets_less(server):
    """After "Rate limit exceeded" the next mail waits for a second and is taken; no attempt was counted."""
    server.misbehave("mail-450-rate:1")
    with Mailer(settings(server.url)) as mailer:
        first, second = (next(iter(mailer.send_many([a_message(n)], deadline=30.0))) for n in range(2))
    slowed = first.recipients["bob@example.org"]
    assert (slowed.reason, slowed.attempts, str(slowed.outcome)) == ("rate", 0, "deferred")
    assert second.complete
    assert len(server.messages) == 1


def test_a_dead_smarthost_is_asked_once_and_then_waits_behind_the_other(server):
    """The first mail finds out; those after it go to the other smarthost at once, and say why."""
    with ScriptedServer() as gone:
        dead = gone.url
    with Mailer(settings(dead, server.url)) as mailer:
        reports = [mailer.send(a_message(n)) for n in range(3)]
    assert [len(one.attempts) for one in reports] == [2, 1, 1]
    assert reports[0].decisions == ()
    assert "comes later: the last attempt at it failed (not_connected)" in reports[2].decisions[0].explain()
    assert len(server.messages) == 3
