"""What the tasks of one loop put in at the same moment: one commit, and an answer for each."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from queue_shop import a_mail, rows, settings

from mailsend import AsyncMailer, Mailer, Settings
from mailsend.errors import StoreError
from mailsend.mailer.queueing.handing_in import HandingIn
from mailsend.store.schema import mails

SERVER = "smtp://127.0.0.1:2525?tls=none"  # nothing is sent


class Desk:
    """The desk of a mailer's queue, with how many callers each hand brought."""

    def __init__(self, mailer):
        self.mailer = mailer
        self.desk = mailer._core.queue_desk("enqueue")
        self.hands = []  # by the store's thread
        self.by_loop = self.again = 0

    def deposits(self, number, **changed):
        return [self.desk.deposit(replace(self.mailer.preview(a_mail(number)), **changed), how="enqueue")]

    def put_by_loop(self, *given):
        begun = self.desk.put_by_loop(*given)
        self.by_loop += begun
        return begun

    def put_again(self, *given):
        self.again += 1
        return self.desk.put_again(*given)

    def put_together(self, callers):
        self.hands.append(len(callers))
        return self.desk.put_together(callers)


@pytest.fixture
def mailer(any_url):
    with Mailer(Settings.model_validate(settings(SERVER, store=any_url))) as opened:
        yield opened


def there(mailer):
    """Give the subjects of what the store has."""
    return sorted(one.subject for one in rows(mailer, mails.message))


def put_in(desk, *several):
    """Put in what several tasks have; give what each is told."""

    async def run():
        handing_in = HandingIn()
        return await asyncio.gather(*[handing_in.put(desk, one) for one in several], return_exceptions=True)

    return asyncio.run(run())


def test_what_comes_at_once_goes_in_one_hand(mailer):
    """Each is told of its own mails, in order."""
    desk = Desk(mailer)
    several = [desk.deposits(1), desk.deposits(2) + desk.deposits(3), []]
    told = put_in(desk, *several)
    assert [[placed.id for placed in one] for one in told] == [
        [deposit.message["id"] for deposit in one] for one in several
    ]
    assert desk.hands == [3]
    assert there(mailer) == ["Mail 1", "Mail 2", "Mail 3"]


def test_very_many_go_in_several_hands(mailer):
    """No commit grows without bounds; each is answered."""
    desk = Desk(mailer)
    one = desk.deposits(1)
    told = put_in(desk, *[one] * 250)
    assert desk.hands == [100, 100, 50]
    assert {placed.id for (placed,) in told} == {one[0].message["id"]}


def test_one_that_cannot_be_put_in_takes_no_other_with_it(mailer):
    """The database refuses it; it alone is told so."""
    desk = Desk(mailer)
    first, refused, last = put_in(
        desk, desk.deposits(1), desk.deposits(2, rules_version=None), desk.deposits(3)
    )
    assert [len(first), len(last)] == [1, 1]
    assert isinstance(refused, StoreError)
    assert [desk.hands[0], sum(desk.hands[1:]) + desk.by_loop] == [3, 3]
    assert there(mailer) == ["Mail 1", "Mail 3"]


def test_a_task_that_is_cancelled_at_once_puts_nothing_in(mailer):
    """The others' mails go in; where nobody is left, nothing is handed in."""
    desk = Desk(mailer)

    async def run(*kept):
        handing_in = HandingIn()
        handing_in.put(desk, desk.deposits(1)).cancel()
        return [await one for one in [handing_in.put(desk, desk.deposits(number)) for number in kept]]

    assert len(asyncio.run(run(2))) == 1
    asyncio.run(run())
    assert there(mailer) == ["Mail 2"]


def test_a_task_that_is_cancelled_meanwhile_holds_up_nobody(mailer):
    """Its mail may be in; the others are answered."""
    desk = Desk(mailer)

    async def run():
        handing_in = HandingIn()
        first, second = handing_in.put(desk, desk.deposits(1)), handing_in.put(desk, desk.deposits(2))
        with mailer._core.store_door.open("it")._writer._turn:  # nothing is committed here
            await asyncio.sleep(0)
            first.cancel()
        return await second

    assert len(asyncio.run(run())) == 1
    assert "Mail 2" in there(mailer)


def test_a_closed_store_is_told_to_each(mailer):
    """Nobody waits for ever."""
    desk = Desk(mailer)
    several = desk.deposits(1), desk.deposits(2)
    mailer.close()
    assert [str(one) for one in put_in(desk, *several)] == ["the store is closed", "the store is closed"]


def test_a_loop_that_is_closed_meanwhile_is_told_nothing(mailer, caplog):
    """The mail is in, and nothing fails for want of somebody to tell."""
    desk = Desk(mailer)
    writer = mailer._core.store_door.open("it")._writer
    loop = asyncio.new_event_loop()

    async def run():
        HandingIn().put(desk, desk.deposits(1))
        await asyncio.sleep(0)

    with writer._turn:
        loop.run_until_complete(run())
        loop.close()
    writer.close()
    assert there(mailer) == ["Mail 1"]
    assert not caplog.records


def test_an_async_mailer_puts_in_what_its_tasks_enqueue_at_once(any_url):
    """Each has the id of its own mail, those with an idempotency key as well."""
    ids = {}

    async def run():
        async with AsyncMailer(Settings.model_validate(settings(SERVER, store=any_url))) as mailer:

            async def enqueue(number):
                key = f"order-{number}" if number % 2 else None
                ids[number] = await mailer.enqueue(a_mail(number, idempotency_key=key))

            await asyncio.gather(*[enqueue(number) for number in range(10)])
            return {one.id: one.subject for one in rows(mailer, mails.message)}

    assert asyncio.run(run()) == {id: f"Mail {number}" for number, id in ids.items()}


def test_very_many_put_in_by_one_task_keep_no_other_waiting(any_url):
    """The loop's other tasks get their turn while they are made ready."""
    turns = []

    async def run():
        async with AsyncMailer(Settings.model_validate(settings(SERVER, store=any_url))) as mailer:
            await mailer.enqueue(a_mail(0))  # the store is open
            done = asyncio.Event()

            async def other():
                while not done.is_set():
                    turns.append(len(made))
                    await asyncio.sleep(0)

            def messages():
                for number in range(1, 41):
                    made.append(number)
                    yield a_mail(number)

            made = []
            waiting = asyncio.create_task(other())
            ids = await mailer.enqueue_many(messages())
            done.set()
            await waiting
            return ids, [one.id for one in rows(mailer, mails.message)]

    ids, there = asyncio.run(run())
    assert set(ids) < set(there)
    assert len(ids) == 40
    assert sorted({*turns} & {*range(1, 40)}) == [8, 16, 24, 32]
