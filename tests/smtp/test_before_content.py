"""Whoever queued a mail is asked before its first octet of content goes out, and what he says is obeyed."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import replace

import pytest
from passing_time import pass_time
from queue_shop import a_mail, settings, state, states
from sqlalchemy import update

from mailsend import Mailer, Settings
from mailsend.mailer.queueing.crossing import Crossing
from mailsend.model.envelope import Envelope
from mailsend.model.report import Outcome
from mailsend.model.server import Pipelining
from mailsend.store import upgrade
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer
from mailsend.transport import SmtpTransport
from mailsend.transport.base import SubmitOptions

A, B = "a@example.org", "b@example.org"
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=(A, B))
SMALL, LARGE = 0, 300_000
LONG = 20.0


def data(number, size=SMALL):
    """Give a mail that its number tells from every other."""
    return f"Subject: mail-{number}\r\n\r\n".encode() + b"0123456789abcdef\r\n" * (size // 18)


def marker(number):
    return f"mail-{number}\r\n".encode()


@pytest.fixture(params=[Pipelining.ACROSS, Pipelining.WITHIN, Pipelining.OFF, None])
def level(request):
    """Give how far commands go ahead; None where the server offers no PIPELINING at all."""
    return request.param


def server_for(level, **more):
    return ScriptedServer(extensions=() if level is None else ("PIPELINING",), **more)


def known(server, level, **more):
    return replace(server.server, pipelining=level or Pipelining.ACROSS, **more)


class Asked:
    """Answers what it is told to, after a while; writes down what the server had heard by then."""

    def __init__(self, server, answer=True, *, wait=0.03):
        self.server, self.answer, self.wait = server, answer, wait
        self.calls = []
        self.early = []

    def about(self, number):
        async def before(server, addresses):
            self.calls.append((number, server, tuple(map(str, addresses))))
            await asyncio.sleep(self.wait)
            self.early.append(marker(number) in self.server.heard)
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer

        return SubmitOptions(before_content=before)


async def submit_all(transport, asked, numbers, *, size=SMALL, envelope=ENVELOPE):
    works = (transport.submit(envelope, data(one, size), options=asked.about(one)) for one in numbers)
    attempts = await asyncio.gather(*works)
    await transport.aclose()
    return attempts


def outcomes(attempts):
    return [str(one.outcome) for one in attempts]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_no_content_is_out_before_the_answer(level, size):
    """At each level of pipelining, small or large, mail after mail on one connection."""
    with server_for(level) as server:
        asked = Asked(server)
        transport = SmtpTransport(known(server, level, max_connections=1))
        told = asyncio.run(submit_all(transport, asked, range(4), size=size))
        assert outcomes(told) == ["accepted"] * 4
        assert asked.early == [False] * 4
        assert sorted(asked.calls) == [(number, transport.server.name, (A, B)) for number in range(4)]
        assert sorted(one.data for one in server.messages) == [data(number, size) for number in range(4)]
        assert server.connections == 1


@pytest.mark.parametrize("answer", [False, RuntimeError("the store is away")])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_no_or_an_error_lets_nothing_out(level, answer, size, caplog):
    """Not one octet of content, nor an empty mail in its place; it is deferred, and may be tried again."""
    with server_for(level) as server:
        asked = Asked(server, answer)
        transport = SmtpTransport(known(server, level, max_connections=1))
        told = asyncio.run(submit_all(transport, asked, range(3), size=size))
        assert outcomes(told) == ["deferred"] * 3
        assert {str(one.reason) for one in told} == {"taken_over"}
        assert server.messages == []
        assert b"Subject: mail-" not in server.heard
        assert b"\r\n.\r\n" not in bytes(server.heard)
    assert ("the store is away" in caplog.text) == isinstance(answer, RuntimeError)
    if isinstance(answer, RuntimeError):
        answer.__traceback__ = None  # the parameter outlives the test, and its frames hold the connection


def test_one_that_may_not_stops_no_other(level):
    """Of five mails two may not go out; the three others are taken, each once."""
    with server_for(level) as server:
        asked = Asked(server)
        asked.about_all = asked.about

        def about(number):
            options = asked.about_all(number)

            async def before(name, addresses):
                return await options.before_content(name, addresses) and number not in (1, 3)

            return replace(options, before_content=before)

        asked.about = about
        transport = SmtpTransport(known(server, level, max_connections=2))
        told = asyncio.run(submit_all(transport, asked, range(5)))
        assert outcomes(told) == ["accepted", "deferred", "accepted", "deferred", "accepted"]
        assert sorted(one.data for one in server.messages) == [data(number) for number in (0, 2, 4)]


def test_only_those_who_were_accepted_are_told_of(level):
    """A refused recipient is not marked; where all are refused nobody is asked."""
    with server_for(level, replies={B: "550 5.1.1 User unknown"}) as server:
        asked = Asked(server)
        transport = SmtpTransport(known(server, level))
        asyncio.run(submit_all(transport, asked, [0]))
        assert [one[2] for one in asked.calls] == [(A,)]
        server.replies[A] = "550 5.1.1 User unknown"
        asyncio.run(submit_all(SmtpTransport(known(server, level)), asked, [1]))
        assert len(asked.calls) == 1


def test_each_transaction_is_asked_about_for_itself(level):
    """Two recipients where one fits at a time: two transactions, two questions."""
    with ScriptedServer(
        extensions=("LIMITS RCPTMAX=1", *(() if level is None else ("PIPELINING",)))
    ) as server:
        asked = Asked(server)
        told = asyncio.run(submit_all(SmtpTransport(known(server, level)), asked, [0]))
        assert outcomes(told) == ["accepted"]
        assert [one[2] for one in asked.calls] == [(A,), (B,)]


def test_several_connections_ask_at_the_same_time(level):
    """A slow answer on one connection holds up no other."""
    with server_for(level) as server:
        asked = Asked(server, wait=0.05)
        transport = SmtpTransport(known(server, level, max_connections=4))
        told = asyncio.run(submit_all(transport, asked, range(8)))
        assert outcomes(told) == ["accepted"] * 8
        assert asked.early == [False] * 8
        assert len(server.messages) == 8


def begun(asked, number):
    """Give options whose question is answered when the test says so."""
    waiting, answer = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def before(server, addresses):
        waiting.set()
        return await answer

    return waiting, answer, SubmitOptions(before_content=before)


def test_cancelled_while_it_is_asked(level):
    """Nothing goes out, though the answer comes later and is yes; the next mail goes out."""

    async def run(server):
        transport = SmtpTransport(known(server, level, max_connections=1))
        waiting, answer, options = begun(server, 0)
        known_of = []
        options = replace(options, abandoned=known_of.append)
        work = asyncio.create_task(transport.submit(ENVELOPE, data(0), options=options))
        await asyncio.wait_for(waiting.wait(), LONG)
        work.cancel()
        await asyncio.wait([work])
        answer.set_result(True)
        after = await transport.submit(ENVELOPE, data(1), options=Asked(server).about(1))
        await transport.aclose()
        return work.cancelled(), outcomes(known_of), str(after.outcome)

    with server_for(level) as server:
        assert asyncio.run(run(server)) == (True, ["deferred"], "accepted")
        assert [one.data for one in server.messages] == [data(1)]
        assert marker(0) not in server.heard


def test_closed_while_it_is_asked(level):
    """Closing does not wait for ever, and lets nothing out; the outcome is known."""

    async def run(server):
        transport = SmtpTransport(known(server, level, max_connections=1))
        waiting, answer, options = begun(server, 0)
        work = asyncio.create_task(transport.submit(ENVELOPE, data(0), options=options))
        await asyncio.wait_for(waiting.wait(), LONG)
        closing = asyncio.create_task(transport.aclose())
        await asyncio.sleep(0.02)
        answer.set_result(False)
        await asyncio.wait_for(closing, LONG)
        return str((await asyncio.wait_for(work, LONG)).outcome)

    with server_for(level) as server:
        assert asyncio.run(run(server)) == "deferred"
        assert server.messages == []


def test_the_connection_is_lost_while_it_is_asked(level):
    """It is deferred, not unknown: no content was out; a late yes changes nothing."""

    async def run(server):
        transport = SmtpTransport(known(server, level, max_connections=1))
        waiting, answer, options = begun(server, 0)
        work = asyncio.create_task(transport.submit(ENVELOPE, data(0), options=options))
        await asyncio.wait_for(waiting.wait(), LONG)
        server.stop()
        attempt = await asyncio.wait_for(work, LONG)
        answer.set_result(True)
        await asyncio.sleep(0.02)
        await transport.aclose()
        return str(attempt.outcome), attempt.dot_out

    with server_for(level) as server:
        outcome, dot_out = asyncio.run(run(server))
        assert (outcome, dot_out) == ("deferred", False)
        assert marker(0) not in server.heard


def test_a_deadline_passes_while_it_is_asked(level):
    """The caller is told that it was not handed over, and it is not handed over afterwards either."""

    async def run(server):
        transport = SmtpTransport(known(server, level))
        waiting, answer, options = begun(server, 0)
        work = asyncio.create_task(
            transport.submit(ENVELOPE, data(0), options=replace(options, deadline=5.0))
        )
        await asyncio.wait_for(waiting.wait(), LONG)
        pass_time(6.0)
        attempt = await asyncio.wait_for(work, LONG)
        answer.set_result(True)
        await asyncio.sleep(0.02)
        await transport.aclose()
        return waiting.is_set(), str(attempt.outcome), str(attempt.reason)

    with server_for(level) as server:
        assert asyncio.run(run(server)) == (True, "deferred", "deadline")
        assert marker(0) not in server.heard


def test_an_answer_that_never_comes_has_its_limit(level):
    """That of writing content; then the mail is deferred, and the connection thrown away."""

    async def run(server):
        transport = SmtpTransport(known(server, level, timeout=5.0))
        waiting, answer, options = begun(server, 0)
        work = asyncio.create_task(transport.submit(ENVELOPE, data(0), options=options))
        await asyncio.wait_for(waiting.wait(), LONG)
        pass_time(6.0)
        attempt = await asyncio.wait_for(work, LONG)
        answer.set_result(True)
        await transport.aclose()
        return str(attempt.outcome)

    with server_for(level) as server:
        assert asyncio.run(run(server)) == "deferred"
        assert marker(0) not in server.heard


# With a store behind it


class Watching(ScriptedServer):
    """Reads the store in the moment in which the content of a mail arrives: what was committed by then."""

    file = ""

    def hear(self, octets, *, encrypted):
        for subject in re.findall(rb"Subject: Mail (\d+)\r\n", octets):
            with sqlite3.connect(self.file) as store:
                found = store.execute(
                    "SELECT r.marked = m.fence AND m.state = 'sending' FROM mailsend_recipient r"
                    " JOIN mailsend_message m ON m.id = r.message WHERE m.subject = ?",
                    (f"Mail {subject.decode()}",),
                )
                self.seen.append([one for (one,) in found])
            store.close()
        super().hear(octets, encrypted=encrypted)


@pytest.mark.parametrize("door", ["deliver_due", "deliver", "send with a key"])
def test_the_mark_is_committed_before_the_content_arrives(level, tmp_path, door):
    """Read by another connection when the server hears the first octets: every recipient is marked."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    with Watching(extensions=() if level is None else ("PIPELINING",)) as server:
        server.file, server.seen = str(tmp_path / "mailsend.db"), []
        where = server.url + ("" if level is None else f"&pipelining={level}")
        with Mailer(Settings.model_validate(settings(where, store=url))) as mailer:
            messages = [a_mail(number, to=[A, B], idempotency_key=f"k{number}") for number in range(6)]
            if door == "deliver_due":
                mailer.enqueue_many(messages)
                assert mailer.deliver_due().claimed == 6
            elif door == "deliver":
                assert all(one.complete for one in mailer.send_many(map(mailer.preview, messages)))
            else:
                assert all(one.complete for one in mailer.send_many(messages))
            assert states(mailer) == {"done": 6}
    assert server.seen == [[1, 1]] * 6


def test_a_mail_taken_over_between_recipients_and_content_is_not_sent_twice(tmp_path, monkeypatch):
    """The lease ended while the server was slow: the mark is refused, and nothing is written over."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    with (
        ScriptedServer() as server,
        Mailer(Settings.model_validate(settings(server.url, store=url))) as mailer,
    ):
        id = mailer.enqueue(a_mail())
        marking = Crossing.marking

        def late(self, *told, **more):
            mark = marking(self, *told, **more)

            async def after_another(name, addresses):
                with mailer._core.store_door.open("a test")._database.writing() as one:
                    one.connection.execute(update(mails.message).values(fence=7, worker="another"))
                return await mark(name, addresses)

            return after_another

        monkeypatch.setattr(Crossing, "marking", late)
        assert mailer.deliver_due().accepted == 0
        assert server.messages == []
        assert state(mailer, id) == ("sending", [Outcome.PENDING])
