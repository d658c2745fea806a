"""Connections that stay open: how many, how long, and what becomes of the mails when one is gone."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from dataclasses import replace

import pytest
from passing_time import pass_time
from recording_relay import RecordingRelay
from waiting import until, wait_until

from mailsend.mailer.transports import Transports
from mailsend.model.envelope import Envelope
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Pipelining
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport, SubmitOptions
from mailsend.transport.smtp import linking, pool, tls
from mailsend.transport.smtp.errand import Errand
from mailsend.transport.smtp.link import Link
from mailsend.transport.smtp.wire import Wire
from mailsend.transport.unfinished import finish, unfinished

OFFERED = ("PIPELINING",)
LEVELS = pytest.mark.parametrize("level", list(Pipelining))
TO_A = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org",))


def mail(mark):
    """Give a mail that its mark tells from every other."""
    return f"Subject: mark-{mark}\r\n\r\n.a dot\r\n".encode()


def to_server(server, **changes):
    """Give a transport to a scripted server, with other settings."""
    return SmtpTransport(replace(server.server, **changes))


async def send(transport, mark, envelope=TO_A, **options):
    """Send one mail."""
    return await transport.submit(envelope, mail(mark), options=SubmitOptions(**options))


async def send_all(transport, marks, **options):
    """Send many at once."""
    return await asyncio.gather(*(send(transport, mark, **options) for mark in marks))


def told(attempts):
    """Give what each mail's recipients were told."""
    return [str(one.reason) for attempt in attempts for one in attempt.recipients.values()]


def tried(attempts):
    """Give how often each mail was counted as tried."""
    return [one.attempts for attempt in attempts for one in attempt.recipients.values()]


def once(asked):
    """Let content out once something is so."""

    async def before(server, addresses):
        await until(asked)
        return True

    return before


def kept_objects():
    """Give the kinds of what is still there of connections and mails."""
    gc.collect()
    return {type(one) for one in gc.get_objects()} & {Errand, Link, Wire}


class Closes:
    """A transport for the time of a test, closed at its end."""

    def __init__(self, transport):
        self.transport = transport

    async def __aenter__(self):
        return self.transport

    async def __aexit__(self, *_):
        await self.transport.aclose()


# How many, and how long


@LEVELS
def test_there_are_at_most_as_many_connections_as_the_server_allows(level):
    """Whatever is sent at once, and however often a connection is replaced, never one too many is open."""
    with ScriptedServer(extensions=OFFERED) as server:
        peak = []
        opened = server.opened

        def count(session):
            number = opened(session)
            peak.append(server.open_connections)
            return number

        server.opened = count

        async def go():
            async with Closes(to_server(server, pipelining=level, max_connections=3, max_messages=5)) as it:
                return await send_all(it, range(60))

        attempts = asyncio.run(go())
        assert told(attempts) == ["accepted"] * 60
        assert sorted(one.data for one in server.messages) == sorted(mail(one) for one in range(60))
        assert max(peak) == 3
        assert server.connections >= 12


def test_a_connection_keeps_its_place_until_it_is_gone():
    """One that has said QUIT, and waits for the answer, counts as well."""
    with ScriptedServer(extensions=OFFERED, faults=["quit-silent"]) as server:

        async def go():
            open_then = []
            async with Closes(to_server(server, max_connections=1, max_messages=1, timeout=0.1)) as it:
                for number in range(3):
                    task = asyncio.create_task(send(it, number))
                    await until(lambda number=number: len(server.messages) > number)
                    open_then.append(server.open_connections)
                    await task
            return open_then

        assert asyncio.run(go()) == [1, 1, 1]
        assert server.connections == 3


