"""Deadlines, cancelling and closing: past the final dot a conversation is heard out, before it is cut."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
from dataclasses import replace

import pytest
from passing_time import pass_time
from waiting import until

from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt, Exchange, Outcome
from mailsend.model.server import Server, TlsMode
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport, SubmitOptions
from mailsend.transport.smtp.dialogue import Dialogue
from mailsend.transport.smtp.errand import Errand
from mailsend.transport.smtp.link import Link
from mailsend.transport.smtp.wire import Wire
from mailsend.transport.unfinished import finish, unfinished

DATA = b"Subject: x\r\n\r\nbody\r\n"
BIG = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 320_000  # more than the kernel takes unread
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org", "b@example.org"))
ONLY_A = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org",))
LATE = "250 2.0.0 queued as LATE"


class Waiting:
    """A server that answers at once, and to one thing only when it is told to.

    It waits at ``at``: ``"greeting"``, ``"content"`` (after its first line) or ``"dot"``. ``reached`` is
    set when it waits there, ``go_on`` lets it speak. ``refused`` is a recipient that it refuses.
    """

    def __init__(self, at="dot", refused=b"nobody"):
        self.at, self.refused = at, refused
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.heard = []

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.server = Server(
            host="127.0.0.1", port=self.socket.getsockname()[1], tls=TlsMode.DANGEROUS_NONE, dot_timeout=20.0
        )
        self.threads = [threading.Thread(target=self.listen, daemon=True)]
        self.threads[0].start()
        return self

    def listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self.serve, args=(connection,), daemon=True))
            self.threads[-1].start()

    def wait_at(self, place):
        if self.at == place and not self.reached.is_set():
            self.reached.set()
            self.go_on.wait(20)

    def serve(self, connection):
        try:
            with connection, connection.makefile("rwb") as file:
                self.talk(file)
        except OSError:  # cut from the other side
            pass

    def talk(self, file):
        def say(line):
            file.write(line + b"\r\n")
            file.flush()

        self.wait_at("greeting")
        say(b"220 here")
        content = False
        for line in file:
            heard = line.strip()
            if content:
                self.wait_at("content")
                if heard == b".":
                    self.heard.append(b".")
                    self.wait_at("dot")
                    say(LATE.encode())
                    content = False
                continue
            self.heard.append(heard.split(b" ")[0])
            if heard == b"DATA":
                content = True
                say(b"354 go")
            elif self.refused in heard:
                say(b"550 5.1.1 unknown")
            else:
                say(b"221 bye" if heard == b"QUIT" else b"250 fine")

    def __exit__(self, *_):
        self.go_on.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for one in self.threads:
            one.join(10)


def recording(server, heard):
    return SmtpTransport(server, on_late=lambda envelope, reply: heard.append((envelope, str(reply))))


async def too_late(transport, reached):
    """Submit a mail whose deadline passes when the server has ``reached`` where it waits."""
    work = asyncio.create_task(transport.submit(ENVELOPE, DATA, options=SubmitOptions(deadline=5.0)))
    await until(reached)
    pass_time(6.0)
    return await work


def outcomes(attempt):
    return [(str(one.outcome), str(one.reason)) for one in attempt.recipients.values()]


def test_a_deadline_behind_the_dot_is_unknown_and_the_reply_is_still_read(caplog):
    """The caller gets unknown; what the server says later is heard, logged and told."""
    caplog.set_level(logging.INFO, "mailsend.transport")
    heard = []
    with Waiting() as slow:
        transport = recording(slow.server, heard)

        async def go():
            attempt = await too_late(transport, slow.reached.is_set)
            known_then = list(heard)
            slow.go_on.set()
            await transport.aclose()
            return attempt, known_then

        attempt, known_then = asyncio.run(go())
    assert (outcomes(attempt), known_then) == ([("unknown", "silence_after_dot")] * 2, [])
    assert heard == [(ENVELOPE, LATE)]
    assert f"answered late: {LATE}" in caplog.text


def test_what_is_heard_late_concerns_only_who_was_taken():
    """A recipient that was refused before the dot is not among those of whom the late reply speaks."""
    heard = []
    with Waiting(refused=b"b@example.org") as slow:
        transport = recording(slow.server, heard)

        async def go():
            attempt = await too_late(transport, slow.reached.is_set)
            slow.go_on.set()
            await transport.aclose()
            return attempt

        attempt = asyncio.run(go())
    assert outcomes(attempt) == [("unknown", "silence_after_dot"), ("rejected", "no_such_user")]
    assert heard == [(ONLY_A, LATE)]


def test_a_server_that_never_answers_the_dot_is_told_as_that():
    """When the limit of the dot passes too, on_late is called without a reply."""
    heard = []
    with ScriptedServer(faults=["silent-after-dot"]) as server:
        transport = recording(replace(server.server, dot_timeout=20.0), heard)

        async def go():
            work = asyncio.create_task(transport.submit(ENVELOPE, DATA, options=SubmitOptions(deadline=5.0)))
            await until(unfinished)
            pass_time(6.0)
            await work
            pass_time(20.0)
            await transport.aclose()
            return unfinished()

        assert asyncio.run(go()) == frozenset()
    assert heard == [(ENVELOPE, "None")]


def test_a_mail_cancelled_after_its_dot_is_heard_out():
    """Whoever stops waiting behind the dot does not stop the reading: aclose waits, and the reply is told."""
    heard = []
    with Waiting() as slow:
        transport = recording(slow.server, heard)

        async def go():
            task = asyncio.create_task(transport.submit(ENVELOPE, DATA))
            await until(slow.reached.is_set)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            closing = asyncio.create_task(transport.aclose())
            await asyncio.sleep(0.05)
            waited = not closing.done()
            slow.go_on.set()
            await closing
            return waited

        assert asyncio.run(go())
    assert heard == [(ENVELOPE, LATE)]
    assert slow.heard[-1] == b"QUIT"


def test_a_program_that_ends_can_spare_what_is_past_its_dot():
    """Who cancels all tasks of a loop save the unfinished, and then waits, learns what became of each mail."""
    heard = []
    with Waiting() as slow:
        transport = recording(slow.server, heard)

        async def go():
            task = asyncio.create_task(transport.submit(ENVELOPE, DATA))
            await until(slow.reached.is_set)
            spared = unfinished()
            others = asyncio.all_tasks() - spared - {asyncio.current_task()}
            for one in others:
                one.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            assert task.cancelled()
            threading.Timer(0.05, slow.go_on.set).start()
            await finish()
            return len(spared), unfinished(), asyncio.all_tasks() - {asyncio.current_task()}

        assert asyncio.run(go()) == (1, frozenset(), set())
    assert heard == [(ENVELOPE, LATE)]


def test_a_mail_cancelled_in_the_middle_of_its_content_is_thrown_away():
    """Before the dot nobody took it: nothing is read on, and aclose has nothing to wait for."""
    heard = []
    with Waiting(at="content") as slow:
        transport = recording(slow.server, heard)

        async def go():
            task = asyncio.create_task(transport.submit(ENVELOPE, BIG))
            await until(slow.reached.is_set)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            left = unfinished()
            await transport.aclose()
            return left

        assert asyncio.run(go()) == frozenset()
    assert (heard, slow.heard.count(b".")) == ([], 0)


def test_closing_waits_for_a_mail_whose_content_is_on_its_way():
    """A mail that is being written when the transport is closed is written to its end, and accepted."""
    with Waiting(at="content") as slow:
        transport = SmtpTransport(slow.server)

        async def go():
            task = asyncio.create_task(transport.submit(ENVELOPE, BIG))
            await until(slow.reached.is_set)
            closing = asyncio.create_task(transport.aclose())
            await asyncio.sleep(0.05)
            slow.go_on.set()
            await closing
            assert task.done() or not unfinished()
            return await task

        assert asyncio.run(go()).outcome is Outcome.ACCEPTED


def test_closing_cuts_what_is_before_its_content():
    """A mail that still waits for the greeting, or for a place, is deferred as closed, and told so."""
    with Waiting(at="greeting") as slow:
        transport = SmtpTransport(replace(slow.server, max_connections=1))

        async def go():
            tasks = [asyncio.create_task(transport.submit(ENVELOPE, DATA)) for _ in range(3)]
            await until(slow.reached.is_set)
            await transport.aclose()
            assert all(one.done() for one in tasks)
            slow.go_on.set()
            return [await one for one in tasks], await transport.submit(ENVELOPE, DATA)

        cut, later = asyncio.run(go())
    assert [outcomes(one) for one in cut] == [[("deferred", "closed")] * 2] * 3
    assert [one.retry_now for one in cut] == [False] * 3
    assert later.outcome is Outcome.ACCEPTED


def test_closing_begins_no_further_transaction():
    """Of two transactions the one past its content is finished and the other not begun."""
    with Waiting() as slow:
        transport = SmtpTransport(replace(slow.server, max_recipients=1))

        async def go():
            task = asyncio.create_task(transport.submit(ENVELOPE, DATA))
            await until(slow.reached.is_set)
            closing = asyncio.create_task(transport.aclose())
            await asyncio.sleep(0.05)
            slow.go_on.set()
            await closing
            return await task

        attempt = asyncio.run(go())
    assert outcomes(attempt) == [("accepted", "accepted"), ("deferred", "closed")]
    assert slow.heard.count(b"MAIL") == 1


@pytest.mark.parametrize(
    ("at", "data", "told"),
    [("dot", DATA, ("unknown", "silence_after_dot")), ("content", BIG, ("deferred", "closed"))],
)
def test_closing_waits_no_longer_than_the_limit_of_the_dot(at, data, told):
    """Who is silent longer than dot_timeout is given up, and told as what it is."""
    with Waiting(at=at) as slow:
        transport = SmtpTransport(replace(slow.server, dot_timeout=0.3))

        async def go():
            task = asyncio.create_task(transport.submit(ENVELOPE, data))
            await until(slow.reached.is_set)
            await transport.aclose()
            return await task

        assert outcomes(asyncio.run(go())) == [told] * 2


def test_a_connection_that_is_read_on_keeps_its_place():
    """max_connections counts those on which nobody waits any more."""
    with Waiting() as slow:
        transport = SmtpTransport(replace(slow.server, max_connections=1))

        async def go():
            late = await too_late(transport, slow.reached.is_set)
            second = await transport.submit(ENVELOPE, DATA, options=SubmitOptions(deadline=0.2))
            slow.go_on.set()
            third = await transport.submit(ENVELOPE, DATA, options=SubmitOptions(deadline=20.0))
            await transport.aclose()
            return [str(one.reason) for one in (late, second, third)]

        assert asyncio.run(go()) == ["silence_after_dot", "deadline", "accepted"]
    assert slow.heard.count(b"EHLO") == 1


def test_a_cancelled_mail_throws_its_connection_away():
    """Cancelled before its dot, nothing more is written on that connection, and the next mail has its own."""
    with Waiting(at="greeting") as slow:
        transport = SmtpTransport(slow.server)

        async def cancelled_then_sent():
            task = asyncio.create_task(transport.submit(ENVELOPE, DATA))
            await until(slow.reached.is_set)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            slow.go_on.set()
            return await transport.submit(ENVELOPE, DATA)

        assert asyncio.run(cancelled_then_sent()).outcome is Outcome.ACCEPTED
    assert slow.heard.count(b"EHLO") == 1


@pytest.mark.parametrize("mails", [60, pytest.param(1000, marks=pytest.mark.rings)])
def test_many_mails_leave_neither_tasks_nor_memory_behind(mails):
    """After many mails, good and bad, a transport holds no task, no connection and no mail."""
    kinds = (Errand, Dialogue, Link, Wire, Exchange, Attempt)
    gc.collect()
    before = {id(one) for one in gc.get_objects() if type(one) in kinds}
    with ScriptedServer(replies={"b@example.org": "550 5.1.1 Unknown"}, faults=["dot-451:20"]) as server:
        transport = SmtpTransport(server.server)

        async def go():
            for _ in range(mails // 20):
                await asyncio.gather(*(transport.submit(ENVELOPE, DATA) for _ in range(20)))
                server.messages.clear()
                server.commands.clear()
            await transport.aclose()
            await until(lambda: not server.open_connections)
            gc.collect()
            kept = {type(one) for one in gc.get_objects() if type(one) in kinds and id(one) not in before}
            return len(asyncio.all_tasks()), server.open_connections, kept

        assert asyncio.run(go()) == (1, 0, set())
