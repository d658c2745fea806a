"""The loop on which all Mailers of a process act."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.mailer.loop_thread import LoopThread

LONG = 60.0  # seconds that nothing here should need


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt])
def test_whatever_is_raised_on_it_it_goes_on(raised, caplog):
    """Who raised it is told, the log has it, and the next one is served; stopped, it ends."""

    async def fails():
        raise raised("enough")

    loop = LoopThread()
    with pytest.raises(raised, match="enough"):
        loop.submit(fails()).result(LONG)
    assert loop.run(asyncio.sleep(0, "served")) == "served"
    loop.stop()
    assert not loop._thread.is_alive()
    assert "the loop of all Mailers goes on after this" in caplog.text
