"""The transports of a Mailer: one for each server and loop, and none for longer than it is needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from mailsend.mailer.transports import Transports, close_all_here
from mailsend.model.envelope import Envelope
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server

ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org",))


@dataclass
class Opened:
    """A transport that says when it was closed, and takes a mail when it is let."""

    server: Server
    closed: int = 0
    taking: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, envelope, data, *, options=None):
        await self.taking.wait()

    async def aclose(self):
        await asyncio.sleep(0)
        self.closed += 1


class Bench:
    """Transports on a clock that is set by hand."""

    def __init__(self):
        self.now = 1000.0
        self.opened: list[Opened] = []
        self.transports = Transports(self.open, clock=lambda: self.now)

    def open(self, server):
        self.opened.append(Opened(server))
        return self.opened[-1]

    @property
    def closed(self):
        return [one.closed for one in self.opened]


def server(host, password=""):
    return Server(host=host, port=25, credentials=Credentials(user="ann", password=Secret(password)))


def test_a_server_has_one_transport_for_each_loop_and_password():
    """The same server is reached over the same transport; another password is another one, another loop too."""
    bench = Bench()

    async def ask():
        first = bench.transports.for_server(server("a.example", "1"))
        again = bench.transports.for_server(server("a.example", "1"))
        other = bench.transports.for_server(server("a.example", "2"))
        return first is again, first is other

    assert asyncio.run(ask()) == (True, False)
    assert asyncio.run(ask()) == (True, False)
    assert len(bench.opened) == 4


def test_what_nobody_used_for_five_minutes_is_let_go_when_another_is_opened():
    """A directory may give ever new servers: those of long ago are closed and forgotten."""
    bench = Bench()

    async def ask():
        for hour in range(200):
            bench.transports.for_server(server(f"s{hour}.example"))
            bench.now += 60
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return sum(bench.closed)

    assert asyncio.run(ask()) >= 190
    assert max(bench.closed) == 1


def test_what_is_used_is_not_let_go():
    """A mail under way keeps its transport, however long it takes, and so does one that is asked for again."""
    bench = Bench()

    async def ask():
        busy = asyncio.create_task(bench.transports.for_server(server("busy.example")).submit(ENVELOPE, b"x"))
        often = bench.transports.for_server(server("often.example"))
        bench.opened[1].taking.set()
        for hour in range(20):
            await often.submit(ENVELOPE, b"x")
            bench.transports.for_server(server(f"s{hour}.example"))
            bench.now += 250
            await asyncio.sleep(0)
        known = bench.closed[:2]
        bench.opened[0].taking.set()
        await busy
        for hour in range(3):
            bench.now += 250
            bench.transports.for_server(server(f"t{hour}.example"))
            await asyncio.sleep(0.01)
        return known, bench.closed[:2]

    assert asyncio.run(ask()) == ([0, 0], [1, 1])


def test_closing_closes_each_once_and_whoever_calls_again_waits_too():
    """Two that close at once both wait for the end, and what is asked for later is opened anew."""
    bench = Bench()

    async def ask():
        for name in ("a.example", "b.example"):
            bench.transports.for_server(server(name))
        await asyncio.gather(bench.transports.aclose(), bench.transports.aclose())
        known = bench.closed
        await bench.transports.aclose()
        bench.transports.for_server(server("a.example"))
        return known, bench.closed

    assert asyncio.run(ask()) == ([1, 1], [1, 1, 0])


def test_all_of_a_loop_are_closed_together_and_those_of_another_are_not():
    """A program that ends closes what runs on its loop, whichever Mailer has it."""
    here, there = Bench(), Bench()

    async def ask(bench):
        bench.transports.for_server(server("a.example"))

    async def close():
        await ask(here)
        await close_all_here()

    with asyncio.Runner() as other:
        other.run(ask(there))
        asyncio.run(close())
        assert (here.closed, there.closed) == ([1], [0])


def test_a_forked_child_forgets_what_is_open_and_closes_none_of_it():
    """What a parent has open is neither used nor closed."""
    bench = Bench()

    async def ask():
        before = bench.transports.for_server(server("a.example"))
        bench.transports.forget()
        after = bench.transports.for_server(server("a.example"))
        await bench.transports.aclose()
        return before is after

    assert asyncio.run(ask()) is False
    assert bench.closed == [0, 1]