@LEVELS
def test_mails_in_turn_go_over_one_connection(level):
    """A connection is kept warm: the second mail says so in its conversation, and none is opened for it."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server, pipelining=level)) as it:
                return [await send(it, number) for number in range(30)]

        attempts = asyncio.run(go())
        assert (told(attempts), server.connections) == (["accepted"] * 30, 1)
        assert {one.connection for one in server.messages} == {1}
        first = [one.conversation[0].line for one in attempts]
        assert first[0].startswith("(connecting to")
        assert first[1:] == [f"(on the open connection to {server.host})"] * 29
        assert server.commands[-1] == "QUIT"


def test_a_connection_without_mail_says_goodbye_and_the_next_mail_has_another(monkeypatch):
    """Past the idle limit there is a QUIT, without anybody asking."""
    monkeypatch.setattr(linking, "_IDLE", 0.05)
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server)) as it:
                first = await send(it, 1)
                await until(lambda: server.commands[-1] == "QUIT" and not server.open_connections)
                return first, await send(it, 2)

        attempts = asyncio.run(go())
        assert (told(attempts), server.connections) == (["accepted"] * 2, 2)


@pytest.mark.parametrize("level", [Pipelining.ACROSS, Pipelining.OFF])
@pytest.mark.parametrize(("mine", "theirs"), [(2, ""), (100, "LIMITS MAILMAX=2"), (0, "LIMITS MAILMAX=2")])
def test_a_connection_carries_as_many_mails_as_it_should(level, mine, theirs):
    """Our own limit and the server's are kept; no mail is told anything of it."""
    with ScriptedServer(extensions=[*OFFERED, *([theirs] if theirs else [])]) as server:

        async def go():
            async with Closes(
                to_server(server, pipelining=level, max_connections=1, max_messages=mine)
            ) as it:
                return await send_all(it, range(5))

        attempts = asyncio.run(go())
        assert told(attempts) == ["accepted"] * 5
        assert [one.connection for one in server.messages] == [1, 1, 2, 2, 3]
        wait_until(lambda: not server.open_connections)
        assert (server.commands.count("QUIT"), tried(attempts)) == (3, [1] * 5)


@LEVELS
def test_a_mail_of_many_transactions_goes_over_as_many_connections_as_it_needs(level):
    """MAILMAX counts transactions: a mail whose recipients need more of them goes on elsewhere."""
    recipients = tuple(f"r{number}@example.org" for number in range(9))
    with ScriptedServer(extensions=[*OFFERED, "LIMITS MAILMAX=1 RCPTMAX=1"]) as server:

        async def go():
            async with Closes(to_server(server, pipelining=level, max_connections=1)) as it:
                return await send(it, 1, Envelope(reverse_path="ann@suite.example", recipients=recipients))

        attempt = asyncio.run(go())
        assert told([attempt]) == ["accepted"] * 9
        assert sorted(one.recipients for one in server.messages) == [(one,) for one in recipients]
        assert sum(one.startswith("MAIL") for one in server.commands) == 9


# Connections that are gone


@LEVELS
def test_a_connection_that_the_server_closed_meanwhile_is_replaced_at_once(level):
    """The server went away and came back on the same port: the mail is accepted, and tried once."""
    with ScriptedServer(extensions=OFFERED) as server, RecordingRelay(server.port) as relay:

        async def go():
            async with Closes(to_server(server, port=relay.port, pipelining=level)) as it:
                first = await send(it, 1)
                relay.down()
                relay.up()
                return first, await send(it, 2), await send(it, 3)

        attempts = asyncio.run(go())
        assert (told(attempts), tried(attempts)) == (["accepted"] * 3, [1] * 3)
        assert (len(relay.pieces), len(server.messages)) == (2, 3)


@LEVELS
def test_a_connection_that_is_cut_under_a_mail_is_replaced_at_once(level):
    """On a connection that carried mail before, losing it before the content costs the mail nothing."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server, pipelining=level)) as it:
                first = await send(it, 1)
                server.misbehave("mail-drop:1")
                return first, await send(it, 2)

        attempts = asyncio.run(go())
        assert (told(attempts), tried(attempts)) == (["accepted"] * 2, [1] * 2)
        assert [one.connection for one in server.messages] == [1, 2]
        lines = [one.line for one in attempts[1].conversation]
        assert lines[0] == f"(on the open connection to {server.host})"
        assert next(place for place, line in enumerate(lines) if line.startswith("(connecting")) > 1
        assert [one.at for one in attempts[1].conversation] == sorted(
            one.at for one in attempts[1].conversation
        )


@pytest.mark.parametrize("fault", ["mail-421:1", "rcpt-421:1", "data-421:1", "idle-421-at-once:1"])
@LEVELS
def test_a_421_on_a_used_connection_costs_the_mail_nothing(level, fault):
    """The server closes a session in which it took mail: the next mail is accepted over another."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server, pipelining=level, max_connections=1)) as it:
                first = await send(it, 1)
                server.misbehave(fault)
                return first, await send(it, 2), await send(it, 3)

        attempts = asyncio.run(go())
        assert (told(attempts), tried(attempts)) == (["accepted"] * 3, [1] * 3)
        assert (len(server.messages), server.connections) == (3, 2)


