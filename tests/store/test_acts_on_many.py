"""Acts on many mails: on those that were found when they began, whatever happens meanwhile, and in little room."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

import pytest
from kept_mails import keep, rows
from mail_strategies import shop
from search_samples import mail
from sqlalchemy import insert
from store_samples import NOW
from stored_mails import a_mail

from mailsend import Mailer, Settings
from mailsend.care import expiry
from mailsend.decide.query import parse
from mailsend.decide.state import Act
from mailsend.store.outbox import book, doing, found
from mailsend.store.schema import mails

MANY = 20_000
LATER = NOW + timedelta(hours=1)
WHO = {"reason": "the case 4711", "by": "ann", "now": NOW}


def names(state, store):
    return sorted(one.id for one in rows(store, mails.message) if one.state == state)


def put(store, *several, state="held", **fields):
    for one in several:
        keep(store, a_mail(id=one, **fields), state=state)


@pytest.fixture
def small_parts(monkeypatch):
    """Let each part be one mail, and each page two."""
    monkeypatch.setattr(book, "_AT_ONCE", 1)
    monkeypatch.setattr(found, "_PAGE", 2)


@pytest.mark.usefixtures("small_parts")
def test_what_comes_to_be_like_a_query_meanwhile_is_left_alone(store):
    """Somebody looked at what is held, and deletes that: not what a colleague holds, or puts in, a moment later."""
    put(store, "01a", "01b", "01c", "01e")
    put(store, "01d", state="queued")

    def meanwhile(many):
        if many == 1:
            store.outbox.do(Act.HOLD, ["01d"], **WHO)
            put(store, "00z", "01f")

    told = store.outbox.do(Act.CANCEL, (), query=parse("state:held"), progress=meanwhile, **WHO)
    assert (told.changed, dict(told.refused)) == (("01e", "01c", "01b", "01a"), {})
    assert (names("cancelled", store), names("held", store)) == (
        ["01a", "01b", "01c", "01e"],
        ["00z", "01d", "01f"],
    )


@pytest.mark.usefixtures("small_parts")
def test_what_is_named_and_found_is_done_once(store):
    """What is named comes first, in its order; every one of them counts as done."""
    put(store, "01a", "01b", "01c")
    seen = []
    told = store.outbox.do(
        Act.RELEASE, ["01b", "01x", "01b"], query=parse("state:held"), progress=seen.append, **WHO
    )
    assert (told.changed, set(told.refused)) == (("01b", "01c", "01a"), {"01x"})
    assert seen[-1] == 4


class Letters(bytearray):
    """What grows by one byte for each mail that was asked about."""

    def append(self, letter):
        super().append(ord(letter))


@pytest.fixture
def many(store, monkeypatch):
    """Give a store of very many held mails, of which nothing is changed but in words."""
    monkeypatch.setattr(doing, "act_on", lambda _, __, mail, **___: asked.append(mail[-1]))
    asked = Letters()
    usual = {**mail("x", timedelta(1)), "state": "held", "expires_at": 1}
    with store._database.writing() as transaction:
        for start in range(0, MANY, 1000):
            several = [{**usual, "id": f"{start + one:026}"} for one in range(1000)]
            transaction.connection.execute(insert(mails.message), several)
    return store, asked


def peak(work):
    """Give how many bytes of memory a work takes at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_ids_of_what_a_query_finds_take_little_room(many):
    """Some 27 bytes each, and besides what one page of them takes."""
    store, asked = many

    class Standing:
        waiting, by = parse("state:held"), "ann"

    store.outbox.do(Act.HOLD, (), query=parse("id:none state:held"), **WHO)  # what is made once is there
    assert peak(lambda: store.outbox.hold_what(Standing, now=NOW)) < 1_500_000
    assert len(asked) == MANY


def test_what_expires_is_read_part_by_part(many):
    """However many there are."""
    store, asked = many
    store.outbox.expire(now=NOW, alive=lambda: False)
    assert peak(lambda: store.outbox.expire(now=NOW)) < 1_000_000
    assert len(asked) == MANY


def test_whoever_has_no_time_left_leaves_the_rest(store):
    """What has not expired by then does so the next time, and each once."""
    put(store, *[f"01{number:03}" for number in range(450)], expires_at=LATER)
    put(store, "02never")
    turns = iter([True, True, False])
    late = LATER + timedelta(seconds=1)
    assert store.outbox.expire(now=late, alive=lambda: next(turns)) == 400
    assert (store.outbox.expire(now=late), store.outbox.expire(now=late)) == (50, 0)
    assert (len(names("expired", store)), names("held", store)) == (450, ["02never"])


@pytest.mark.parametrize(
    ("times", "told"), [([0, 1, 1], {"expired": 0}), ([0, 1e9, 1e9], {"expired": 0, "more": True})]
)
def test_a_run_of_the_duty_has_an_end(monkeypatch, times, told):
    """It says that there may be more, so that the next one comes at once."""
    clock = iter(times)
    monkeypatch.setattr(expiry, "monotonic", lambda: next(clock))
    with Mailer(Settings.model_validate(shop(store="memory:"))) as mailer:
        assert expiry.end_what_has_expired(mailer, NOW) == told
