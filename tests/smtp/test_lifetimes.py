"""A Mailer outlives loops and forks, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref

import pytest
from aiosmtpd.controller import Controller
from free_port import free_port
from mail_strategies import shop
from waiting import wait_until

from mailsend.mailer import AsyncMailer, Mailer
from mailsend.mailer.loop_thread import loop_thread
from mailsend.model.message import Message
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer


@pytest.fixture
def server():
    """Give a server of this test's own."""
    with ScriptedServer() as running:
        yield running


def a_message(number=0):
    """Give a message of the application's."""
    return Message(to="bob@example.org", subject=str(number), text="Hello")


def _subjects(server):
    return sorted(
        line.removeprefix(b"Subject: ").decode()
        for one in server.messages
        for line in one.data.split(b"\r\n")
        if line.startswith(b"Subject: ")
    )


def test_one_async_mailer_serves_two_loops_in_turn(server):
    """Connections belong to a loop: on another loop new ones are opened."""
    mailer = AsyncMailer(Settings.model_validate(shop(server.url)))

    async def send(number):
        await mailer.send(a_message(number))
        await mailer.aclose()

    asyncio.run(send(1))
    asyncio.run(send(2))
    assert _subjects(server) == ["1", "2"]


def test_two_runs_in_turn_need_no_closing(server):
    """Where nobody closes an AsyncMailer, the end of each loop does, and the server hears QUIT."""
    mailer = AsyncMailer(Settings.model_validate(shop(server.url)))

    async def send_some():
        reports = [one async for one in mailer.send_many([a_message(number) for number in range(8)])]
        assert all(one.complete for one in reports)

    for _ in range(2):
        asyncio.run(send_some())
        gc.collect()  # a connection that was left open would complain now
        wait_until(lambda: not server.open_connections)
        assert (server.open_connections, server.commands.count("QUIT")) == (0, server.connections)
    assert len(server.messages) == 16


def test_an_async_mailer_keeps_no_loop_that_has_ended(server):
    """An application may run a new loop for every mail."""
    mailer = AsyncMailer(Settings.model_validate(shop(server.url)))
    loops = []

    async def send(number):
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await mailer.send(a_message(number))

    for number in range(4):
        asyncio.run(send(number))
    gc.collect()

    assert [one() is None for one in loops] == [True, True, True, False]  # the last goes with the next


