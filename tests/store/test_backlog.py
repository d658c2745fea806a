"""What was done while the database was away: kept within bounds, written once it is back, or told of."""

from __future__ import annotations

import os
import threading
from concurrent.futures import wait
from types import SimpleNamespace

import pytest
from refusing_store import database_error
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from store_samples import NOW
from waiting import wait_until

from mailsend.errors import StoreError
from mailsend.store import backlog
from mailsend.store.attempting import Failure
from mailsend.store.backlog import Backlog
from mailsend.store.events import note
from mailsend.store.schema import mails
from mailsend.store.writer import Writer
from mailsend.store.written_together import Kept

LONG = 30.0


def _write(transaction, items):
    for one in items:
        if one.startswith("bad"):
            raise database_error(kind=IntegrityError)
        if one.startswith("killer") and not killed.get(one):
            raise database_error(lost=True)
        note(transaction, one, now=NOW, by="ann")


killed = {}
KEPT = Kept(again=_write, named=lambda one: f"<{one}>", weighed=len)


@pytest.fixture
def writer(refusing, monkeypatch):
    """Give a writer that tries again soon."""
    monkeypatch.setattr(backlog, "_SHORTEST", 0.01)
    monkeypatch.setattr(backlog, "_LONGEST", 0.05)
    monkeypatch.setattr(backlog, "_LAST", 0.2)
    monkeypatch.setattr(backlog, "_LAST_PAUSE", 0.01)
    killed.clear()
    made = Writer(refusing)
    yield made
    refusing.refuses = None
    made.close()


def hand_in(writer, *names):
    """Hand records in, and wait until they are written, or kept."""
    with writer._changed:
        done = {writer.submit_lazily(lambda one=one: one, _write, KEPT) for one in names}
        for one in writer._later.values():
            one.due = 0.0
        writer._changed.notify()
    assert not wait(done, LONG).not_done
    assert all(one.exception() is None for one in done)


def written(refusing):
    asked = select(mails.event.c.act).order_by(mails.event.c.id)
    return refusing.looking(lambda one: one.connection.execute(asked).scalars().all())


def told(caplog, text):
    return sum(text in one.getMessage() for one in caplog.records)


def test_what_is_done_meanwhile_waits_and_is_written_in_order(refusing, writer, caplog):
    """Nobody waits for it, nothing is lost, and the log says once that it waits, and once that it is there."""
    hand_in(writer, "before")
    refusing.refuses = database_error()
    for one in ("first", "second", "third"):
        hand_in(writer, one)
    assert written(refusing) == ["before"]
    refusing.refuses = None
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["before", "first", "second", "third"]
    assert [told(caplog, "waits in memory"), told(caplog, "written down, of so many mails: 3")] == [1, 1]
    assert told(caplog, "could not") == 0


def test_what_comes_while_others_wait_queues_behind_them(refusing, writer, monkeypatch):
    """Though the database is back already; what others do at it does not wait."""
    monkeypatch.setattr(backlog, "_SHORTEST", LONG)
    refusing.refuses = database_error()
    hand_in(writer, "first")
    refusing.refuses = None
    hand_in(writer, "second")
    assert written(refusing) == []
    writer.do(lambda transaction: note(transaction, "act", now=NOW, by="ann"))  # and it hurries them
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["act", "first", "second"]


def test_what_another_thread_does_hurries_them_too(refusing, writer, monkeypatch):
    """Where it is done by the writer's own."""
    monkeypatch.setattr(backlog, "_SHORTEST", LONG)
    refusing.refuses = database_error()
    hand_in(writer, "first")
    refusing.refuses = None
    writer.submit(lambda transaction: note(transaction, "act", now=NOW, by="ann")).result(LONG)
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["act", "first"]


def test_what_fails_though_the_database_is_there_is_not_hurried(refusing, writer, monkeypatch):
    """As where a disk is full: others' success says nothing of it."""
    monkeypatch.setattr(backlog, "_SHORTEST", LONG)
    hand_in(writer, "killer")
    writer.do(lambda transaction: note(transaction, "act", now=NOW, by="ann"))
    assert (bool(writer._backlog), writer._backlog.is_due) == (True, False)
    killed["killer"] = True


def test_those_of_one_batch_that_are_left_when_the_database_goes_wait_together(refusing, writer, caplog):
    """One had been bad, and each was tried by itself: the log says once that they wait."""
    goes = threading.Event()

    def write(transaction, items):
        if len(items) == 1 and items[0] == "second":
            goes.set()
        if goes.is_set():
            raise database_error(lost=True)
        _write(transaction, items)

    with writer._changed:
        for one in ("bad", "first", "second", "third", "fourth"):
            writer.submit_lazily(lambda one=one: one, write, KEPT)
    wait_until(lambda: written(refusing) == ["first", "second", "third", "fourth"])
    assert [told(caplog, "waits in memory"), told(caplog, "<bad>"), told(caplog, "could not")] == [1, 1, 1]
    assert told(caplog, "of so many mails: 3") == 1


def test_the_bounds_are_kept_and_what_has_no_room_is_told_of(refusing, writer, monkeypatch, caplog):
    """By its name, once; so many records, so many bytes."""
    monkeypatch.setattr(backlog, "MOST_RECORDS", 3)
    monkeypatch.setattr(backlog, "MOST_BYTES", 10)
    refusing.refuses = database_error()
    hand_in(writer, "four", "seven..")  # eleven octets
    hand_in(writer, "four")
    hand_in(writer, "2.", "none")
    assert [told(caplog, "could not"), told(caplog, "<seven..>"), told(caplog, "<none>")] == [2, 1, 1]
    refusing.refuses = None
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["four", "four", "2."]
    refusing.refuses = database_error()
    hand_in(writer, "room.", "again")  # what was written takes none any more
    assert told(caplog, "could not") == 2


