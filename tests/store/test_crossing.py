"""Marks and endings of one loop: they share commits, and each is answered for itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from kept_mails import keep, rows, run
from sqlalchemy import update
from stored_mails import a_mail

from mailsend.errors import StoreError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.queueing.crossing import Crossings
from mailsend.mailer.queueing.ending import ending_of, ending_of_lapsed
from mailsend.model.address import Address
from mailsend.model.report import Outcome, RecipientResult
from mailsend.model.rules import RetryRules
from mailsend.store.queue import Queue
from mailsend.store.schema import mails

BOB = Address.parse("bob@example.org")
MINUTE = timedelta(minutes=1)
RETRY = RetryRules()


@pytest.fixture
def claimed(store):
    """Give four mails in the hands of one claim, in order."""
    now = utc_now()
    for number in range(4):
        keep(store, a_mail(id=f"0{number}"), now=now - MINUTE)

    def settle(lapsed):
        return ending_of_lapsed(lapsed, retry=RETRY, now=now)

    return store.queue.claim(name="one", most=9, now=now, lease=60.0, settle=settle).result()


@pytest.fixture
def crossed(monkeypatch):
    """Give how many marks and endings crossed together, each time."""
    seen = []
    write = Queue.write

    def counted(self, several):
        seen.append(len(several))
        return write(self, several)

    monkeypatch.setattr(Queue, "write", counted)
    return seen


def mark(crossing, one, *, fence=None):
    may = crossing.marking(one.row.id, fence or one.row.fence, {0: str(BOB)})
    return may("mx", (BOB,))


def ending(one):
    """Give how a mail ends that was accepted."""
    accepted = RecipientResult(outcome=Outcome.ACCEPTED, server="mx", attempts=1)
    told = {who.position: accepted for who in one.recipients}
    return ending_of(one.row, one.recipients, told, (), retry=RETRY, now=utc_now(), jitter=0.5, worker="one")


def marked(store):
    return {one.message for one in rows(store, mails.recipient) if one.marked}


def states(store):
    return [one.state for one in sorted(rows(store, mails.message), key=lambda one: one.id)]


def test_what_is_wanted_at_the_same_moment_crosses_together(store, claimed, crossed):
    """Four connections that have come to their content need one commit."""

    async def work():
        crossing = Crossings(lambda: store.queue).here
        return await asyncio.gather(*[mark(crossing, one) for one in claimed])

    assert asyncio.run(work()) == [True] * 4
    assert crossed == [4]
    assert marked(store) == {"00", "01", "02", "03"}


def test_an_ending_goes_with_the_next_mark(store, claimed, crossed):
    """Then it costs no commit of its own."""

    async def work():
        crossing = Crossings(lambda: store.queue).here
        await mark(crossing, claimed[0])
        written = crossing.finish(ending(claimed[0]))
        return await asyncio.gather(mark(crossing, claimed[1]), written)

    assert asyncio.run(work()) == [True, True]
    assert crossed == [1, 2]
    assert states(store) == ["done", "sending", "sending", "sending"]


def test_an_ending_that_nothing_follows_is_written_all_the_same(store, claimed):
    """Shortly, by itself."""

    async def work():
        return await Crossings(lambda: store.queue).here.finish(ending(claimed[0]))

    assert asyncio.run(work())
    assert states(store)[0] == "done"


@pytest.mark.parametrize("hurried", [False, True])
def test_what_is_wanted_while_a_commit_is_made_shares_the_next(store, claimed, crossed, hurried):
    """However many ask meanwhile; whoever hurries waits for that commit alone."""

    async def work():
        crossing = Crossings(lambda: store.queue).here
        first = mark(crossing, claimed[0])
        await asyncio.sleep(0)  # it is under way
        others = [mark(crossing, one) for one in claimed[1:]]
        if hurried:
            crossing.hurry()
        return await asyncio.gather(first, *others)

    assert asyncio.run(work()) == [True] * 4
    assert crossed == [1, 3]


def test_each_is_answered_for_itself(store, claimed):
    """A mail that is in other hands by now stops none of those that share its commit."""
    run(store, update(mails.message).where(mails.message.c.id == "01").values(fence=7, worker="another"))

    async def work():
        crossing = Crossings(lambda: store.queue).here
        await asyncio.gather(*[mark(crossing, one) for one in claimed[2:]])
        return await asyncio.gather(
            *[crossing.finish(ending(one)) for one in claimed[:3]],
            mark(crossing, claimed[3], fence=9),
            mark(crossing, claimed[3]),
        )

    assert asyncio.run(work()) == [True, False, True, False, True]
    assert states(store) == ["done", "sending", "done", "sending"]


def test_one_that_cannot_be_written_stops_no_other(store, claimed):
    """What no row can hold is its own mail's trouble."""
    wrong = replace(ending(claimed[0]), state=None)

    async def work():
        crossing = Crossings(lambda: store.queue).here
        both = crossing.finish(wrong), crossing.finish(ending(claimed[1]))
        return await asyncio.gather(*both, return_exceptions=True)

    failed, written = asyncio.run(work())
    assert isinstance(failed, StoreError)
    assert written is True
    assert states(store)[:2] == ["sending", "done"]


