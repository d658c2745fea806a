"""A process that stood still with a server's answer in its hands: it is heard all the same, and nothing goes twice."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from queue_shop import a_mail, age, rows, settings, state, store_of

from mailsend import Mailer, Settings
from mailsend.errors import StoreError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.core import Core
from mailsend.mailer.queueing import written_down
from mailsend.mailer.queueing.written_down import write_down
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer


@pytest.fixture
def server():
    with ScriptedServer(replies={"gone@example.org": "550 5.1.1 Gone"}) as running:
        yield running


@pytest.fixture
def mailer(any_url, server):
    with Mailer(Settings.model_validate(settings(server.url, store=any_url))) as opened:
        yield opened


@pytest.fixture
def stands_still(mailer, monkeypatch):
    """Let five minutes pass between a server's answer and its record; somebody else takes the mail meanwhile."""
    deliver = Core.deliver
    monkeypatch.setattr(written_down, "_PAUSES", (0.001,))

    async def slowly(self, *which, **how):
        report = await deliver(self, *which, **how)
        age(mailer, 300)
        store_of(mailer).queue.claim(
            name="another", most=9, now=utc_now(), lease=60, settle=self.rounds.settle
        ).result()
        return report

    monkeypatch.setattr(Core, "deliver", slowly)


def acts(mailer):
    return [one.act for one in rows(mailer, mails.event)]


@pytest.mark.usefixtures("stands_still")
def test_what_was_accepted_is_not_sent_again(mailer, server, monkeypatch):
    """The other worker called it unknown; the answer settles that."""
    mail = mailer.enqueue(a_mail())
    mailer.deliver_due()
    assert state(mailer, mail) == ("done", ["accepted"])
    assert acts(mailer) == ["settle"]
    (tried,) = mailer.outbox.get(mail).attempts
    assert str(tried.outcome) == "accepted"
    monkeypatch.undo()
    age(mailer, 3600)
    assert mailer.deliver_due().claimed == 0
    assert len(server.messages) == 1


@pytest.mark.usefixtures("stands_still")
def test_a_mail_with_a_key_is_settled_likewise(mailer, server):
    """Whoever sends it once more by the same key hears that it was accepted."""
    asked = a_mail(idempotency_key="once")
    first = mailer.send(asked)
    assert state(mailer, first.id) == ("done", ["accepted"])
    again = mailer.send(asked)
    assert [[*map(str, one.accepted)] for one in (first, again)] == [["bob@example.org"]] * 2
    assert len(server.messages) == 1


@pytest.mark.usefixtures("stands_still")
def test_who_never_got_content_is_asked_again(mailer, server):
    """Refused in the envelope, nothing of it stands marked: the next claim finds out by itself."""
    mail = mailer.enqueue(a_mail(to=["bob@example.org", "gone@example.org"]))
    mailer.deliver_due()
    assert state(mailer, mail) == ("queued", ["accepted", "pending"])
    assert [one.recipients for one in server.messages] == [("bob@example.org",)]


# Written down, or settled, or neither.


class Queue:
    """A queue that gives these answers in turn: of ``finish``, and of ``settle``."""

    def __init__(self, finished, settled):
        self.answers = {"finish": list(finished), "settle": list(settled)}

    def finish(self, ending, *, now):
        return self._next("finish")

    def settle(self, ending, *, now):
        return self._next("settle")

    def _next(self, which):
        answer = self.answers[which].pop(0)
        told = Future()
        told.set_exception(answer) if isinstance(answer, Exception) else told.set_result(answer)
        return told


def away():
    problem = StoreError("the store is away")
    problem.__cause__ = OSError("connection refused")
    return problem


@pytest.mark.parametrize(
    ("finished", "settled", "ours"),
    [
        ([True], [], True),
        ([False], [()], False),
        ([False], [(0, 1)], False),
        ([False, False], [None, (0,)], False),  # somebody else held it for a while
        ([False, away(), False], [away(), ()], False),
        ([away(), True], [], True),
        ([False] * 6, [None] * 6, False),  # and for too long
    ],
)
def test_it_is_settled_as_soon_as_nobody_holds_it(monkeypatch, finished, settled, ours):
    """And the store is asked no more than it takes."""
    monkeypatch.setattr(written_down, "_PAUSES", (0.001,) * 5)
    queue = Queue(finished, settled)
    assert asyncio.run(write_down(queue, SimpleNamespace(id="01mail"), longest=1.0)) is ours
    assert queue.answers == {"finish": [], "settle": []}


def test_no_more_is_waited_than_was_asked_for(monkeypatch):
    """A caller of ``send`` does not wait until somebody else has done with the mail."""
    monkeypatch.setattr(written_down, "_PAUSES", (0.001, 60.0))
    queue = Queue([False, False], [None, None])
    assert not asyncio.run(write_down(queue, SimpleNamespace(id="01mail"), longest=1.0))
    assert queue.answers == {"finish": [], "settle": []}
