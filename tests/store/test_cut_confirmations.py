"""The answer to a question whose COMMIT is cut off on PostgreSQL: found out, and told as it was (P3, M35)."""

from __future__ import annotations

import re

import pytest
from cutting_relay import CuttingRelay
from postgres_server import PASSWORD
from queue_shop import TEST, a_mail, acts, rows, settings, state, states, subjects

from mailsend import Mailer, Settings
from mailsend.errors import StoreError
from mailsend.store import upgrade
from mailsend.store.schema import upkeep
from mailsend.testing import ScriptedServer

pytestmark = pytest.mark.postgres

COMMIT = b"COMMIT"
ANSWERS = {"confirm": "confirmed", "keep_testing": "kept_testing"}


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def relay(postgres):
    with CuttingRelay(postgres.port) as running:
        yield running


@pytest.fixture
def mailer(postgres, relay, server):
    """Give a mailer in test mode whose store is behind the relay."""
    database = re.search(r"store_\d+", postgres.new_database())[0]
    upgrade(postgres.by_password(database=database))
    url = f"postgresql://mailsend:{PASSWORD}@127.0.0.1:{relay.port}/{database}?sslmode=disable"
    with Mailer(Settings.model_validate(settings(server.url, store=url))) as opened:
        opened.test_mode.on(TEST)
        assert opened.outbox.search().mails == ()  # its connections are open
        yield opened


def asked(mailer):
    """Ask about two new mails, and about one that is no longer held when it is answered."""
    gone = mailer.enqueue(a_mail(3))
    mailer.outbox.hold(gone, by="ann")
    question = mailer.test_mode.question([a_mail(1), a_mail(2), gone])
    mailer.outbox.delete(gone, by="ann")
    return question, gone


@pytest.mark.parametrize("so_many", [1, 2])
@pytest.mark.parametrize("answer", ANSWERS)
def test_what_was_answered_is_told_though_nothing_was_heard_of_it(mailer, relay, server, answer, so_many):
    """Which mails go out, and why another does not; each goes out once, and a second answer is refused."""
    question, gone = asked(mailer)
    relay.cut(COMMIT, so_many=so_many)
    told = getattr(mailer.test_mode, answer)(question.token, by="ann")
    assert relay.has_cut
    assert (set(told.sent), set(told.refused)) == (set(question.messages) - {gone}, {gone})
    assert "The mail" in told.refused[gone]
    (row,) = rows(mailer, upkeep.confirmation)
    assert (row.by, row.answer) == ("ann", ANSWERS[answer])
    for again in ANSWERS:
        with pytest.raises(StoreError, match="was answered by ann"):
            getattr(mailer.test_mode, again)(question.token, by="ann")
    mailer.deliver_due()
    assert [one.removeprefix("[TEST] ") for one in subjects(server)] == ["Mail 1", "Mail 2"]
    assert {one.recipients for one in server.messages} == {
        ("bob@example.org",) if answer == "confirm" else (TEST,)
    }
    last = "confirmed" if answer == "confirm" else "release"
    for real in told.sent.values():
        assert state(mailer, real)[0] == "done"
        assert acts(mailer, real).count(last) == 1


def test_a_question_is_asked_once_though_nothing_was_heard_of_it(mailer, relay):
    """Its mails are held, and its token answers it."""
    relay.cut(COMMIT)
    question = mailer.test_mode.question([a_mail(1), a_mail(2)])
    assert relay.has_cut
    assert (states(mailer), len(rows(mailer, upkeep.confirmation))) == ({"held": 2}, 1)
    assert set(mailer.test_mode.confirm(question.token, by="ann").sent) == set(question.messages)


def test_somebody_elses_answer_is_not_taken_for_ones_own(mailer, relay, monkeypatch):
    """What was cut off before it was written may be answered by another: that one is told."""
    question, _ = asked(mailer)
    book = mailer._core.store_door.open("a test").test_mode
    do = book._writer.do

    def answered_meanwhile(work):
        monkeypatch.setattr(book._writer, "do", do)
        mailer.test_mode.keep_testing(question.token, by="ben")
        return do(work.again)

    monkeypatch.setattr(book._writer, "do", answered_meanwhile)
    with pytest.raises(StoreError, match="was answered by ben"):
        mailer.test_mode.confirm(question.token, by="ann")