def test_what_nobody_waits_for_any_more_is_not_marked(store, claimed):
    """Its content does not go out."""

    async def work():
        crossing = Crossings(lambda: store.queue).here
        asked = [mark(crossing, one) for one in claimed[:2]]
        asked[0].cancel()
        return await asked[1]

    assert asyncio.run(work())
    assert marked(store) == {"01"}


def test_a_closed_store_is_told_of(store, claimed):
    """To each who waits, as its error."""
    store.close()

    async def work():
        crossing = Crossings(lambda: store.queue).here
        both = mark(crossing, claimed[0]), crossing.finish(ending(claimed[1]))
        return await asyncio.gather(*both, return_exceptions=True)

    assert [type(one) for one in asyncio.run(work())] == [StoreError, StoreError]


def test_what_waits_is_handed_over_before_the_loop_ends(store, claimed):
    """A loop that ends takes no ending with it."""

    async def work():
        crossing = Crossings(lambda: store.queue).here
        crossing.finish(ending(claimed[0]))
        crossing.hand_over()

    asyncio.run(work())
    store._writer.do(lambda transaction: None)
    assert states(store)[0] == "done"


def test_what_nobody_waits_for_when_each_is_tried_by_itself_is_not_marked(store, claimed):
    """Its content does not go out; it was cancelled while all of them were tried together."""
    wrong = replace(ending(claimed[1]), state=None)

    async def work():
        crossing = Crossings(lambda: store.queue).here
        asked, failed = mark(crossing, claimed[0]), crossing.finish(wrong)
        with store._writer._turn:  # nothing is committed here
            await asyncio.sleep(0)
            asked.cancel()
        return await asyncio.gather(failed, mark(crossing, claimed[2]), return_exceptions=True)

    assert [type(one) for one in asyncio.run(work())] == [StoreError, bool]
    assert marked(store) == {"02"}


def test_one_that_fails_takes_no_other_with_it_though_the_loop_has_ended(store, claimed):
    """What became of the others is written down all the same, and nothing is marked that nobody sends."""
    run(store, update(mails.message).where(mails.message.c.id == "01").values(fence=7, worker="another"))
    loop = asyncio.new_event_loop()

    async def work():
        crossing = Crossings(lambda: store.queue).here
        for one in claimed[:3]:
            crossing.finish(ending(one))
        mark(crossing, claimed[3])
        crossing.hand_over()

    with store._writer._turn:  # nothing is committed here
        loop.run_until_complete(work())
        loop.close()
    store._writer.close()  # as at the program's end
    assert states(store) == ["done", "sending", "done", "sending"]
    assert marked(store) == set()


def test_each_loop_has_its_own(store):
    """The same as long as it runs, and none that has ended is kept."""
    crossings = Crossings(lambda: store.queue)

    async def here():
        return crossings.here, crossings.here

    first, again = asyncio.run(here())
    other, _ = asyncio.run(here())
    assert first is again is not other
    assert list(crossings._of.values()) == [other]


def test_a_forked_child_begins_anew(store):
    """What its parent had under way is nobody's there."""
    crossings = Crossings(lambda: store.queue)

    async def here():
        parents = crossings.here
        parents.process -= 1
        return parents, crossings.here

    parents, mine = asyncio.run(here())
    assert parents is not mine
