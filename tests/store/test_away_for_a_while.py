"""PostgreSQL that is stopped and started, and connections cut when it has committed: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import inspect
import re

import pytest
from cutting_relay import CuttingRelay
from postgres_server import PASSWORD
from queue_shop import a_mail, rows, settings, state, states, store_of, subjects
from restarting_server import RestartingServer
from waiting import wait_until

from mailsend import AsyncMailer, Mailer, Settings
from mailsend.errors import StoreError
from mailsend.mailer import listed, standing, test_mode
from mailsend.store import attempting, upgrade
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

pytestmark = pytest.mark.postgres

COMMIT = b"COMMIT"
INSERT = b"INSERT INTO mailsend_message"


class Room:
    """A room of a mailer, likewise."""

    def __init__(self, mailer, room):
        self._mailer, self._room = mailer, room

    def __getattr__(self, name):
        return self._mailer.done(getattr(self._room, name))


class Opened:
    """A Mailer, or an AsyncMailer with a Mailer's face, on a loop of its own."""

    def __init__(self, kind, shop):
        self._loop = asyncio.new_event_loop()
        self._mailer = kind(Settings.model_validate(shop))
        self._core = self._mailer._core

    def __getattr__(self, name):
        found = getattr(self._mailer, name)
        return self.done(found) if callable(found) else Room(self, found)

    def done(self, method):
        """Give what does it, and waits until it is done."""

        def does(*given, **more):
            answer = method(*given, **more)
            return self._loop.run_until_complete(answer) if inspect.isawaitable(answer) else answer

        return does

    def end(self):
        self.close()
        self._loop.close()


@pytest.fixture(scope="module")
def restarting():
    """Give a server that these tests alone stop and start."""
    running = RestartingServer()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture(params=[Mailer, AsyncMailer])
def opened(request):
    """Give what opens a mailer at a store; it is closed at the end."""
    made = []

    def at(server, url):
        made.append(Opened(request.param, settings(server.url, store=url)))
        return made[-1]

    yield at
    for one in made:
        one.end()


@pytest.fixture
def away(restarting, server, opened, monkeypatch):
    """Give a mailer that still knows what it has looked up when its store is away."""
    for module, name in ((test_mode, "_FRESH"), (standing, "_FRESH"), (listed, "FRESH")):
        monkeypatch.setattr(module, name, 3600.0)
    url = restarting.new_database()
    upgrade(url)
    return opened(server, url)


@pytest.fixture
def relay(postgres):
    with CuttingRelay(postgres.port) as running:
        yield running


@pytest.fixture
def mailer(postgres, relay, server, opened):
    """Give a mailer whose store is behind the relay; its first connections are open."""
    database = re.search(r"store_\d+", postgres.new_database())[0]
    upgrade(postgres.by_password(database=database))
    made = opened(
        server, f"postgresql://mailsend:{PASSWORD}@127.0.0.1:{relay.port}/{database}?sslmode=disable"
    )
    made.send(a_mail("before"))
    wait_until(lambda: states(made) == {"done": 1})
    made.deliver_due()
    return made


def records(mailer):
    """Give which mails are in the store, and how many attempts, recipients and contents."""
    found = [one.subject.removeprefix("Mail ") for one in rows(mailer, mails.message)]
    tables = (mails.attempt, mails.recipient, mails.content)
    return sorted(found), *[len(rows(mailer, table)) for table in tables]


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_what_is_sent_while_the_server_is_away_is_there_when_it_is_back(
    away, restarting, server, caplog, how
):
    """Each once, with all that belongs to it; the mails themselves have gone out meanwhile."""
    away.send(a_mail(0))
    with store_of(away)._writer._turn:  # its record waits
        away.send(a_mail(1))
        restarting.halt(how)
    try:
        wait_until(lambda: store_of(away)._writer._backlog)
        assert [away.send(a_mail(number)).complete for number in range(2, 6)] == [True] * 4
        assert len(server.messages) == 6
    finally:
        restarting.resume()
    wait_until(lambda: not store_of(away)._writer._backlog)
    away.send(a_mail(6))
    wait_until(lambda: len(rows(away, mails.message)) == 7)
    assert records(away) == (list("0123456"), 7, 7, 7)
    assert "could not be written down" not in caplog.text


def test_what_is_still_there_at_the_end_is_told_of_by_its_id(away, restarting, server, caplog, monkeypatch):
    """Once, when the mailer is closed."""
    monkeypatch.setattr("mailsend.store.backlog._LAST", 0.5)
    away.send(a_mail(0))
    restarting.halt()
    try:
        ids = [away.send(a_mail(number)).id for number in (1, 2)]
        away.close()
    finally:
        restarting.resume()
    lost = [one.getMessage() for one in caplog.records if "could not be written down" in one.getMessage()]
    assert len(lost) == 1
    assert all(one in lost[0] for one in ids)
    assert len(server.messages) == 3