def test_a_record_that_is_larger_than_all_room_is_told_of(refusing, writer, monkeypatch, caplog):
    """And nothing waits for it; the next ones have the room."""
    monkeypatch.setattr(backlog, "MOST_BYTES", 10)
    refusing.refuses = database_error()
    hand_in(writer, "larger than that")
    assert (bool(writer._backlog), writer._backlog.is_due) == (False, False)
    hand_in(writer, "smaller")
    refusing.refuses = None
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["smaller"]
    assert told(caplog, "could not") == told(caplog, "<larger than that>") == 1


def test_closing_tries_for_the_last_time(refusing, writer, caplog):
    """The database comes back meanwhile."""
    refusing.refuses = database_error()
    hand_in(writer, "first")
    asked = refusing.asked
    closing = threading.Thread(target=writer.close)
    closing.start()
    wait_until(lambda: refusing.asked > asked)
    refusing.refuses = None
    closing.join(LONG)
    assert written(refusing) == ["first"]
    assert told(caplog, "could not") == 0


def test_what_is_lost_at_the_end_is_told_of_once(refusing, writer, caplog):
    """All of it, by name, however often it is closed."""
    refusing.refuses = database_error()
    hand_in(writer, "first", "second")
    writer.close()
    writer.close()
    assert told(caplog, "could not") == 1
    assert told(caplog, "<first>, <second>") == 1


def test_what_is_handed_in_and_closed_at_once_is_told_of_likewise(refusing, writer, caplog):
    """It had not been tried before."""
    refusing.refuses = database_error()
    writer.submit_lazily(lambda: "first", _write, KEPT)
    writer.close()
    assert told(caplog, "<first>") == 1


def test_closing_from_its_own_thread_ends_likewise(refusing, writer, caplog):
    """As by whoever is told of a commit."""
    refusing.refuses = database_error()
    hand_in(writer, "first")
    thread = writer._thread
    with writer._changed:
        writer.submit(lambda transaction: None).add_done_callback(lambda _: writer.close())
    thread.join(LONG)
    assert told(caplog, "<first>") == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_waits_when_its_thread_has_died_is_tried_at_the_end(refusing, writer, monkeypatch):
    """For whatever reason."""

    def dies(_):
        raise SystemExit

    refusing.refuses = database_error()
    hand_in(writer, "first")
    thread = writer._thread
    with monkeypatch.context() as patch:
        patch.setattr(writer._backlog, "write", dies)
        thread.join(LONG)
    refusing.refuses = None
    writer.close()
    assert written(refusing) == ["first"]


def test_a_bad_record_that_waits_takes_no_other_with_it(refusing, writer, caplog):
    """It alone is told of, by its name, and never tried again."""
    refusing.refuses = database_error()
    hand_in(writer, "first", "bad one", "second", "bad two", *map(str, range(9)))
    refusing.refuses = None
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["first", "second", *map(str, range(9))]
    assert [told(caplog, "could not"), told(caplog, "<bad one>"), told(caplog, "<bad two>")] == [2, 1, 1]


def test_a_bad_record_that_does_not_wait_is_told_of_by_name(refusing, writer, caplog):
    """Alone, and among others."""
    hand_in(writer, "first", "bad one", "second")
    writer.submit_lazily(lambda: "bad two", _write, KEPT)
    wait_until(lambda: told(caplog, "<bad two>"))
    assert written(refusing) == ["first", "second"]
    assert [told(caplog, "<bad one>"), told(caplog, "could not")] == [1, 2]


def test_a_record_that_ends_each_connection_holds_up_no_other(refusing, writer):
    """It is tried again behind them, and is not lost either."""
    hand_in(writer, "killer", "first", "second")
    wait_until(lambda: written(refusing) == ["first", "second"])
    hand_in(writer, "third")
    wait_until(lambda: written(refusing) == ["first", "second", "third"])
    killed["killer"] = True
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["first", "second", "third", "killer"]


def test_what_is_not_to_be_kept_fails_as_ever(refusing, writer, caplog):
    """Whoever waits is told, and so is the log."""
    refusing.refuses = database_error()
    done = writer.submit_lazily(lambda: "first", _write)
    assert isinstance(done.exception(LONG), StoreError)
    wait_until(lambda: told(caplog, "could not"))
    assert not writer._backlog


def test_the_pauses_grow(refusing, monkeypatch):
    """From half a second to half a minute; once something was written they begin anew."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(backlog, "monotonic", lambda: clock.now)
    waiting, pauses = Backlog(), []
    waiting.keep(["a" * n for n in range(1, 4)], KEPT, Failure(problem=database_error(), has_begun=False))
    refusing.refuses = database_error()
    for _ in range(9):
        pauses.append(waiting.due - clock.now)
        clock.now = waiting.due
        assert waiting.is_due
        waiting.write(refusing)
    assert pauses == [0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    waiting.put_off()
    assert waiting.due - clock.now == 30.0
    waiting.hurry()
    waiting.put_off()
    assert waiting.due - clock.now == 0.5
    refusing.refuses = None
    waiting.write(refusing)
    assert (bool(waiting), waiting.is_due) == (False, False)
    waiting.hurry()
    waiting.put_off()
    assert not waiting.is_due


@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system has no fork, behind which anything could be forgotten"
)
def test_a_forked_child_knows_of_nothing_that_waits(refusing, writer):
    """The parent writes it, once."""
    refusing.refuses = database_error()
    hand_in(writer, "first")
    child = os.fork()
    if not child:
        os._exit(bool(writer._backlog))
    assert os.waitpid(child, 0)[1] == 0
    refusing.refuses = None
    wait_until(lambda: not writer._backlog)
    assert written(refusing) == ["first"]
