"""A mark and the end of its lease at the same moment: one comes first, and the other knows of it (M20)."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from kept_mails import keep, rows
from queue_shop import a_mail as a_message
from queue_shop import age, settings, state
from sqlalchemy import text
from store_samples import KEYS, NOW
from stored_mails import a_mail

from mailsend import Mailer, Settings
from mailsend.mailer.clock import utc_now
from mailsend.mailer.queueing import crossing, written_down
from mailsend.mailer.queueing.crossing import Crossings
from mailsend.mailer.queueing.ending import ending_of_lapsed
from mailsend.model.rules import RetryRules
from mailsend.store import open_store, upgrade
from mailsend.store.queue import Mark, Queue
from mailsend.store.queue.finish import mark_all
from mailsend.store.queue.lapse import lapse
from mailsend.store.schema import mails
from mailsend.store.times import moment
from mailsend.testing import ScriptedServer

LEASE = 60.0  # seconds
BEFORE, BEHIND = NOW + timedelta(seconds=LEASE - 1), NOW + timedelta(seconds=LEASE + 1)
LONG = 60.0  # seconds that nothing here should need


@pytest.fixture
def far(postgres):
    """Give a store that lets several write at once, as SQLite does not."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as opened:
        yield opened


def settle(lapsed):
    return ending_of_lapsed(lapsed, retry=RetryRules(), now=BEHIND)


def claim(store):
    """Give a mail in somebody's hands."""
    keep(store, a_mail(), now=NOW)
    (one,) = store.queue.claim(name="one", most=9, now=NOW, lease=LEASE, settle=settle).result()
    return one


def marks(transaction, claimed):
    positions = tuple(one.position for one in claimed.recipients)
    return mark_all(transaction, [Mark(claimed.row.id, claimed.row.fence, positions, "mx", moment(BEFORE))])


def lapses(transaction):
    return [*lapse(transaction, settle, now=moment(BEHIND))]


def outcomes(store):
    (row,) = rows(store, mails.message)
    return row.state, {one.outcome for one in rows(store, mails.recipient)}


def somebody_waits(store):
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    return store._database.looking(lambda one: one.connection.execute(asked).scalar())


@pytest.mark.postgres
def test_a_mail_that_is_being_marked_is_left_to_the_next_who_looks(far):
    """Whoever found its lease ended would not see the mark, and send at once what may be out."""
    claimed = claim(far)
    with far._database.writing() as marking:
        assert marks(marking, claimed) == [True]
        with far._database.writing() as lapsing:
            assert lapses(lapsing) == []
    assert outcomes(far) == ("sending", {"pending"})
    with far._database.writing() as lapsing:
        assert lapses(lapsing) == [claimed.row.id]
    assert outcomes(far) == ("queued", {"unknown"})


@pytest.mark.postgres
def test_a_mail_that_is_being_taken_away_is_not_marked(far):
    """Whoever still holds it waits for that, and lets no content out."""
    claimed = claim(far)

    def mark():
        with far._database.writing() as marking:
            return marks(marking, claimed)

    with ThreadPoolExecutor(1) as threads:
        with far._database.writing() as lapsing:
            assert lapses(lapsing) == [claimed.row.id]
            marking = threads.submit(mark)
            ends = time.monotonic() + LONG
            while not (marking.done() or somebody_waits(far)) and time.monotonic() < ends:
                pass
        assert marking.result(LONG) == [False]
    assert outcomes(far) == ("queued", {"pending"})
    assert {one.marked for one in rows(far, mails.recipient)} == {0}


@pytest.mark.parametrize(
    ("renewed_at", "answered_at", "may"),
    [
        (None, LEASE - 0.001, True),
        (None, LEASE, False),
        (LEASE - 2, LEASE + 1, True),  # until 58 s later
        (LEASE - 2, 2 * LEASE - 2, False),
        (LEASE + 1, LEASE + 2, False),  # too late to renew
    ],
)
def test_a_mark_answered_behind_its_lease_lets_nothing_out(store, monkeypatch, renewed_at, answered_at, may):
    """The commit, or this process, was so slow that somebody else may send the mail by now."""
    claimed, seconds = claim(store), [0.0]
    monkeypatch.setattr(crossing, "utc_now", lambda: NOW + timedelta(seconds=seconds[0]))

    async def work():
        standing = {one.position: one.envelope_address for one in claimed.recipients}
        marking = Crossings(lambda: store.queue).here.marking(claimed.row.id, claimed.row.fence, standing)
        if renewed_at is not None:
            now = NOW + timedelta(seconds=renewed_at)
            await asyncio.wrap_future(store.queue.renew("one", lease=LEASE, now=now))
        asked = marking("mx", tuple(standing.values()))
        with store._writer._turn:  # nothing is committed here
            await asyncio.sleep(0)
            seconds[0] = answered_at
        return await asked

    assert asyncio.run(work()) is may
    assert {one.marked for one in rows(store, mails.recipient)} == {claimed.row.fence}


@pytest.fixture
def stands_still(monkeypatch):
    """Let five minutes pass, once, between the commit that lets content out and the content."""
    write, passed = Queue.write, []
    monkeypatch.setattr(written_down, "_PAUSES", (0.001,))
    monkeypatch.setattr(crossing, "utc_now", lambda: utc_now() + timedelta(seconds=sum(passed)))

    def begin(mailer):
        def slowly(self, several):
            writing = write(self, several)
            if isinstance(several[0], Mark) and not passed:
                assert all(writing.result())
                age(mailer, 300)
                passed.append(300)
            return writing

        monkeypatch.setattr(Queue, "write", slowly)
        return passed

    return begin


@pytest.mark.parametrize("by_key", [False, True])
def test_who_stood_still_before_its_content_does_not_send_it(any_url, monkeypatch, stands_still, by_key):
    """It waits in the queue for whoever comes next, who alone sends it."""
    with (
        ScriptedServer() as server,
        Mailer(Settings.model_validate(settings(server.url, store=any_url))) as mailer,
    ):
        passed = stands_still(mailer)
        if by_key:
            mail = mailer.send(a_message(idempotency_key="once")).id
        else:
            mail = mailer.enqueue(a_message())
            mailer.deliver_due()
        assert passed == [300]
        assert server.messages == []
        assert state(mailer, mail) == ("queued", ["deferred"])
        monkeypatch.undo()
        age(mailer, 60)
        mailer.deliver_due()
        assert state(mailer, mail) == ("done", ["accepted"])
        assert len(server.messages) == 1
