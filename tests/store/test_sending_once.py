"""Sent once and not queued (``retry=False``): nobody tries again in the place of a process that is gone."""

from __future__ import annotations

import pytest
from queue_shop import a_mail, age, rows, settings, state

from mailsend import Mailer, Settings
from mailsend.mailer.core import Core
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

UNKNOWN_RULES = ["resend", "hold"]


@pytest.fixture
def server():
    with ScriptedServer(replies={"busy@example.org": "451 4.3.0 Later"}) as running:
        yield running


@pytest.fixture(params=UNKNOWN_RULES)
def mailer(any_url, server, request):
    asked = settings(server.url, store=any_url, retry={"unknown": request.param})
    with Mailer(Settings.model_validate(asked)) as opened:
        yield opened


class Gone(Exception):
    """Stands for the end of a process: nothing is written down after it."""


@pytest.fixture
def dies(monkeypatch):
    """Give what lets the process end before it delivers, or behind it."""
    deliver = Core.deliver

    def at(*, behind):
        async def delivering(self, *which, **how):
            if behind:
                await deliver(self, *which, **how)
            raise Gone

        monkeypatch.setattr(Core, "deliver", delivering)

    return at


def send(mailer, to="bob@example.org", **more):
    with pytest.raises(Gone):
        mailer.send(a_mail(to=to, idempotency_key="once"), **more)
    (mail,) = rows(mailer, mails.message)
    return mail.id


def later(mailer, monkeypatch):
    monkeypatch.undo()
    age(mailer, 300)
    done = mailer.deliver_due().claimed
    age(mailer, 7200)
    return done + mailer.deliver_due().claimed


def test_who_was_not_reached_is_not_tried_by_others(mailer, server, dies, monkeypatch):
    """The mail has expired with the call; its key is free for whoever asks again, and its author is told."""
    dies(behind=False)
    mail = send(mailer, retry=False)
    assert later(mailer, monkeypatch) == 0
    assert (state(mailer, mail), mailer.outbox.get(mail).reason) == (("expired", ["expired"]), "expired")
    assert [one.act for one in rows(mailer, mails.event)] == ["gave_up"]
    assert mailer.send(a_mail(idempotency_key="once")).id != mail
    assert len(server.messages) == 1


def test_who_may_have_it_is_unknown_for_good(mailer, server, dies, monkeypatch):
    """Whatever the rules say of silence: nothing is sent again, and nothing held."""
    dies(behind=True)
    mail = send(mailer, retry=False)
    assert later(mailer, monkeypatch) == 0
    assert state(mailer, mail) == ("done", ["unknown"])
    assert len(server.messages) == 1


def test_a_person_may_force_it(mailer, server, dies, monkeypatch):
    """From then on it is in the queue as any other, though a worker should die over it too."""
    dies(behind=True)
    mail = send(mailer, retry=False)
    assert later(mailer, monkeypatch) == 0
    mailer.outbox.force(mail, by="ann", reason="the server has no trace of it")
    dies(behind=False)
    assert mailer.deliver_due().claimed == 1
    monkeypatch.undo()
    age(mailer, 300)
    assert mailer.deliver_due().accepted == 1
    assert state(mailer, mail) == ("done", ["accepted"])


def test_without_that_it_goes_by_the_queue(mailer, server, dies, monkeypatch):
    """Who asked for retries gets them, whoever is there to make them."""
    dies(behind=False)
    mail = send(mailer)
    assert later(mailer, monkeypatch) == 1
    assert state(mailer, mail) == ("done", ["accepted"])


def test_the_log_says_how_it_came(mailer):
    """Sent once, it stands there as such."""
    report = mailer.send(a_mail(idempotency_key="once"), retry=False)
    assert mailer.outbox.get(report.id).how == "send_once"