def test_a_long_idle_connection_is_asked_first(monkeypatch):
    """NOOP, and the mail behind its answer, over the same connection."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server)) as it:
                first = await send(it, 1)
                monkeypatch.setattr(pool, "_LONG_IDLE", -1.0)
                return first, await send(it, 2)

        attempts = asyncio.run(go())
        assert (told(attempts), server.connections) == (["accepted"] * 2, 1)
        said = [one.line.partition(" ")[0] for one in attempts[1].conversation[1:]]
        assert said == ["NOOP", "250", "MAIL", "RCPT", "DATA", "250", "250", "354", "(27", "250"]


@LEVELS
def test_a_connection_found_dead_is_replaced_and_nothing_is_counted(monkeypatch, level):
    """Nobody answers NOOP, and nobody closed: the mail goes over a new connection, tried once."""
    with ScriptedServer(extensions=OFFERED) as server, RecordingRelay(server.port) as relay:

        async def go():
            async with Closes(to_server(server, port=relay.port, pipelining=level, timeout=0.3)) as it:
                first = await send(it, 1)
                monkeypatch.setattr(pool, "_LONG_IDLE", -1.0)
                relay.deaf = True
                second = asyncio.create_task(send(it, 2))
                await until(lambda: any(b"NOOP" in piece for piece in relay.pieces[0]))
                monkeypatch.undo()
                relay.deaf = False
                return first, await second

        attempts = asyncio.run(go())
        assert (told(attempts), tried(attempts)) == (["accepted"] * 2, [1] * 2)
        assert [len(server.messages), len(relay.pieces)] == [2, 2]
        assert relay.pieces[0][-1] == b"NOOP\r\n"


# Connections that do not come about


@LEVELS
def test_where_a_second_connection_is_refused_the_mails_go_over_the_first(level):
    """A server may take fewer connections than we would open; nobody is told of it, nor is it asked over and over."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server, pipelining=level, max_connections=4)) as it:
                first = await send(it, 0)
                server.misbehave("greet-421")
                return first, *await send_all(it, range(1, 41))

        attempts = asyncio.run(go())
        assert told(attempts) == ["accepted"] * 41
        assert {one.connection for one in server.messages} == {1}
        assert server.connections <= 4


