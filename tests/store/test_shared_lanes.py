"""Lanes whose limits are counted in the store: all processes together keep to them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from store_samples import KEYS, NOW

from mailsend import Mailer, Message, Settings, SubmissionDeferred
from mailsend.decide.limit import Taken
from mailsend.decide.verdict import Reason
from mailsend.deliver.lane import Entered, Kept
from mailsend.errors import StoreError
from mailsend.mailer import shared_lanes
from mailsend.mailer.lanes import ServerLanes
from mailsend.mailer.paid_lanes import PaidLanes
from mailsend.mailer.shared_lanes import SharedLane, SharedLanes
from mailsend.mailer.store_door import StoreDoor
from mailsend.model.address import Address, ByAddress
from mailsend.model.health import Health
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, Fault, Outcome, RecipientResult
from mailsend.model.rules import Rules
from mailsend.model.server import Server
from mailsend.store.buckets import lane_name

SERVER = Server(host="mail.rat.example", port=587, max_per_minute=2)
FREE = Server(host="free.rat.example", port=587)
BOB = Address.parse("bob@example.org")


class World:
    """Time that passes where somebody sleeps, and lanes as of several processes on one store."""

    def __init__(self, url):
        self.now = 100.0
        self.url = url
        self.doors = []

    def lanes(self):
        rules = Rules.from_dict(
            {
                "application": {
                    "fallback_sender": "a@suite.example",
                    "allowed_domains": ["suite.example"],
                    "store": self.url,
                    "secret_keys": [one.reveal() for one in KEYS],
                }
            }
        )
        self.doors.append(StoreDoor(rules.application))
        others = ServerLanes(lambda: self.now)
        return SharedLanes(self.doors[-1], lambda: self.now, self.time, lambda: others)

    def time(self):
        return NOW + timedelta(seconds=self.now - 100.0)

    async def sleep(self, seconds):
        await asyncio.sleep(0)
        self.now += seconds

    async def enter(self, lane, customer="rat", left=1000.0, recipients=1, wait_out_pause=True):
        return await lane.enter(
            customer, recipients, left=left, wait_out_pause=wait_out_pause, sleep=self.sleep
        )

    async def entries(self, *lanes, **more):
        """Give for each of these lanes, one after the other, when it let a mail in, or why not."""
        found = [await self.enter(one, **more) for one in lanes]
        return [one.at - NOW.timestamp() if isinstance(one, Entered) else str(one.reason) for one in found]


@pytest.fixture
def world(url):
    made = World(url)
    yield made
    for door in made.doors:
        door.close()


def _attempt(outcome=Outcome.DEFERRED, reply=None, **more):
    result = RecipientResult(outcome=outcome, reply=reply, envelope_address=BOB, **more)
    recipients = ByAddress({BOB: result})
    return Attempt(server="mail.rat.example:587", recipients=recipients, outcome=outcome, **more)


def test_processes_share_what_a_limit_leaves(world):
    """Two a minute for both together; the third waits for the first, whoever asks."""
    one, two = (world.lanes().to(SERVER) for _ in range(2))
    assert asyncio.run(world.entries(one, two, one, two)) == pytest.approx([0, 0, 60, 60])


def test_only_limited_servers_are_asked_of_the_store(world):
    """A free one has its lane in this process's memory, where there is anything to remember."""
    lanes = world.lanes()
    assert lanes.known(FREE) is None
    assert not isinstance(lanes.to(FREE), SharedLane)
    assert isinstance(lanes.known(SERVER), SharedLane)
    assert lanes.known(SERVER) is lanes.to(SERVER)
    assert not world.doors[0].is_open


def test_what_cannot_be_in_time_is_kept_at_once(world):
    """Nobody sleeps for nothing; the store is not asked again before something is left."""
    lane = world.lanes().to(SERVER)
    kept = asyncio.run(world.entries(lane, lane, lane, lane, left=30.0))
    assert kept == [pytest.approx(0), pytest.approx(0), "over_limit", "over_limit"]
    assert world.now == 100.0


def test_those_who_wait_take_turns_by_customer(world):
    """A customer with many mails does not keep another one waiting for all of them."""
    lane = world.lanes().to(SERVER)
    order = []

    async def mail(customer):
        found = await world.enter(lane, customer)
        order.append((customer, round(found.at - NOW.timestamp())))

    async def work():
        await world.entries(lane, lane)
        tasks = [asyncio.create_task(mail(one)) for one in ("rat", "rat", "rat", "cat")]
        await asyncio.gather(*tasks)

    asyncio.run(work())
    assert [customer for customer, _ in order] == ["rat", "cat", "rat", "rat"]
    assert [at for _, at in order] == [60, 60, 120, 120]


