"""What must not be lost, doubled or misled by rows that somebody changed, in rounds of the queue."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from queue_shop import TEST, a_mail, age, change, rows, settings, state, states
from sqlalchemy import update

from mailsend import Attachment, Mailer, Settings
from mailsend.errors import StoreError
from mailsend.mailer.queueing import written_down
from mailsend.mailer.queueing.written_down import write_down
from mailsend.store.buckets import account_mark
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer


@pytest.fixture
def server():
    with ScriptedServer(replies={"busy@example.org": "451 4.3.0 Later"}) as running:
        yield running


@pytest.fixture
def make(any_url):
    """Give what makes a Mailer on the store, with these servers."""
    opened = []

    def made(*urls, **application):
        opened.append(Mailer(Settings.model_validate(settings(*urls, store=any_url, **application))))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.fixture
def mailer(make, server):
    return make(server.url)


def of(table, mail):
    """Give the rows of a mail, to be changed."""
    return update(table).where((table.c.id if table is mails.message else table.c.message) == mail)


def to_whom(server):
    return [one.recipients for one in server.messages]


# A question about a mail that some have already.


@pytest.fixture
def half_sent(mailer, server):
    """Give a mail that one has and another is to get, held since test mode was switched on."""
    mail = mailer.enqueue(a_mail(to=["bob@example.org", "busy@example.org"]))
    mailer.deliver_due()
    mailer.test_mode.on(TEST)
    age(mailer, 120)
    mailer.deliver_due()
    assert state(mailer, mail) == ("held", ["accepted", "held"])
    server.replies.clear()
    return mail


def test_who_has_a_mail_gets_it_by_no_confirmation(mailer, server, half_sent):
    """The mail that goes out in its place goes to whom it was still to go, and knows of the other."""
    question = mailer.test_mode.question([half_sent])
    answer = mailer.test_mode.confirm(question.token, by="ann")
    assert mailer.deliver_due().accepted == 1
    assert to_whom(server) == [("bob@example.org",), ("busy@example.org",)]
    assert state(mailer, answer.sent[half_sent]) == ("done", ["accepted", "accepted"])
    assert state(mailer, half_sent) == ("cancelled", ["accepted", "cancelled"])


def test_who_may_have_a_mail_gets_it_by_no_confirmation(mailer, server, half_sent):
    """Where nobody else is left, nothing is sent, and the mail stays held."""
    who = of(mails.recipient, half_sent).where(mails.recipient.c.position == 1)
    change(mailer, who.values(pinned="relay"))  # held after silence (M20)
    question = mailer.test_mode.question([half_sent])
    answer = mailer.test_mode.confirm(question.token, by="ann")
    assert (answer.sent, list(answer.refused)) == ({}, [half_sent])
    assert mailer.deliver_due().claimed == 0
    assert (state(mailer, half_sent)[0], to_whom(server)) == ("held", [("bob@example.org",)])


def test_who_has_a_mail_may_see_its_copy_tested(mailer, server, half_sent):
    """A copy for the test address harms nobody: it shows all of them."""
    question = mailer.test_mode.question([half_sent])
    mailer.test_mode.keep_testing(question.token, by="ann")
    mailer.deliver_due()
    assert to_whom(server) == [("bob@example.org",), (TEST,)]


# Two accounts at one place.


@pytest.fixture
def accounts():
    """Give a server with two accounts, and the URL of each."""
    with ScriptedServer(accounts={"ann": "pw", "bea": "pw"}) as running:
        place = urlsplit(running.url).netloc.rpartition("@")[2]
        yield running, *[f"smtp://{one}:pw@{place}?tls=none" for one in ("ann", "bea")]


def test_a_queued_mail_goes_by_the_account_that_was_decided_on(make, accounts):
    """Both have one name; the first does not carry this sender."""
    server, ann, bea = accounts
    mailer = make(f"{ann}&senders=@other.example", bea)
    mailer.enqueue(a_mail())
    assert mailer.deliver_due().accepted == 1
    assert [one.user for one in server.messages] == ["bea"]


def test_an_account_that_is_gone_is_no_other_one(make, accounts):
    """Where neither of two is the one that was decided on, the mail waits for a person."""
    server, ann, bea = accounts
    mailer = make(ann, bea)
    mail = mailer.enqueue(a_mail())
    routes = rows(mailer, mails.message)[0].routes
    for place in (0, 1):
        routes = routes.replace(mark_of(mailer, place), str(place) * 16)
    change(mailer, of(mails.message, mail).values(routes=routes))
    assert mailer.deliver_due().held == 1
    assert (mailer.outbox.get(mail).reason, server.messages) == ("route_gone", [])


def mark_of(mailer, place):
    return account_mark(mailer._core.rules.application.smarthosts[place])


def test_after_silence_no_other_account_is_tried(make, accounts):
    """It is sent once more by one server alone, whatever the others are called (M20)."""
    server, ann, bea = accounts
    mailer = make(ann, bea)
    mail = mailer.enqueue(a_mail())
    name = mailer._core.rules.application.smarthosts[0].name
    change(mailer, of(mails.recipient, mail).values(outcome="unknown", pinned=name))
    server.misbehave("mail-451")
    assert mailer.deliver_due().unknown == 1
    assert len(mailer.outbox.get(mail).attempts) == 1


# Rows that somebody changed.


@pytest.mark.parametrize(
    ("table", "changed"),
    [
        (mails.content, {"data": b"From: eve@evil.example\r\n\r\nPay here\r\n"}),
        (mails.recipient, {"envelope_address": "eve@evil.example"}),
        (mails.message, {"envelopes": "[" * 50_000}),
        (mails.message, {"envelopes": '[["ann@suite.example",[]]]'}),
    ],
)
def test_a_mail_that_is_not_what_was_frozen_is_held(mailer, server, table, changed):
    """Its bytes and its recipients go together; the next mail goes out all the same."""
    mail = mailer.enqueue(a_mail(1))
    change(mailer, of(table, mail).values(**changed))
    mailer.enqueue(a_mail(2))
    done = mailer.deliver_due()
    assert (done.accepted, done.held, len(server.messages)) == (1, 1, 1)
    assert (str(mailer.outbox.get(mail).state), mailer.outbox.get(mail).reason) == ("held", "unreadable")


def test_a_lapsed_mail_that_cannot_be_read_stops_no_other(mailer, server):
    """It is held; without that every claim would fail on it, again and again."""
    mail = mailer.enqueue(a_mail(1))
    change(
        mailer,
        of(mails.message, mail).values(state="sending", fence=1, lease_until=1),
        of(mails.recipient, mail).values(outcome="no such word"),
    )
    mailer.enqueue(a_mail(2))
    assert mailer.deliver_due().accepted == 1
    assert states(mailer) == {"held": 1, "done": 1}


def test_a_claim_takes_no_more_than_memory_holds(mailer):
    """Mails of 30 MB come two at a time, and one of 100 MB by itself."""
    for number, size in enumerate((30, 30, 30, 100, 1)):
        change(mailer, of(mails.message, mailer.enqueue(a_mail(number))).values(size=size << 20))
    taken = [mailer.deliver_due().claimed for _ in range(5)]
    assert taken == [2, 1, 1, 1, 0]


# What is told.


def test_a_round_counts_what_it_did(mailer, half_sent):
    """Who was accepted earlier is not counted when the rest is held."""
    mailer.outbox.release(half_sent)
    done = mailer.deliver_due()
    assert (done.claimed, done.accepted, done.held) == (1, 0, 1)


def test_who_sent_hears_of_it_though_the_rest_cannot_be_queued(any_url, server, caplog):
    """Sensitive mail needs a key only where something is left: by then somebody has it."""
    without = settings(server.url, store=any_url)
    del without["application"]["secret_keys"]
    with Mailer(Settings.model_validate(without)) as mailer:
        report = mailer.send(a_mail(to=["bob@example.org", "busy@example.org"], sensitive=True), deadline=5)
    assert [str(one.outcome) for one in report.recipients.values()] == ["accepted", "deferred"]
    assert (report.queued, to_whom(server)) == (False, [("bob@example.org",)])
    assert "cannot be queued" in caplog.text


# A store that is away when a mail is out.


class AwayFor:
    """A queue whose store fails so many times."""

    def __init__(self, times, *, closed=False):
        self.left, self.asked, self.closed = times, 0, closed

    def finish(self, ending, *, now):
        self.asked += 1
        told: Future[bool] = Future()
        if self.left:
            self.left -= 1
            problem = StoreError("the store is away")
            problem.__cause__ = None if self.closed else OSError("connection refused")
            told.set_exception(problem)
        else:
            told.set_result(True)
        return told


@pytest.fixture
def soon(monkeypatch):
    """Make the pauses short."""
    monkeypatch.setattr(written_down, "_PAUSES", (0.001,) * 5)


@pytest.mark.usefixtures("soon")
def test_what_is_out_is_written_down_when_the_store_is_back():
    """Else it would be sent again though its server took it."""
    queue = AwayFor(3)
    assert asyncio.run(write_down(queue, SimpleNamespace(id="01mail"), longest=1.0))
    assert queue.asked == 4


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(("queue", "asked"), [(AwayFor(99), 6), (AwayFor(99, closed=True), 1)])
def test_it_is_not_tried_for_ever(queue, asked):
    """A store that stays away, or that is closed, is told of."""
    with pytest.raises(StoreError):
        asyncio.run(write_down(queue, SimpleNamespace(id="01mail"), longest=1.0))
    assert queue.asked == asked


# What a terminal or a spreadsheet is given.


def test_an_export_moves_no_cursor(mailer):
    """Whatever callers wrote into tags: replaced in CSV, escaped in JSON Lines."""
    mailer.enqueue(a_mail(tags=["\x1b[2J", "\x9b31m", "\u202eevil"]))
    table = "".join(mailer.journal.export(format="csv"))
    lines = "".join(mailer.journal.export(format="jsonl"))
    assert not {"\x1b", "\x9b", "\u202e"} & {*table, *lines}
    assert json.loads(lines)["tags"] == ["\x1b[2J", "\x9b31m", "\u202eevil"]
    assert ",\N{REPLACEMENT CHARACTER}[2J" in table.replace('"', "")


# What is left of a person.


def test_a_file_that_is_named_after_a_person_is_forgotten(mailer):
    """Decisions tell of files, and a file's ending makes another address of the one in its name."""
    file = Attachment.from_bytes(b"1,2", filename="bob@example.org.csv")
    mail = mailer.enqueue(a_mail(attachments=(file,)))
    mailer.deliver_due()
    assert "bob@example.org" in rows(mailer, mails.message)[0].decisions
    mailer.privacy.erase("bob@example.org", reason="asked for", by="ann")
    assert "bob@" not in rows(mailer, mails.message)[0].decisions
    assert mailer.outbox.get(mail).subject == ""
