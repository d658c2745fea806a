"""One process at a time for each duty, and what the store knows of workers."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from store_samples import NOW

from mailsend.store import open_store
from mailsend.store.duties import DutyRecord
from mailsend.store.workers import Depth

MINUTE = timedelta(minutes=1)


@pytest.fixture
def book(store):
    """Give the duties of an empty store."""
    return store.upkeep.duties


def take(book, holder, now=NOW, lease=60.0):
    return book.take("retention", holder=holder, now=now, lease=lease)


def finish(book, holder, now=NOW, due_at=NOW + MINUTE, **told):
    return book.finish("retention", holder=holder, now=now, due_at=due_at, told=told)


def test_a_duty_that_nobody_ever_did_is_due(book):
    """It is taken at once, and then known."""
    assert (book.get("retention"), book.all()) == (None, ())
    assert take(book, "one")
    assert book.all() == (DutyRecord(name="retention", due_at=NOW, held_until=NOW + MINUTE, worker="one"),)


def test_a_duty_is_in_one_hand_alone(book):
    """Whoever comes second finds it taken."""
    assert [take(book, one) for one in ("one", "two")] == [True, False]


def test_a_duty_that_is_done_is_due_again_at_its_time(book):
    """What it told is kept, and nobody does it earlier."""
    take(book, "one")
    assert finish(book, "one", mails=3, waiting=0)
    assert book.get("retention") == DutyRecord(
        name="retention", ran_at=NOW, due_at=NOW + MINUTE, told={"mails": 3, "waiting": 0}
    )
    assert [take(book, "two", NOW + MINUTE * part) for part in (0.5, 1)] == [False, True]


def test_whoever_falls_silent_loses_the_duty(book):
    """After its lease another takes it, and the first can neither renew nor finish."""
    take(book, "one", lease=60.0)
    assert not take(book, "two", NOW + MINUTE * 0.9)
    assert take(book, "two", NOW + MINUTE)
    assert not book.renew("retention", holder="one", now=NOW + MINUTE, lease=60.0)
    assert not finish(book, "one", mails=1)
    assert finish(book, "two", mails=2)
    assert book.get("retention").told == {"mails": 2}


def test_a_lease_can_be_renewed(book):
    """Who renews in time keeps the duty."""
    take(book, "one", lease=60.0)
    assert book.renew("retention", holder="one", now=NOW + MINUTE * 0.5, lease=60.0)
    assert not take(book, "two", NOW + MINUTE)
    assert take(book, "two", NOW + MINUTE * 1.5)


def test_a_duty_can_be_hurried(book):
    """It is due at once then; one that nobody knows is due anyhow."""
    assert not book.hurry("retention", now=NOW)
    take(book, "one")
    finish(book, "one", due_at=NOW + 60 * MINUTE)
    assert not take(book, "two")
    assert book.hurry("retention", now=NOW)
    assert take(book, "two")


def test_many_that_come_together_find_one_winner(url):
    """Stores of their own, as processes have, at the same moment."""
    won, at_once = [], threading.Barrier(4)

    def come(name):
        with open_store(url) as store:
            at_once.wait()
            if take(store.upkeep.duties, name):
                won.append(name)

    threads = [threading.Thread(target=come, args=(str(number),)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1


def test_a_worker_is_known_until_it_says_that_it_is_gone(store):
    """It tells of itself again and again, and its row stays one."""
    book = store.upkeep.workers
    for later in (NOW, NOW + MINUTE):
        book.seen("w1", host="mars", process=7, began_at=NOW, now=later, told={"claimed": 1})
    (one,) = book.all()
    assert (one.id, one.host, one.process, one.began_at, one.seen_at, one.told) == (
        *("w1", "mars", 7, NOW, NOW + MINUTE),
        {"claimed": 1},
    )
    book.gone("w1")
    assert book.all() == ()


def test_workers_that_nobody_sees_are_forgotten(store):
    """What was killed says nothing any more."""
    book = store.upkeep.workers
    for name, seen in (("old", NOW - MINUTE), ("new", NOW)):
        book.seen(name, host="mars", process=7, began_at=seen, now=seen, told={})
    assert book.forget(before=NOW) == 1
    assert [one.id for one in book.all()] == ["new"]


def test_an_empty_queue_has_no_depth(store):
    """Nothing waits, and nothing is late."""
    assert store.upkeep.workers.depth(now=NOW) == Depth()