def test_two_loops_at_once_have_connections_of_their_own(server):
    """One AsyncMailer may serve the loops of several threads."""
    mailer = AsyncMailer(Settings.model_validate(shop(server.url)))

    async def send_some():
        async for report in mailer.send_many([a_message(number) for number in range(20)], concurrency=1):
            assert report.complete
        await mailer.aclose()

    threads = [threading.Thread(target=asyncio.run, args=(send_some(),)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert (len(server.messages), server.connections) == (60, 3)
    wait_until(lambda: server.commands.count("QUIT") >= 3)
    assert server.commands.count("QUIT") == 3


def test_one_mailer_serves_several_threads(server):
    """Mailers may be used by several threads at once, and share one loop thread."""
    with Mailer(Settings.model_validate(shop(server.url))) as mailer:
        threads = [threading.Thread(target=mailer.send, args=(a_message(number),)) for number in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert _subjects(server) == [str(number) for number in range(6)]
    assert [one.name for one in threading.enumerate()].count("mailsend") == 1


def test_a_mailer_sends_from_inside_a_running_loop(server):
    """Synchronous code called from a coroutine may send; it blocks only its caller."""

    async def main():
        with Mailer(Settings.model_validate(shop(server.url))) as mailer:
            mailer.send(a_message())

    asyncio.run(main())
    assert _subjects(server) == ["0"]


FORKING = """
import os, sys
sys.path.append(sys.argv[2])
from mail_strategies import shop
from mailsend import Mailer, Message, Settings
mailer = Mailer(Settings.model_validate(shop(sys.argv[1])))
mailer.send(Message(to="bob@example.org", subject="before", text="x"))
child = os.fork()
mailer.send(Message(to="bob@example.org", subject="child" if child == 0 else "parent", text="x"))
mailer.close()
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_sends_by_a_loop_of_its_own(server):
    """After a fork the child forgets the parent's connections and opens its own."""
    helpers = next(one for one in sys.path if one.endswith("helpers"))
    subprocess.run([sys.executable, "-c", FORKING, server.url, helpers], check=True, timeout=60)
    assert _subjects(server) == ["before", "child", "parent"]


FORKING_WHILE_SENDING = (
    FORKING.partition("child = ")[0]
    + """
import threading, time
slow = threading.Thread(target=mailer.send, args=(Message(to="bob@example.org", subject="slow", text="x"),))
slow.start()
time.sleep(0.3)
child = os.fork()
if child == 0:
    mailer.close()
    os._exit(0)
_, status = os.waitpid(child, 0)
slow.join()
sys.exit(os.waitstatus_to_exitcode(status))
"""
)


def test_a_child_forked_while_a_mail_is_on_its_way_closes_at_once(server):
    """What the parent had on its way is the parent's: the child waits for none of it."""
    helpers = next(one for one in sys.path if one.endswith("helpers"))
    subprocess.run([sys.executable, "-c", FORKING_WHILE_SENDING, server.url, helpers], check=True, timeout=60)
    assert _subjects(server) == ["before", "slow"]


def test_whoever_stops_reading_gets_no_further_mail_sent(server):
    """A generator of send_many that is closed early starts no further mail."""
    with Mailer(Settings.model_validate(shop(server.url))) as mailer:
        reports = mailer.send_many((a_message(number) for number in range(50)), concurrency=2)
        next(reports)
        reports.close()
    assert 1 <= len(server.messages) <= 4


def test_an_async_send_many_that_is_closed_early_finishes_what_is_on_its_way(server):
    """Nothing that was handed over is lost sight of."""

    async def main():
        async with AsyncMailer(Settings.model_validate(shop(server.url))) as mailer:
            reports = mailer.send_many((a_message(number) for number in range(50)), concurrency=3)
            async for report in reports:
                assert report.complete
                break
            await reports.aclose()
            return len([one for one in asyncio.all_tasks() if one is not asyncio.current_task()])

    assert asyncio.run(main()) == 0
    assert len(server.messages) <= 4


def test_a_program_that_ends_without_closing_ends(server):
    """The loop thread is no reason for a program to hang at its end, and the server hears a goodbye."""
    helpers = next(one for one in sys.path if one.endswith("helpers"))
    program = FORKING.partition("child = ")[0]
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, server.url, helpers], check=True, timeout=60
    )
    assert _subjects(server) == ["before"]
    wait_until(lambda: server.commands[-1] == "QUIT")


class Thoughtful:
    """A handler that takes its time after the final dot, and stops thinking when the client goes."""

    def __init__(self):
        self.received, self.answered = threading.Event(), False

    async def handle_DATA(self, server, session, envelope):
        """Answer after a second."""
        self.received.set()
        await asyncio.sleep(1)
        self.answered = True
        return "250 2.0.0 taken"


INTERRUPTED = (
    FORKING.partition("mailer.send")[0]
    + """
import threading
threading.Thread(
    target=mailer.send, args=(Message(to="bob@example.org", subject="x", text="x"),), daemon=True
).start()
sys.stdin.readline()
"""
)


def test_a_program_that_ends_waits_for_a_mail_past_its_content():
    """At exit a mail whose final dot is out is waited for: the server is heard to the end."""
    handler = Thoughtful()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        helpers = next(one for one in sys.path if one.endswith("helpers"))
        program = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, f"smtp://127.0.0.1:{port}?tls=none", helpers],
            stdin=subprocess.PIPE,
        )
        assert handler.received.wait(30)
        program.communicate(b"\n", timeout=30)
    finally:
        controller.stop()

    assert program.returncode == 0
    assert handler.answered


def test_there_is_one_loop_thread_per_process():
    """Asking twice gives the same one."""
    assert loop_thread() is loop_thread()