def test_a_server_that_takes_one_connection_is_asked_again_after_a_while():
    """What it refused once it may offer later."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server, max_connections=2)) as it:
                await send(it, 0)
                server.misbehave("greet-421:1")
                refused = await send_all(it, range(10), before_content=once(lambda: it._pool._room_again))
                then = server.connections
                assert it._pool._room_again > it._pool.loop.time()
                it._pool._room_again = it._pool.loop.time()  # a while later
                later = await send_all(it, range(10), before_content=once(lambda: server.connections == 3))
                return refused, then, later, server.open_connections

        refused, then, later, open_then = asyncio.run(go())
        assert told([*refused, *later]) == ["accepted"] * 20
        assert (then, open_then, server.connections) == (2, 2, 3)


def test_each_mail_is_told_how_its_own_connection_was_refused():
    """A refused opening is the answer to one mail; the others get their own, and the good news too."""
    with ScriptedServer(extensions=OFFERED, faults=["greet-421:1", "ehlo-550:1", "greet-554:1"]) as server:

        async def go():
            async with Closes(to_server(server, max_connections=1)) as it:
                return await send_all(it, range(6))

        attempts = asyncio.run(go())
        assert [one.reply.code if one.reply else None for one in attempts] == [421, 554, 550, 250, 250, 250]
        assert all(one.conversation[0].line.startswith("(connecting") for one in attempts[:4])
        assert server.connections == 4


@pytest.mark.parametrize("fault", ["greet-421", "ehlo-421", "connect-drop"])
def test_a_server_that_refuses_all_is_asked_once_for_each_mail(fault):
    """Nobody hammers: there are no more connections than mails, and every mail has its answer."""
    with ScriptedServer(extensions=OFFERED, faults=[fault]) as server:

        async def go():
            async with Closes(to_server(server, max_connections=2)) as it:
                return await send_all(it, range(8))

        attempts = asyncio.run(go())
        assert ({str(one.outcome) for one in attempts}, server.connections) == ({"deferred"}, 8)


def test_a_wrong_password_is_tried_once_whoever_waits():
    """The others are told that log-ins are paused, and no connection is opened for them."""
    with ScriptedServer(extensions=OFFERED, accounts={"ann": "right"}) as server:
        wrong = replace(server.server, credentials=Credentials(user="ann", password=Secret("wrong")))

        async def go():
            async with Closes(SmtpTransport(wrong)) as it:
                return await send_all(it, range(10))

        reasons = told(asyncio.run(go()))
        assert (reasons.count("auth_paused"), len(reasons), server.connections) == (9, 10, 1)


def test_a_resolver_that_raises_is_an_error_to_one_and_hangs_nobody():
    """What the caller's own look-up raises comes out at one mail; the others go on."""
    with ScriptedServer(extensions=OFFERED) as server:
        calls = []

        async def resolve(host, port):
            calls.append(host)
            if len(calls) <= 2:
                raise LookupError("the table is torn")
            return [(socket.AF_INET, (host, port))]

        async def go():
            async with Closes(
                SmtpTransport(replace(server.server, max_connections=1), resolve=resolve)
            ) as it:
                return await asyncio.gather(
                    *(send(it, number) for number in range(6)), return_exceptions=True
                )

        results = asyncio.run(go())
        assert [str(one) for one in results[:2]] == ["the table is torn"] * 2
        assert told(results[2:]) == ["accepted"] * 4


def test_openings_that_nobody_needs_any_more_leave_nothing():
    """Whoever cancels while a connection is opened, at whatever moment, leaves no socket, no task, no object."""
    with ScriptedServer(extensions=OFFERED, faults=["greet-silent"]) as server:

        async def go():
            it = to_server(server)
            for turns in (0, 1, 2, 3, 5, 8, 13, 40):
                tasks = [asyncio.create_task(send(it, number)) for number in range(6)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for one in tasks:
                    one.cancel()
                await asyncio.wait(tasks)
            del tasks, one
            await until(lambda: not server.open_connections and len(asyncio.all_tasks()) == 1)
            left = kept_objects()
            server.behave()
            after = await send(it, "after")
            await it.aclose()
            return left, after

        left, after = asyncio.run(go())
        assert (left, told([after])) == (set(), ["accepted"])


# Deadlines


def test_a_deadline_ends_waiting_in_line():
    """With its only connection taken by another mail, a mail is told in time that it was too long."""
    with ScriptedServer(extensions=OFFERED, faults=["rcpt-silent"]) as server:

        async def go():
            it = to_server(server, max_connections=1)
            first = asyncio.create_task(send(it, 1))
            await until(lambda: any(one.startswith("RCPT") for one in server.commands))
            second = await send(it, 2, deadline=0.1)
            await it.aclose()
            return second, await first

        second, first = asyncio.run(go())
        assert told([second, first]) == ["deadline", "closed"]
        assert (second.conversation, server.connections) == ((), 1)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("greet-silent", []), ("ehlo-silent", ["220", "EHLO"]), ("rcpt-silent", ["220", "EHLO", "MAIL"])],
)
def test_a_deadline_tells_what_was_said_so_far(fault, said):
    """Whoever is told that it took too long sees how far it came."""
    with ScriptedServer(faults=[fault]) as server:

        async def go():
            async with Closes(to_server(server)) as it:
                work = asyncio.create_task(send(it, 1, deadline=5.0))
                await until(lambda: server.connections)
                await until(lambda: not said or any(one.startswith(said[-1]) for one in server.commands))
                pass_time(6.0)
                return await work

        attempt = asyncio.run(go())
        assert told([attempt]) == ["deadline"]
        lines = [one.line for one in attempt.conversation]
        assert lines[0].startswith("(connecting")
        assert [word for word in said if not any(line.startswith(word) for line in lines)] == []
        assert not any(line.startswith("354") for line in lines)


