"""What a worker holds and has not begun goes back to the queue; what may be out does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kept_mails import keep, rows
from store_samples import NOW
from stored_mails import a_mail

from mailsend.mailer.queueing.ending import ending_of_lapsed
from mailsend.model.rules import RetryRules
from mailsend.store.schema import mails

LATER = NOW + timedelta(seconds=1)


@pytest.fixture
def queue(store):
    """Give the queue of a store in which three mails are due."""
    for name in ("01a", "01b", "01c"):
        keep(store, a_mail(id=name))
    return store.queue


def claim(queue, name, most=100):
    def settle(lapsed):
        return ending_of_lapsed(lapsed, retry=RetryRules(), now=LATER)

    found = queue.claim(name=name, most=most, now=LATER, lease=60.0, settle=settle).result()
    return {one.row.id: one.row.fence for one in found}


def states(store):
    return {one.id: one.state for one in rows(store, mails.message)}


def test_what_was_not_begun_is_anybodys_at_once(store, queue):
    """Another worker claims it in the same moment, under a number of its own."""
    assert claim(queue, "one") == {"01a": 1, "01b": 1, "01c": 1}
    assert sorted(queue.give_back("one").result()) == ["01a", "01b", "01c"]
    assert claim(queue, "two") == {"01a": 2, "01b": 2, "01c": 2}


def test_what_may_be_out_stays(store, queue):
    """Content was let out under this claim: silence decides what becomes of it, and no second sending."""
    fences = claim(queue, "one")
    assert queue.mark("01b", fences["01b"], [0], server="mx", now=LATER).result()
    assert sorted(queue.give_back("one").result()) == ["01a", "01c"]
    assert states(store) == {"01a": "queued", "01b": "sending", "01c": "queued"}


def test_whoever_gave_it_back_can_let_nothing_out_any_more(store, queue):
    """The mark is refused, so that a mail that was broken off too late harms nobody."""
    fences = claim(queue, "one")
    queue.give_back("one").result()
    assert not queue.mark("01a", fences["01a"], [0], server="mx", now=LATER).result()


def test_one_claim_gives_back_its_own_alone(store, queue):
    """Whatever others hold is theirs."""
    claim(queue, "one", most=1)
    claim(queue, "two", most=1)
    assert len(queue.give_back("one").result()) == 1
    assert sorted(states(store).values()) == ["queued", "queued", "sending"]
    assert queue.give_back("one").result() == ()
