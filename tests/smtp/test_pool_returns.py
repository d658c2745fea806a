"""Mails that a connection gives back, connections that are dead in numbers, and openings that are taken away."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from recording_relay import RecordingRelay

from mailsend.model.envelope import Envelope
from mailsend.model.server import Pipelining, Server, TlsMode
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport

OFFERED = ("PIPELINING",)
LEVELS = pytest.mark.parametrize("level", list(Pipelining))
TO_A = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org",))
BIG = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 320_000  # more than the kernel takes unread


def mail(mark):
    """Give a mail that its mark tells from every other."""
    return f"Subject: {mark}\r\n\r\nbody\r\n".encode()


async def send_all(transport, marks):
    """Send many at once."""
    return await asyncio.gather(*(transport.submit(TO_A, mail(mark)) for mark in marks))


def told(attempts):
    """Give what became of how many, and how often each was counted as tried."""
    results = [one for attempt in attempts for one in attempt.recipients.values()]
    return Counter((str(one.reason), one.attempts) for one in results)


async def until(asked):
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not asked():  # noqa: ASYNC110  the server is another thread
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("fault", ["mail-drop", "mail-421"])
@pytest.mark.parametrize("connections", [4, 8])
@LEVELS
def test_however_many_connections_went_dead_together_the_mail_has_a_new_one(level, connections, fault):
    """A server that restarted behind a firewall: all that waited are dead, and nobody was told."""
    with ScriptedServer(extensions=OFFERED) as server:
        opened = server.opened

        def open_again(session):
            number = opened(session)
            if number > connections:
                server.behave()
            return number

        server.opened = open_again

        async def go():
            known = replace(server.server, pipelining=level, max_connections=connections)
            transport = SmtpTransport(known)
            await send_all(transport, range(connections))
            await until(lambda: server.open_connections == connections)
            server.misbehave(fault)
            attempts = await send_all(transport, ["late"])
            await transport.aclose()
            return attempts

        assert told(asyncio.run(go())) == {("accepted", 1): 1}
        assert server.connections == connections + 1


@LEVELS
def test_where_no_further_connection_is_to_be_had_one_that_waits_makes_room(level):
    """One of two is cut, and no other is given in its place: the second one says QUIT for a new one."""
    with ScriptedServer(extensions=OFFERED) as server:

        async def go():
            transport = SmtpTransport(replace(server.server, pipelining=level, max_connections=2))
            await send_all(transport, range(2))
            await until(lambda: server.open_connections == 2)
            server.misbehave("mail-drop:1", "greet-421:1")
            attempts = await asyncio.wait_for(send_all(transport, ["late"]), 20)
            await transport.aclose()
            return attempts

        assert told(asyncio.run(go())) == {("accepted", 1): 1}
        assert server.connections == 4


@LEVELS
def test_a_server_that_takes_one_mail_for_each_connection_gets_them_all(level):
    """It says 421 to the second MAIL, each time: a mail that came back is not put behind another one again."""
    with ScriptedServer(extensions=OFFERED, faults=["mail-421+1"]) as server:

        async def go():
            transport = SmtpTransport(replace(server.server, pipelining=level, max_connections=4))
            attempts = await send_all(transport, range(40))
            await transport.aclose()
            return attempts

        assert told(asyncio.run(go())) == {("accepted", 1): 40}
        assert Counter(one.data for one in server.messages) == Counter(mail(one) for one in range(40))


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_an_opening_that_somebody_else_cancels_leaves_nobody_waiting(turns):
    """A program that cancels every task but its own takes connections away: the mail is told so, and does not hang."""
    with ScriptedServer(extensions=OFFERED, faults=["greet-silent"]) as server:

        async def go():
            transport = SmtpTransport(replace(server.server, max_connections=1))
            mine = {asyncio.current_task()}
            sending = [asyncio.create_task(transport.submit(TO_A, mail(number))) for number in range(2)]
            await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            for one in asyncio.all_tasks() - mine - set(sending):
                one.cancel()
            first = await asyncio.wait_for(sending[0], 20)
            server.behave()
            return first, await asyncio.wait_for(sending[1], 20)

        first, second = asyncio.run(go())
        assert (told([first]), told([second])) == ({("closed", 1): 1}, {("accepted", 1): 1})


def test_a_server_that_is_deaf_and_has_said_its_last_word_is_not_written_to():
    """It asked for the content, reads nothing of it, and closed its own half: no limit needs to pass."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def serve():
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as file:
                connection.sendall(b"220 here\r\n")
                for line in file:
                    connection.sendall(b"354 go\r\n" if line == b"DATA\r\n" else b"250 fine\r\n")
                    if line == b"DATA\r\n":
                        time.sleep(0.5)  # by then the other side waits for room
                        connection.shutdown(socket.SHUT_WR)
                        break
                done.wait(60)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        known = Server(host="127.0.0.1", port=listener.getsockname()[1], tls=TlsMode.DANGEROUS_NONE)

        async def go():
            try:
                return await asyncio.wait_for(SmtpTransport(known).submit(TO_A, BIG), 10)
            finally:
                done.set()

        assert told([asyncio.run(go())]) == {("connection_lost", 1): 1}
        thread.join(20)


def test_who_sends_as_soon_as_it_is_told_shares_a_piece_with_the_content_before():
    """Two who take turns over one connection: the group of each mail goes out with the other's content."""
    with ScriptedServer(extensions=OFFERED) as server, RecordingRelay(server.port) as relay:
        known = replace(server.server, port=relay.port, max_connections=1, pipelining=Pipelining.ACROSS)

        async def worker(transport, name):
            for number in range(10):
                await transport.submit(TO_A, mail(f"{name}-{number}"))

        async def go():
            transport = SmtpTransport(known)
            await asyncio.gather(*(worker(transport, name) for name in "ab"))
            await transport.aclose()

        asyncio.run(go())
        assert len(server.messages) == 20
        contents = [piece for piece in relay.pieces[0] if b"Subject" in piece]
        assert [b"MAIL FROM" in piece for piece in contents] == [True] * 19 + [False]
