"""A process that stood still wakes up when time is up: what the server said in time is heard all the same."""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from dataclasses import replace

from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Outcome
from mailsend.testing import ScriptedServer
from mailsend.transport import SmtpTransport
from mailsend.transport.base import SubmitOptions
from mailsend.transport.smtp.alarm import Alarm

LIMIT = 0.1  # seconds
BOB = Address.parse("bob@example.org")
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=(BOB,))


class Sleeper(selectors.DefaultSelector):
    """What a loop waits with: ``asleep``, it wakes up too late once, and has not looked at the network.

    So it is where a process is stopped and goes on, as by Ctrl-Z and ``fg``: the wait is interrupted, and its
    time has passed.
    """

    asleep = False

    def select(self, timeout=None):
        if not (self.asleep and timeout):
            return super().select(timeout)
        self.asleep = False
        time.sleep(timeout + LIMIT)
        return []


def run(selector, work):
    loop = asyncio.SelectorEventLoop(selector)
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def test_what_came_in_time_is_heard_before_time_is_up():
    """And whoever hears it may set the alarm anew."""
    selector, told = Sleeper(), []

    async def work():
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair()
        heard, rang = loop.create_future(), loop.create_future()
        alarm = Alarm(loop, lambda: (told.append("rang"), rang.done() or rang.set_result(None)))

        def hear():
            told.append(here.recv(9).decode())
            alarm.set(loop.time() + LIMIT)
            heard.set_result(None)

        with here, there:
            loop.add_reader(here, hear)
            alarm.set(loop.time() + LIMIT)
            there.send(b"250")
            selector.asleep = True
            await heard
            loop.remove_reader(here)
            await rang

    run(selector, work())
    assert told == ["250", "rang"]


def test_a_mail_whose_answer_came_in_time_is_accepted():
    """It would be sent again, and the server has it."""
    selector = Sleeper()
    data = b"Subject: Hello\r\n\r\nHello\r\n"

    async def then_sleep(server, addresses):
        selector.asleep = True  # when the content is out
        return True

    async def work(server):
        transport = SmtpTransport(server)
        try:
            options = SubmitOptions(before_content=then_sleep)
            return await transport.submit(ENVELOPE, data, options=options)
        finally:
            await transport.aclose()

    with ScriptedServer() as server:
        attempt = run(selector, work(replace(server.server, dot_timeout=LIMIT)))
    assert [one.data for one in server.messages] == [data]
    assert attempt.recipients[BOB].outcome is Outcome.ACCEPTED
