"""Sending many on a loop: bounded, in order of completion, and over when it is said to be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import pytest

from mailsend.mailer.many_async import run_many
from mailsend.model.message import Message
from mailsend.model.report import Report

MESSAGE = Message(to="bob@example.org", text="Hello")
LIMIT = 5.0  # seconds that no test may take


class Counting:
    """Starts mails that take some turns of the loop; counts what is begun, and what is asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = 0
        self.under_way = 0
        self.most = 0

    def messages(self, many: int, *, then: Exception | None = None) -> Iterator[Message]:
        for _ in range(many):
            self.asked += 1
            yield MESSAGE
        if then is not None:
            raise then

    async def messages_later(self, many: int) -> AsyncIterator[Message]:
        for one in self.messages(many):
            await asyncio.sleep(0)
            yield one

    async def start(self, index: int, item: object) -> Report:
        self.begun += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(index % 3 + 1):
            await asyncio.sleep(0)
        self.under_way -= 1
        return Report(index=index)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on a loop of its own, within the limit."""
    asyncio.run(asyncio.wait_for(work, LIMIT))


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("concurrency", [1, 3, 50])
def test_each_message_is_reported_once_and_no_more_are_under_way_than_asked_for(concurrency, later):
    """Whatever the source, every place is reported once, at most ``concurrency`` at a time."""
    counting = Counting()
    told = []

    async def work():
        source = counting.messages_later(20) if later else counting.messages(20)
        async for one in run_many(counting.start, source, concurrency=concurrency):
            told.append(one.index)

    run(work())
    assert sorted(told) == list(range(20))
    assert counting.most <= concurrency


def test_what_nobody_reads_is_no_more_than_may_be_under_way():
    """A reader who takes his time holds up what is asked for, not only what is reported."""
    counting = Counting()
    told = []

    async def work():
        async for one in run_many(counting.start, counting.messages(20), concurrency=3):
            told.append(one.index)
            for _ in range(50):
                await asyncio.sleep(0)
            assert counting.asked <= len(told) + 3

    run(work())
    assert sorted(told) == list(range(20))


def test_whoever_stops_reading_gets_no_further_mail_sent():
    """What is on its way is finished, and nothing is begun or asked for after that."""
    counting = Counting()

    async def work():
        many = run_many(counting.start, counting.messages(1000), concurrency=3)
        await anext(many)
        await many.aclose()
        begun = counting.begun
        await asyncio.sleep(0.01)
        assert counting.begun == begun <= 4

    run(work())
    assert counting.under_way == 0


def test_a_source_that_raises_is_not_asked_again_and_its_error_comes_last():
    """Those who wait for room while it raises end; all that was begun is reported first."""
    counting = Counting()
    told = []

    async def work():
        source = counting.messages(7, then=LookupError("gone"))
        async for one in run_many(counting.start, source, concurrency=3):
            told.append(one.index)
            await asyncio.sleep(0.001)

    with pytest.raises(LookupError, match="gone"):
        run(work())
    assert sorted(told) == list(range(7))
