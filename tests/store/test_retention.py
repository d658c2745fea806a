"""What is kept no longer goes, and nothing that waits (Q4, M38)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from kept_mails import keep, rows, run
from search_samples import mail
from sqlalchemy import delete, insert, select, update
from store_samples import NOW
from stored_mails import a_mail

from mailsend.model.attachment import Attachment
from mailsend.store import open_store, upgrade
from mailsend.store.retention import _taking_out
from mailsend.store.schema import mails
from mailsend.store.times import moment

DAY = timedelta(days=1)
LATER = NOW + 28 * DAY + timedelta(seconds=1)
LARGE = bytes(200_000)


def add(store, name, *, state="done", customer="ratcatcher", done_at=NOW, **fields):
    keep(store, a_mail(id=name, customer=customer, **fields), state=state, done_at=done_at)


def kept(store, table, column="message"):
    return sorted(getattr(one, column) for one in rows(store, table))


@pytest.fixture
def retention(store):
    """Give what takes out, of an empty store."""
    return store.upkeep.retention


@pytest.mark.parametrize("state", ["done", "cancelled", "expired"])
def test_the_content_of_what_has_ended_goes_and_its_record_stays(store, retention, state):
    """The log still answers when the content is gone."""
    add(store, "01a", state=state)
    assert retention.contents({}, otherwise=28, now=LATER) == 1
    assert (kept(store, mails.content), kept(store, mails.message, "id")) == ([], ["01a"])
    assert kept(store, mails.recipient) == ["01a", "01a"]


@pytest.mark.parametrize("state", ["queued", "sending", "held"])
def test_what_still_waits_is_never_touched(store, retention, state):
    """However old it is, and whatever the rules say."""
    add(store, "01a", state=state, done_at=None)
    years = NOW + 3650 * DAY
    assert retention.contents({"ratcatcher": 0}, otherwise=0, now=years) == 0
    assert retention.mails("ratcatcher", days=0, now=years) == 0
    assert (kept(store, mails.content), kept(store, mails.message, "id")) == (["01a"], ["01a"])


def test_a_mail_counts_from_its_end(store, retention):
    """One that was queued long ago and sent today is kept as long as any."""
    add(store, "01a", done_at=NOW + 20 * DAY)
    assert retention.contents({}, otherwise=28, now=LATER) == 0
    assert retention.mails("ratcatcher", days=28, now=LATER) == 0
    assert retention.mails("ratcatcher", days=28, now=LATER + 20 * DAY) == 1


def test_each_customer_has_days_of_its_own(store, retention):
    """What one keeps for a year goes after a week for another."""
    add(store, "01a", customer="ratcatcher")
    add(store, "01b", customer="owl", from_="ann@owl.example")
    add(store, "01c", customer=None, from_="ann@suite.example")
    assert retention.customers() == ("", "owl", "ratcatcher")
    assert retention.contents({"ratcatcher": 365, "owl": 7}, otherwise=28, now=NOW + 8 * DAY) == 1
    assert kept(store, mails.content) == ["01a", "01c"]
    assert retention.contents({"ratcatcher": 365, "owl": 7}, otherwise=28, now=LATER) == 1
    assert kept(store, mails.content) == ["01a"]


def test_a_store_without_mails_has_no_customers(retention):
    """There is nothing to take out, and nothing fails."""
    assert retention.customers() == ()
    assert retention.contents({}, otherwise=28, now=LATER) == 0


def test_with_the_record_everything_of_a_mail_goes(store, retention):
    """Recipients, attempts, events and content; and nothing of another mail."""
    for name in ("01a", "01b"):
        add(store, name, attachments=(Attachment.from_bytes(LARGE, filename="a.bin"),))
        run(store, (insert(mails.event), _event(name)), (insert(mails.attempt), _attempt(name)))
    run(store, update(mails.message).where(mails.message.c.id == "01b").values(state="held"))
    assert retention.mails("ratcatcher", days=28, now=LATER) == 1
    tables = (mails.recipient, mails.event, mails.attempt, mails.content, mails.content_blob)
    assert [set(kept(store, one)) for one in tables] == [{"01b"}] * len(tables)
    assert kept(store, mails.message, "id") == ["01b"]


def test_a_large_file_goes_with_the_last_mail_that_holds_it(store, retention):
    """Two mails share it, and each of them may go first."""
    for name in ("01a", "01b"):
        add(store, name, attachments=(Attachment.from_bytes(LARGE, filename="a.bin"),))
    assert (retention.blobs(), len(kept(store, mails.blob, "digest"))) == (0, 1)
    run(store, update(mails.message).where(mails.message.c.id == "01b").values(done_at=_at(NOW + 5 * DAY)))
    assert retention.contents({}, otherwise=28, now=LATER) == 1
    assert (retention.blobs(), len(kept(store, mails.blob, "digest"))) == (0, 1)
    assert retention.contents({}, otherwise=28, now=LATER + 5 * DAY) == 1
    assert (retention.blobs(), kept(store, mails.blob, "digest")) == (1, [])


def test_a_content_whose_mail_is_gone_goes(store, retention):
    """Nothing points to it any more."""
    add(store, "01a")
    run(store, mails.message.delete())
    assert retention.contents({}, otherwise=28, now=NOW) == 1


def test_old_contents_are_found_behind_those_that_must_stay(store, retention):
    """Step by step through many that wait, to one that has ended."""
    for number in range(250):
        add(store, f"01a{number:03}", state="queued", done_at=None)
    add(store, "01b")
    assert retention.contents({}, otherwise=28, now=LATER) == 1
    assert "01b" not in kept(store, mails.content)


def test_many_go_in_several_steps(store, retention):
    """All of them, though one transaction takes some alone."""
    for number in range(450):
        add(store, f"01a{number:03}")
    assert retention.mails("ratcatcher", days=28, now=LATER) == 450
    assert kept(store, mails.message, "id") == []


def test_whoever_has_no_time_left_stops(store, retention):
    """What is left is for the next time."""
    add(store, "01a")
    never = {"now": LATER, "alive": lambda: False}
    assert retention.contents({}, otherwise=28, **never) == 0
    assert retention.mails("ratcatcher", days=28, **never) == 0
    assert (retention.keys(**never), retention.blobs(alive=lambda: False)) == (0, 0)


def test_idempotency_keys_go_after_their_time_and_not_before_their_mail_has_ended(store, retention):
    """A key is kept as long as M36 says, and as long as its mail is open."""
    add(store, "01done")
    add(store, "01open", state="queued", done_at=None)
    for key, message, until in (
        ("over", "01done", NOW),
        ("not yet", "01done", LATER + DAY),
        ("still open", "01open", NOW),
        ("its mail is gone", "01gone", NOW),
    ):
        row = {
            "customer": "ratcatcher",
            "in_test_mode": 0,
            "key": key,
            "message": message,
            "request_digest": "",
            "kept_until": _at(until),
        }
        run(store, (insert(mails.idempotency), row))
    assert retention.keys(now=LATER) == 2
    assert kept(store, mails.idempotency, "key") == ["not yet", "still open"]


def test_what_begins_to_wait_again_meanwhile_stays(store, retention):
    """A mail that somebody forces between the look and the deletion is open again, and is left alone."""
    add(store, "01a")
    taking = _taking_out(["01a"], (mails.content, mails.content_blob))
    run(store, update(mails.message).values(state="queued"))
    assert store._writer.do(taking) == 0
    assert kept(store, mails.content) == ["01a"]


def _at(when):
    return moment(when)


def _event(name):
    return {
        "at": _at(NOW),
        "by": "ann",
        "act": "hold",
        "message": name,
        "customer": "",
        "reason": "",
        "facts": "{}",
    }


def _attempt(name):
    texts = ("server", "enhanced", "reply", "queue_id", "source_ip", "worker", "reason", "fault", "outcome")
    return {
        "message": name,
        "fence": 1,
        "started_at": _at(NOW),
        "ended_at": _at(NOW),
        **dict.fromkeys(texts, ""),
        "code": 250,
        "recipients": "[]",
        "conversation": "[]",
    }


@pytest.mark.postgres
def test_a_file_that_somebody_begins_to_hold_is_never_lost(postgres):
    """Taken out and put in at the same moment, it is there in the end: its mail holds it."""
    url = postgres.new_database()
    upgrade(url)
    file = Attachment.from_bytes(LARGE, filename="a.bin")
    with open_store(url) as one, open_store(url) as other:
        for number in range(60):
            add(one, f"01a{number:02}", attachments=(file,))
            run(one, delete(mails.content_blob))
            together = threading.Barrier(2)

            def take_out(together=together):
                together.wait()
                other.upkeep.retention.blobs()

            thread = threading.Thread(target=take_out)
            thread.start()
            together.wait()
            add(one, f"01b{number:02}", attachments=(file,))
            thread.join()
            assert kept(one, mails.blob, "digest") == [file.digest]


@pytest.mark.parametrize("days", [36_501, 1_000_000, 2**63 - 1])
def test_more_days_than_a_calendar_has_are_for_ever(store, retention, days):
    """What one customer keeps for ever hinders nobody's cleaning."""
    add(store, "01a")
    add(store, "01b", customer="owl")
    later = NOW + 30 * DAY
    assert retention.contents({"ratcatcher": days, "owl": 7}, otherwise=days, now=later) == 1
    assert (
        retention.mails("ratcatcher", days=days, now=later),
        retention.mails("owl", days=7, now=later),
    ) == (0, 1)
    assert kept(store, mails.message, "id") == ["01a"]