# What is committed, and its answer is lost


@pytest.mark.parametrize("key", [None, "k"])
def test_a_mail_is_put_in_once(mailer, relay, server, key):
    """Its caller has the id, and no reason to put it in again."""
    relay.cut(COMMIT if key else INSERT)
    mail = mailer.enqueue(a_mail(1, idempotency_key=key))
    assert relay.has_cut
    if key:
        assert mailer.enqueue(a_mail(1, idempotency_key=key)) == mail
    assert mailer.deliver_due().accepted == 1
    assert (state(mailer, mail), subjects(server)) == (("done", ["accepted"]), ["Mail 1", "Mail before"])


def test_many_are_put_in_once(mailer, relay, server):
    """All of them."""
    relay.cut(COMMIT)
    mailer.enqueue_many([a_mail(1), a_mail(2, idempotency_key="k")])
    assert relay.has_cut
    assert mailer.deliver_due().accepted == 2
    assert subjects(server) == ["Mail 1", "Mail 2", "Mail before"]


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_mail_with_a_key_is_sent_once(mailer, relay, server, caplog, at):
    """Whether it is its row that nothing is heard of, its mark or its end."""
    relay.cut(COMMIT, at=at)
    report = mailer.send(a_mail(1, idempotency_key="k"))
    assert relay.has_cut
    assert (report.complete, report.queued) == (True, False)
    assert mailer.send(a_mail(1, idempotency_key="k")).id == report.id
    assert (state(mailer, report.id), subjects(server)) == (("done", ["accepted"]), ["Mail 1", "Mail before"])
    assert records(mailer)[1:] == (2, 2, 2)
    assert "could not be written down" not in caplog.text


def test_a_preview_is_delivered_once(mailer, relay, server):
    """However often it is."""
    preview = mailer.preview(a_mail(1))
    relay.cut(COMMIT)
    assert mailer.deliver(preview).complete
    assert mailer.deliver(preview).id == preview.id
    assert (relay.has_cut, subjects(server)) == (True, ["Mail 1", "Mail before"])


def test_a_record_is_written_once(mailer, relay):
    """With its attempt, which has no key of its own."""
    relay.cut(COMMIT)
    mailer.send(a_mail(1))
    wait_until(lambda: relay.has_cut and not store_of(mailer)._writer._backlog)
    mailer.close()
    assert records(mailer) == (["1", "before"], 2, 2, 2)


def test_records_of_which_some_are_there_are_written_once(mailer, relay):
    """The answer to the second try is lost as well, and others have come meanwhile."""
    relay.cut(COMMIT, so_many=2)
    for number in range(5):
        mailer.send(a_mail(number))
    wait_until(lambda: relay.has_cut)
    for number in range(5, 8):
        mailer.send(a_mail(number))
    mailer.close()
    assert records(mailer) == ([*"01234567", "before"], 9, 9, 9)


STEPS = {"claim": 1, "mark": 2, "end": 3}


@pytest.mark.parametrize("step", STEPS)
def test_a_mail_of_the_queue_goes_out_once_and_is_counted(mailer, relay, server, caplog, step):
    """Nobody took it over, and nothing waits for the end of a lease."""
    mail = mailer.enqueue(a_mail(1))
    assert state(mailer, mail)[0] == "queued"  # a loop keeps the connection that it asked: this opens another
    relay.cut(COMMIT, at=STEPS[step])
    done = mailer.deliver_due()
    assert relay.has_cut
    assert (done.claimed, done.accepted) == (1, 1)
    assert (state(mailer, mail), subjects(server)) == (("done", ["accepted"]), ["Mail 1", "Mail before"])
    assert records(mailer)[1:] == (2, 2, 2)
    assert [one for one in rows(mailer, mails.event) if one.message == mail] == []
    assert "taken over" not in caplog.text


def test_where_it_is_not_known_it_is_said_so(mailer, relay, monkeypatch):
    """Each answer is lost: the mail is in all the same, and its caller is told to look."""
    monkeypatch.setattr(attempting, "_PAUSES", (0.0, 0.0))
    relay.cut(COMMIT, so_many=99)
    with pytest.raises(StoreError, match="whether it is written is not known"):
        mailer.enqueue_many([a_mail(1), a_mail(2)])
    relay.cut(COMMIT, so_many=0)
    assert records(mailer)[0] == ["1", "2", "before"]
