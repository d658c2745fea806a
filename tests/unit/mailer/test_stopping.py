"""The word that rounds should end, heeded on their loop."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.mailer.queueing.stopping import Stopping


async def _for_ever(ended):
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(True)


def test_said_softly_what_is_under_way_goes_on():
    """Nothing is broken off."""

    async def work():
        stopping = Stopping()
        stopping.softly()
        await stopping.heeded(asyncio.gather(asyncio.sleep(0)))
        return stopping.asked

    assert asyncio.run(work())


@pytest.mark.parametrize("before", [True, False])
def test_at_once_everything_is_broken_off(before):
    """Said from another thread, before or while they wait; whoever waits goes on."""

    async def work():
        stopping, ended = Stopping(), []
        works = asyncio.gather(_for_ever(ended), _for_ever(ended))
        await asyncio.sleep(0)
        if before:
            stopping.at_once()
        else:
            asyncio.get_running_loop().run_in_executor(None, stopping.at_once)
        await stopping.heeded(works)
        return len(ended), stopping.asked

    assert asyncio.run(work()) == (2, True)


def test_whoever_is_cancelled_is_cancelled():
    """That is another word, and it is not swallowed."""

    async def work():
        stopping, ended = Stopping(), []
        heeding = asyncio.ensure_future(stopping.heeded(asyncio.gather(_for_ever(ended))))
        await asyncio.sleep(0)
        heeding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await heeding
        return ended

    assert asyncio.run(work()) == [True]


def test_what_fails_is_raised():
    """It is no matter of stopping."""

    async def fail():
        raise RuntimeError("wrong")

    async def work():
        await Stopping().heeded(asyncio.gather(fail()))

    with pytest.raises(RuntimeError, match="wrong"):
        asyncio.run(work())