def _steps(store, work):
    """Give what SQLite does, in thousands of steps, to read what ``work`` asks it for."""
    store._database.looking(lambda one: one.connection.execute(select(mails.event.c.id).limit(1)).all())
    reading = store._database._opened().reading[-1]._raw
    steps = []
    reading.set_progress_handler(lambda: steps.append(1), 1000)
    try:
        return work(), len(steps)
    finally:
        reading.set_progress_handler(None, 0)


def _many(store, first, *, state, begin, many):
    usual = {**mail("x", DAY), "customer": "rat", "state": state, "done_at": _at(NOW)}
    several = [{**usual, "id": f"{first}{one:06}", "queued_at": begin + one} for one in range(many)]
    run(store, (insert(mails.message), several))


def _keys(store, until, first, many):
    usual = {"customer": "rat", "in_test_mode": 0, "message": "", "request_digest": ""}
    several = [
        {**usual, "key": f"{first}{one:06}", "message": f"{first}{one}", "kept_until": _at(until)}
        for one in range(many)
    ]
    run(store, (insert(mails.idempotency), several))


@pytest.mark.parametrize("what", ["mails", "keys"])
def test_what_must_stay_is_passed_once(tmp_path, what):
    """However many mails are held for good, or keys still hold: each step goes on behind the one before."""
    steps = []
    for number, stays in enumerate((1, 20_000)):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        upgrade(url)
        with open_store(url) as store:
            if what == "mails":
                _many(store, "a", state="held", begin=0, many=stays)
                _many(store, "b", state="done", begin=stays, many=4000)
                gone, read = _steps(store, lambda: store.upkeep.retention.mails("rat", days=28, now=LATER))
            else:
                _keys(store, LATER + DAY, "a", stays)
                _keys(store, NOW, "b", 4000)
                gone, read = _steps(store, lambda: store.upkeep.retention.keys(now=LATER))
            assert gone == 4000
            steps.append(read)
    few, many = steps
    assert many - few < 30 * 20_000 / 1000
