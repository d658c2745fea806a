"""A mail that goes out in two parts, and is broken off in the second: what the first came to is not lost."""

from __future__ import annotations

import asyncio

import pytest
from queue_shop import a_mail, age, change, rows, settings, state
from sqlalchemy import update

from mailsend import Mailer, Settings
from mailsend.mailer.core import Core
from mailsend.mailer.queueing.stopping import Stopping
from mailsend.store.queue import Queue
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

BOB, EVE = "bob@example.org", "eve@example.org"


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def mailer(any_url, server):
    with Mailer(Settings.model_validate(settings(server.url, store=any_url))) as opened:
        yield opened


@pytest.fixture
def mail(mailer):
    """Give a mail whose second recipient is unknown of a server, so that each goes by itself."""
    made = mailer.enqueue(a_mail(to=[BOB, EVE]))
    name = mailer._core.rules.application.smarthosts[0].name
    who = update(mails.recipient).where(mails.recipient.c.position == 1)
    change(mailer, who.values(outcome="unknown", pinned=name))
    return made


def second(monkeypatch, broken):
    """Let ``broken`` do the second delivery; it is given the first one's way."""
    deliver, calls = Core.deliver, []

    async def delivering(self, *which, **how):
        calls.append(which)
        if len(calls) == 2:
            return await broken(lambda: deliver(self, *which, **how))
        return await deliver(self, *which, **how)

    monkeypatch.setattr(Core, "deliver", delivering)


def to_whom(server):
    return [one.recipients for one in server.messages]


def test_what_was_accepted_before_a_failure_stands(mailer, server, mail, monkeypatch):
    """The other was not tried, and is after a while; it is as unknown as it was."""

    async def fails(_):
        raise RuntimeError("a bug")

    second(monkeypatch, fails)
    assert mailer.deliver_due().accepted == 1
    assert state(mailer, mail) == ("queued", ["accepted", "unknown"])
    assert mailer.deliver_due().claimed == 0
    age(mailer, 3600)
    assert mailer.deliver_due().accepted == 1
    assert to_whom(server) == [(BOB,), (EVE,)]
    assert state(mailer, mail) == ("done", ["accepted", "accepted"])


def test_whose_content_was_out_is_unknown(mailer, server, mail, monkeypatch):
    """Nobody heard what the server said to the second: it waits as after silence."""

    async def fails(deliver):
        await deliver()
        raise RuntimeError("a bug")

    second(monkeypatch, fails)
    done = mailer.deliver_due()
    assert (done.accepted, done.unknown, to_whom(server)) == (1, 1, [(BOB,), (EVE,)])
    _, eve = rows(mailer, mails.recipient)
    assert (eve.outcome, eve.reason, eve.resends) == ("unknown", "silence_after_dot", 1)
    assert eve.pinned == mailer._core.rules.application.smarthosts[0].name


def test_what_was_accepted_before_a_stop_stands(mailer, server, mail, monkeypatch):
    """Whoever is broken off gives back what was not tried: it is due at once."""
    stopping = Stopping()

    async def stops(_):
        stopping.at_once()
        await asyncio.Event().wait()

    second(monkeypatch, stops)
    assert mailer.deliver_due(stopping=stopping).accepted == 1
    assert state(mailer, mail) == ("queued", ["accepted", "unknown"])
    assert mailer.deliver_due().accepted == 1
    assert to_whom(server) == [(BOB,), (EVE,)]


def test_where_the_store_cannot_tell_the_lease_does(mailer, mail, monkeypatch, caplog):
    """Then nothing is written down, as after a crash."""

    async def fails(_):
        raise RuntimeError("a bug")

    def away(*_):
        raise OSError("the store is away")

    second(monkeypatch, fails)
    monkeypatch.setattr(Queue, "marked", away)
    assert mailer.deliver_due().accepted == 0
    assert state(mailer, mail) == ("sending", ["pending", "unknown"])
    assert "the store is away" in caplog.text