def test_whoever_waits_longer_than_he_may_is_kept(world):
    """The second in the queue cannot be in time where the first waits until the limit leaves something."""
    lane = world.lanes().to(SERVER)

    async def work():
        await world.entries(lane, lane)
        waits = asyncio.Event()

        async def sleep(_seconds):
            waits.set()
            await asyncio.sleep(3600)

        first = asyncio.create_task(lane.enter("rat", 1, left=1000.0, wait_out_pause=True, sleep=sleep))
        await waits.wait()
        lane._not_before = 0.0
        second = await world.enter(lane, left=0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return second

    assert asyncio.run(work()) == Kept(Reason.OVER_LIMIT)


def test_what_no_server_has_seen_is_put_back(world):
    """A mail that was not offered after all, and one that reached nobody, leave their places to others."""
    one, two = (world.lanes().to(SERVER) for _ in range(2))

    async def work():
        first, second = await world.enter(one), await world.enter(one)
        one.leave(first)
        one.learn(_attempt(fault=Fault.SERVER, reason="not_connected"), second)
        world.doors[0].open("x")._writer.do(lambda _: None)
        return await world.entries(two, two, two)

    assert asyncio.run(work()) == pytest.approx([0, 0, 60])
    assert one.health.faults == 1


def test_what_a_server_has_answered_counts(world):
    """A refusal counts against the limit, and so does what was cut short."""
    one, two = (world.lanes().to(SERVER) for _ in range(2))

    async def work():
        first, second = await world.enter(one), await world.enter(one)
        one.learn(_attempt(Outcome.REJECTED, Reply(550, "5.1.1", "no such user")), first)
        one.learn(None, second)
        world.doors[0].open("x")._writer.do(lambda _: None)
        return await world.entries(two)

    assert asyncio.run(work()) == pytest.approx([60])


def test_a_pause_that_the_server_asked_for_comes_first(world):
    """It is waited out by the last route alone, and only where there is time; nothing is taken meanwhile."""
    lane = world.lanes().to(SERVER)
    lane.health = Health(slow=1, slow_until=110.0)
    assert asyncio.run(world.entries(lane, wait_out_pause=False)) == ["rate"]
    assert asyncio.run(world.entries(lane, left=5.0)) == ["rate"]
    assert asyncio.run(world.entries(lane, lane, lane)) == pytest.approx([10, 10, 70])


def test_a_pause_that_begins_while_somebody_waits_is_heeded(world):
    """It is kept where the pause ends too late."""
    lane = world.lanes().to(SERVER)

    async def work():
        await world.entries(lane, lane)

        async def sleep(seconds):
            await world.sleep(seconds)
            lane.health = Health(slow=1, slow_until=2000.0)

        return await lane.enter("rat", 1, left=200.0, wait_out_pause=True, sleep=sleep)

    assert asyncio.run(work()) == Kept(Reason.RATE)


def test_a_limit_that_cannot_be_counted_is_not_passed(world, caplog):
    """Without its store a mail waits; the reason is logged, and what was not offered comes back by itself."""
    lanes = world.lanes()
    lane = lanes.to(SERVER)

    class Broken:
        is_open = True

        def open(self, _what):
            raise StoreError("the disk is full")

    entered = asyncio.run(world.enter(lane))
    lane._door = Broken()
    assert asyncio.run(world.entries(lane)) == ["over_limit"]
    lane.leave(entered)
    assert [one.getMessage() for one in caplog.records] == [
        "the limit of mail.rat.example:587 cannot be counted: the disk is full",
        "what mail.rat.example:587 was not offered is not put back: the disk is full",
    ]


def test_a_store_that_fails_while_somebody_waits_keeps_the_mail(world):
    """It is the same for whoever has waited already."""
    lane = world.lanes().to(SERVER)

    async def work():
        await world.entries(lane, lane)

        async def sleep(seconds):
            await world.sleep(seconds)
            world.doors[0].open("x").close()

        return await lane.enter("rat", 1, left=None, wait_out_pause=True, sleep=sleep)

    assert asyncio.run(work()) == Kept(Reason.OVER_LIMIT)


async def _watched(book, handed):
    """Give a book that says when it was asked."""

    class Watched:
        def taking(self, *arguments):
            handed.set()
            return book.taking(*arguments)

    return Watched()


def test_whoever_is_cancelled_leaves_his_place_to_others(world, monkeypatch):
    """What was taken for him while he was cancelled is put back."""
    one, two = (world.lanes().to(SERVER) for _ in range(2))

    async def work():
        await world.enter(one)
        store = world.doors[0].open("x")
        with store._database.writing("limits") as transaction:  # others wait for this
            transaction.connection.exec_driver_sql("UPDATE mailsend_limit SET at = at")
            handed = asyncio.Event()
            monkeypatch.setattr(one, "_book", lambda: _watched(store.limits, handed))
            task = asyncio.create_task(world.enter(one))
            await handed.wait()
            await asyncio.sleep(0.05)  # the writer has it by now, or will never see it
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        store._writer.do(lambda _: None)
        store._writer.do(lambda _: None)
        return await world.entries(two, two)

    assert asyncio.run(work()) == pytest.approx([0, 60])


def test_a_forked_child_begins_anew(world, monkeypatch):
    """Nobody releases the locks of its parent there."""
    lanes = world.lanes()
    lane = lanes.to(SERVER)
    assert lanes.to(SERVER) is lane
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert lanes.to(SERVER) is not lane


def test_a_claimed_mail_has_paid_already(world):
    """Its first way through its lane is free, the second is not; other lanes are as they were."""
    lanes = world.lanes()
    paid = PaidLanes(lanes, lane_name(SERVER), world.time())
    assert paid.known(FREE) is None
    assert paid.to(SERVER) is lanes.to(SERVER)
    lane = paid.known(SERVER)

    async def work():
        first = await world.entries(lane)
        rest = await world.entries(paid.known(SERVER), lane, lane)
        return first, rest

    first, rest = asyncio.run(work())
    assert first == pytest.approx([0])
    assert rest == pytest.approx([0, 0, 60])


def test_what_was_paid_is_put_back_where_it_was_not_used(world):
    """As with every other place: by leaving, and by an attempt that reached nobody."""
    lanes = world.lanes()
    store = world.doors[0].open("x")
    name = lane_name(SERVER)

    async def work():
        limit = lanes.to(SERVER)._rates
        for _ in range(2):
            assert isinstance(store.limits.taking(name, limit, world.time()).result(), Taken)
        one, two = (PaidLanes(lanes, name, world.time()).known(SERVER) for _ in range(2))
        lanes.to(SERVER)._name = name
        one.leave(await world.enter(one))
        two.learn(_attempt(fault=Fault.SERVER, reason="not_connected"), await world.enter(two))
        store._writer.do(lambda _: None)
        return await world.entries(lanes.to(SERVER), lanes.to(SERVER))

    assert asyncio.run(work()) == pytest.approx([0, 0])


def test_a_paid_way_heeds_the_servers_pause(world):
    """Where it is not waited out, the mail goes elsewhere and has not paid in vain for the next round."""
    lanes = world.lanes()
    lane = PaidLanes(lanes, lane_name(SERVER), world.time()).known(SERVER)
    lane.health = Health(slow=1, slow_until=110.0)
    assert lanes.to(SERVER).health is lane.health
    assert asyncio.run(world.entries(lane, wait_out_pause=False)) == ["rate"]
    assert asyncio.run(world.entries(lane)) == pytest.approx([10])
    assert asyncio.run(world.entries(lane)) == pytest.approx([0])


def test_who_has_paid_nothing_takes_as_all_do(world):
    """A mail that was claimed for no lane."""
    lanes = world.lanes()
    assert PaidLanes(lanes, "", world.time()).known(SERVER) is lanes.to(SERVER)
    other = replace(SERVER, port=25)
    assert PaidLanes(lanes, lane_name(SERVER), world.time()).known(other) is lanes.to(other)


def _settings(url):
    return Settings.model_validate(
        {
            "application": {
                "name": "Acme Suite",
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthosts": ["memory:?max_per_day=2"],
                "store": url,
            }
        }
    )


def test_two_mailers_on_one_store_keep_to_one_limit(url, monkeypatch):
    """Whichever sends: two a day, and the third mail is deferred; a reset lets mail through again."""
    message = Message(to="bob@example.org", subject="Hello", text="Hello\n")
    with Mailer(_settings(url)) as one, Mailer(_settings(url)) as two:
        assert one.send(message).complete
        assert two.send(message).complete
        for mailer in (one, two):
            with pytest.raises(SubmissionDeferred) as late:
                mailer.send(message, deadline=5.0, retry=False)
            assert late.value.report.recipients["bob@example.org"].reason == "over_limit"
        limit = one.limits.list()[0]
        assert [(rate.taken, rate.amount) for rate in limit.rates] == [(2, 2)]
        two.limits.reset(limit.name, reason="another day", by="ann")
        monkeypatch.setattr(shared_lanes, "_FRESH", 0.0)  # or a second later
        assert two.send(message).complete
