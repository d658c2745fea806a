"""Sending many from a thread: bounded, told as they complete, and no ready mail kept from crossing."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mailsend.mailer.loop_thread import LoopThread
from mailsend.mailer.many import run_many
from mailsend.model.message import Message
from mailsend.model.report import Report

MESSAGE = Message(to="bob@example.org", text="Hello")
LIMIT = 5.0  # seconds that no test may take


@pytest.fixture
def loop():
    """Give a loop in a thread, and end it."""
    running = LoopThread()
    yield running
    running.stop()


class Counting:
    """Makes mails ready that take some turns of the loop; counts what is asked for and begun."""

    def __init__(self):
        self.asked = 0
        self.begun = 0
        self.under_way = 0
        self.most = 0
        self.three_begun = threading.Event()

    def messages(self, many):
        for _ in range(many):
            self.asked += 1
            yield MESSAGE

    def ready(self, index, item):
        return self._send(index)

    async def _send(self, index):
        self.begun += 1
        if self.begun == 3:
            self.three_begun.set()
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(index % 3 + 1):
            await asyncio.sleep(0)
        self.under_way -= 1
        return Report(index=index)


@pytest.mark.parametrize("concurrency", [1, 3, 8, 50])
def test_each_is_reported_once_and_no_more_are_under_way_than_asked_for(loop, concurrency):
    """However many cross together, every place is reported once, at most ``concurrency`` at a time."""
    counting = Counting()
    told = [
        one.index
        for one in run_many(counting.ready, loop.start, counting.messages(100), concurrency=concurrency)
    ]
    assert (sorted(told), counting.most <= concurrency) == (list(range(100)), True)


def test_no_more_are_asked_for_than_may_be_under_way(loop):
    """A reader who takes his time holds up what is asked for."""
    counting = Counting()
    for told, _ in enumerate(
        run_many(counting.ready, loop.start, counting.messages(40), concurrency=8), start=1
    ):
        assert counting.asked <= told + 8


def test_what_is_ready_goes_out_while_the_caller_waits_for_the_next(loop):
    """Three messages come at once and the fourth when those are on their way: none waits for it."""
    counting = Counting()

    def messages():
        yield from counting.messages(3)
        assert counting.three_begun.wait(LIMIT)
        yield MESSAGE

    told = [one.index for one in run_many(counting.ready, loop.start, messages(), concurrency=16)]
    assert sorted(told) == [0, 1, 2, 3]


def test_whoever_stops_reading_gets_no_further_mail_sent(loop):
    """What is on its way is finished; what was ready is not begun, and Python warns of nothing."""
    counting = Counting()
    many = run_many(counting.ready, loop.start, counting.messages(1000), concurrency=8)
    next(many)
    many.close()
    loop.run(asyncio.sleep(0.02))
    assert (counting.under_way, counting.begun <= counting.asked <= 9) == (0, True)


def test_a_mail_that_is_cancelled_on_the_loop_ends_the_waiting(loop):
    """Nobody waits for ever for what somebody else has ended."""

    async def ended():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        list(run_many(lambda index, item: ended(), loop.start, [MESSAGE], concurrency=4))


def test_once_the_program_ends_each_mail_says_so():
    """Nothing is begun any more, and every message has its report."""
    ended = LoopThread()
    ended.stop()
    counting = Counting()
    reports = list(run_many(counting.ready, ended.start, counting.messages(20), concurrency=4))
    assert sorted((one.index, str(one.error)) for one in reports) == [
        (index, "no mail is begun while the program ends") for index in range(20)
    ]
    assert counting.begun == 0