# Fairness


@LEVELS
def test_a_single_mail_does_not_wait_for_another_customers_hundreds(level):
    """With one connection and three hundred mails of one customer, another's single mail is among the first."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            async with Closes(to_server(server, pipelining=level, max_connections=1, max_messages=0)) as it:
                many = [asyncio.create_task(send(it, number, customer="many")) for number in range(300)]
                await until(lambda: len(server.messages) >= 3)
                before = len(server.messages)
                await send(it, "one", customer="one")
                await asyncio.gather(*many)
                return before

        before = asyncio.run(go())
        place = [one.data for one in server.messages].index(mail("one"))
        assert len(server.messages) == 301
        assert place - before < 60


# Closing

# With the last command that the server heard by then; "." is the end of the content.
STATES = [
    ("greet-silent", {}, "", "closed"),
    ("ehlo-silent", {}, "EHLO", "closed"),
    ("starttls-silent", {"tls": "starttls"}, "STARTTLS", "closed"),
    ("starttls-stop", {"tls": "starttls"}, "STARTTLS", "closed"),
    ("auth-silent", {"accounts": {"ann": "right"}}, "AUTH", "closed"),
    ("mail-silent", {}, "MAIL", "closed"),
    ("rcpt-silent", {}, "RCPT", "closed"),
    ("silent-before-354", {}, "DATA", "closed"),
    ("silent-in-content", {}, ".", "silence_after_dot"),
    ("silent-after-dot", {}, ".", "silence_after_dot"),
]


@pytest.mark.parametrize(("fault", "how", "heard", "first"), STATES, ids=[one[0] for one in STATES])
def test_closing_ends_everything_in_every_state(fault, how, heard, first):
    """Wherever a conversation stands, closing tells every mail, and nothing is left open."""
    with ScriptedServer(extensions=OFFERED, faults=[fault], **how) as server:

        async def go():
            it = to_server(server, max_connections=1, dot_timeout=0.3)
            tasks = [asyncio.create_task(send(it, number)) for number in range(3)]
            await until(lambda: server.open_connections)
            if heard == ".":
                await until(unfinished)
            else:
                await until(lambda: not heard or any(one.startswith(heard) for one in server.commands))
            await it.aclose()
            attempts = [await one for one in tasks]
            # A server that does not read learns nothing of an end.
            await until(lambda: fault == "silent-in-content" or not server.open_connections)
            await until(lambda: len(asyncio.all_tasks()) == 1)
            server.behave()
            after = await send(it, "after")
            await it.aclose()
            await it.aclose()
            return attempts, after

        attempts, after = asyncio.run(go())
        assert told(attempts) == [first, "closed", "closed"]
        assert told([after]) == ["accepted"]


@pytest.mark.parametrize(
    "faults", [["rcpt-550", "rset-silent"], ["quit-silent"], ["greet-554", "quit-silent"]]
)
def test_closing_waits_for_no_courtesy(faults):
    """A server that answers neither RSET nor QUIT is left within the limits of closing."""
    with ScriptedServer(extensions=OFFERED, faults=faults) as server:

        async def go():
            it = to_server(server, timeout=0.2)
            await send(it, 1)
            await it.aclose()
            await until(lambda: not server.open_connections)
            return len(asyncio.all_tasks())

        assert asyncio.run(go()) == 1


def test_closing_that_is_cut_short_leaves_nothing_open():
    """Whoever does not wait for the end of aclose has no open connection afterwards either."""
    with ScriptedServer(extensions=OFFERED, faults=["silent-after-dot"]) as server:

        async def go():
            it = to_server(server)
            task = asyncio.create_task(send(it, 1))
            await until(unfinished)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await it.aclose()
            return await task

        assert told([asyncio.run(go())]) == ["silence_after_dot"]
        wait_until(lambda: not server.open_connections)


def test_a_loop_that_ends_without_closing_leaves_no_connection(recwarn):
    """Idle, opening, in a mail or behind its dot: the end of asyncio.run is the end of every connection."""
    for faults in ([], ["greet-silent"], ["rcpt-silent"], ["silent-after-dot"]):
        with ScriptedServer(extensions=OFFERED, faults=faults) as server:

            async def go(server=server, faults=faults):
                it = to_server(server)
                tasks = [asyncio.create_task(send(it, number)) for number in range(3)]
                if faults:
                    await until(lambda: server.open_connections)
                    await asyncio.sleep(0.05)
                else:
                    await asyncio.wait(tasks)

            asyncio.run(go())
            assert kept_objects() == set()
            wait_until(lambda server=server: not server.open_connections)
    assert [str(one.message) for one in recwarn] == []


def test_a_mail_that_is_sent_while_its_loop_ends_is_told_so():
    """A generator that still sends when its loop ends gets an answer; the program does not hang."""
    heard = []
    with ScriptedServer(extensions=OFFERED) as server:

        async def sending(it):
            try:
                yield await send(it, 1)
            finally:
                await asyncio.sleep(0.01)
                heard.append(await send(it, 2))

        async def go():
            generator = sending(to_server(server))
            return await anext(generator), generator

        asyncio.run(go())
        wait_until(lambda: not server.open_connections)
    assert told(heard) == ["closed"]


def test_on_another_loop_everything_is_made_anew():
    """A transport that outlives its loop connects again, and touches nothing of the old loop."""
    with ScriptedServer(extensions=OFFERED) as server:
        it = to_server(server)
        results = [asyncio.run(send_all(it, range(place, place + 3))) for place in (0, 3, 6)]
        gc.collect()
        assert told([one for result in results for one in result]) == ["accepted"] * 9
        wait_until(lambda: not server.open_connections)
        assert server.commands.count("QUIT") == server.connections


# Past the final dot


def test_whoever_asks_for_the_unfinished_waits_for_no_mail_that_was_given_up():
    """Of a mail with two transactions the first is answered and the second cancelled: nobody waits for ever."""
    two = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org", "b@example.org"))
    with ScriptedServer(extensions=OFFERED, faults=["mail-silent+1"]) as server:

        async def go():
            it = to_server(server, pipelining=Pipelining.WITHIN, max_recipients=1)
            task = asyncio.create_task(send(it, 1, two))
            async with asyncio.timeout(20):
                while not (waited := unfinished()):  # noqa: ASYNC110  nothing tells of it
                    await asyncio.sleep(0)
            await until(lambda: sum(one.startswith("MAIL") for one in server.commands) == 2)
            task.cancel()
            await asyncio.wait([task])
            _, hanging = await asyncio.wait(waited, timeout=5)
            await it.aclose()
            return hanging

        assert asyncio.run(go()) == set()
        assert len(server.messages) == 1


def test_who_is_given_up_behind_the_dot_while_closing_is_told_late():
    """Closing ends before the server answers: whoever had stopped waiting learns that no answer came."""
    late = []
    with ScriptedServer(extensions=OFFERED, faults=["silent-after-dot"]) as server:

        async def go():
            it = SmtpTransport(
                server.server, on_late=lambda envelope, reply: late.append((envelope.recipients, reply))
            )
            task = asyncio.create_task(send(it, 1))
            await until(unfinished)
            task.cancel()
            await asyncio.wait([task])
            finishing = asyncio.create_task(finish())
            await asyncio.sleep(0)
            await it._pool.close(seconds=0.1)
            await asyncio.wait_for(finishing, 5)

        asyncio.run(go())
        assert late == [(TO_A.recipients, None)]


# Large contents


@pytest.mark.parametrize("level", [Pipelining.ACROSS, Pipelining.OFF])
def test_a_large_content_arrives_to_the_octet_while_small_mails_pass(level):
    """What the network takes slowly keeps nobody waiting: the small mails go by the other connection alone."""
    line = b".dots at the beginning " + b"x" * 900 + b"\r\n"
    large = b"Subject: large\r\n\r\n" + line * 25_000  # more than the kernel takes unread
    with (
        ScriptedServer(extensions=OFFERED, max_size=0) as server,
        RecordingRelay(server.port, most=300_000) as relay,
    ):

        async def go():
            async with Closes(to_server(server, port=relay.port, pipelining=level, max_connections=2)) as it:
                task = asyncio.create_task(it.submit(TO_A, large))
                await until(relay.reached.is_set)
                small = await send_all(it, range(12))
                early = task.done()
                relay.go_on.set()
                return early, await task, small

        early, attempt, small = asyncio.run(go())
        assert (early, told([attempt, *small])) == (False, ["accepted"] * 13)
        assert [one.connection for one in server.messages] == [2] * 12 + [1]
        assert [one.data for one in server.messages] == [*map(mail, range(12)), large]


@pytest.mark.parametrize("fault", ["552-in-content", "451-in-content", "421-in-content"])
def test_a_refusal_in_the_middle_of_a_large_content_is_told_at_once(fault):
    """What the server says while we write is heard, and the rest of the content is not waited for."""
    large = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 640_000
    with ScriptedServer(extensions=OFFERED, max_size=0, faults=[fault]) as server:

        async def go():
            async with Closes(to_server(server)) as it:
                return await it.submit(TO_A, large)

        attempt = asyncio.run(go())
        assert (attempt.reply.code, len(server.messages)) == (int(fault[:3]), 0)


# Apart


def test_a_tls_context_is_made_once_for_a_server(monkeypatch):
    """However many connections are opened at once, what takes longest is done once."""
    made = []
    make = tls._made
    monkeypatch.setattr(tls, "_contexts", {})

    def make_slowly(*given):
        made.append(given)
        time.sleep(0.05)
        return make(*given)

    monkeypatch.setattr(tls, "_made", make_slowly)
    with ScriptedServer(extensions=OFFERED, tls="starttls") as server:

        async def go():
            async with Closes(to_server(server, max_connections=4, max_messages=3)) as it:
                return await send_all(it, range(24))

        attempts = asyncio.run(go())
        assert (told(attempts), len(made)) == (["accepted"] * 24, 1)
        assert server.connections >= 4
    assert made[0][0].verified


def test_no_account_goes_over_anothers_connection():
    """One host and port, three accounts and none: each mail goes by its own log-in."""
    accounts = {"ann": "a", "bob": "b", "eve": "e"}
    with ScriptedServer(extensions=OFFERED, accounts=accounts) as server:
        logins = [Credentials(user=user, password=Secret(word)) for user, word in accounts.items()]
        servers = [replace(server.server, credentials=one) for one in logins]

        async def go():
            kept = Transports()
            transports = [kept.for_server(one) for one in servers]
            attempts = await asyncio.gather(
                *(
                    send(one, f"{known.credentials.user}-{number}")
                    for one, known in zip(transports, servers, strict=True)
                    for number in range(8)
                )
            )
            again = [
                kept.for_server(replace(one)) is known for one, known in zip(servers, transports, strict=True)
            ]
            await kept.aclose()
            return attempts, again

        attempts, again = asyncio.run(go())
        assert (told(attempts), again) == (["accepted"] * 24, [True] * 3)
        assert all(f"mark-{one.user}-".encode() in one.data for one in server.messages)
        by_connection = {}
        for one in server.messages:
            by_connection.setdefault(one.connection, set()).add(one.user)
        assert all(len(users) == 1 for users in by_connection.values())


def test_two_loops_at_once_do_not_share_a_connection():
    """Transports of two threads open their own, and each closes its own."""
    with ScriptedServer(extensions=OFFERED) as server:
        results = {}

        def work(name):
            async def go():
                async with Closes(to_server(server, max_connections=2)) as it:
                    results[name] = await send_all(it, [f"{name}-{number}" for number in range(20)])

            asyncio.run(go())

        threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert told([*results["a"], *results["b"]]) == ["accepted"] * 40
        connections = {name: set() for name in "ab"}
        for one in server.messages:
            connections["a" if b"mark-a-" in one.data else "b"].add(one.connection)
        assert connections["a"].isdisjoint(connections["b"])
        wait_until(lambda: not server.open_connections)
