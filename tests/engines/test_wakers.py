"""A waker calls soon, seldom, off the caller's thread, in each process by itself."""

from __future__ import annotations

import os
import threading
import time

import pytest

from mailsend.contrib.waking import Waker

pytestmark = pytest.mark.engines


def test_many_calls_make_few_wake_ups():
    """Thousands of calls within half a second come to some wake-ups, the last of them after the last call."""
    woken = []
    wake = Waker(lambda: woken.append((time.monotonic(), threading.current_thread())))
    ends = time.monotonic() + 0.5
    calls = 0
    while time.monotonic() < ends:
        last = time.monotonic()
        wake()
        calls += 1
    wake.flush(5)

    assert calls > 20
    assert 1 <= len(woken) <= 8
    assert woken[-1][0] >= last
    assert threading.current_thread() not in [one for _, one in woken]


def test_a_wake_up_that_fails_is_not_the_last():
    """What a wake-up raises reaches nobody, and the next one is tried."""
    woken = []

    def fail():
        woken.append(1)
        raise OSError("away")

    wake = Waker(fail)
    for _ in range(2):
        wake()
        wake.flush(5)

    assert woken == [1, 1]


def test_a_forked_child_wakes_by_itself():
    """A child has none of the parent's threads, and begins one of its own."""
    parent = os.getpid()
    woken_in = os.pipe()
    wake = Waker(lambda: os.write(woken_in[1], b"p" if os.getpid() == parent else b"c"))
    wake()
    wake.flush(5)
    pid = os.fork()
    if not pid:
        wake()
        wake.flush(5)
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(woken_in[1])
    with os.fdopen(woken_in[0], "rb") as told:
        assert told.read() == b"pc"


def test_a_waker_rests_and_begins_anew():
    """Closed, it lets go of what it holds, its thread ends, and a later call is heard all the same."""
    told, before = [], set(threading.enumerate())
    wake = Waker(lambda: told.append("woken"), rest=lambda: told.append("resting"))
    for _ in range(2):
        wake()
        wake.close(5)

    assert told == ["woken", "resting"] * 2
    assert set(threading.enumerate()) - before == set()
