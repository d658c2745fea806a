"""The server of the torture run: fails by its seed, kills senders or lets them stand still, writes all down."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import threading
import time
from dataclasses import dataclass

from torture_senders import Senders

__all__ = ["Copy", "Wire"]

_ID = re.compile(rb"^Message-ID: <([^>]+)>\r$", re.MULTILINE | re.IGNORECASE)
_NUMBER = re.compile(rb"^Subject: Mail (\d+)\r$", re.MULTILINE)
_END = b"\r\n.\r\n"

# How often in a thousand each happens. What is "taken" stands in the record as a copy that went on its way.
FAULTS = {
    "greeting": {"421": 20, "drop": 20},
    "EHLO": {"421": 10, "drop": 10},
    "MAIL": {"451": 20, "421": 10, "drop": 10},
    "RCPT": {"450": 40, "drop": 10},
    "DATA": {"451": 20, "drop": 10},
    "content": {"drop": 20},
    "dot": {"451": 40, "drop": 20, "silent": 10, "taken-drop": 40, "taken-half": 20, "taken-silent": 15},
}
REPLIES = {
    "421": b"421 4.3.2 Not now\r\n",
    "450": b"450 4.2.0 Later\r\n",
    "451": b"451 4.3.0 Later\r\n",
}


@dataclass(slots=True, kw_only=True)
class Copy:
    """One content that the server took; times by ``time.monotonic``.

    It ``began`` when its sender was told to go on, and ``ended`` with its final dot; all of the 250 was out
    at ``answered``, or never. ``ambushed``: this server killed the sender between the final dot and what it
    would have written down.
    """

    number: int
    message_id: str
    recipients: tuple[str, ...]
    digest: str
    began: float
    ended: float
    pid: int
    answered: float | None
    ambushed: bool = False


class Wire:
    """The server, in a thread of its own, and its record; a context manager."""

    def __init__(self, seed: int, *, ambushes: int, stills: int, still_for: float) -> None:
        self.dice = random.Random(seed)
        self.senders = Senders(self.dice, still_for=still_for)
        self.copies: list[Copy] = []
        self.faults: dict[str, int] = {}
        self.contents = 0
        chosen = self.dice.sample(range(5, 200), ambushes + stills)
        self._ambushes, self._stills = set(chosen[:ambushes]), set(chosen[ambushes:])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.open: set[_Session] = set()

    def __enter__(self) -> Wire:
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Session(self), "127.0.0.1", 0)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            for one in list(self.open):
                one.transport.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def fault(self, place: str) -> str:
        """Throw the dice for ``place``; empty where all goes well."""
        left = self.dice.randrange(1000)
        for name, often in FAULTS[place].items():
            left -= often
            if left < 0:
                self.faults[f"{place} {name}"] = self.faults.get(f"{place} {name}", 0) + 1
                return name
        return ""

    def fate(self) -> str:
        """Count a content that begins; say what befalls its sender, if anything."""
        self.contents += 1
        if self.contents in self._ambushes:
            return "killed"
        return self.dice.choice(["still before", "still behind"]) if self.contents in self._stills else ""


class _Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.wire.open.add(self)
        self.pid = 0
        self.rest = b""
        self.deaf = False
        self.content: bytes | None = None
        self.doomed = False
        self.fate = ""
        self.recipients: list[str] = []
        self.answer("greeting", b"220 torture ESMTP\r\n")

    def connection_lost(self, error: Exception | None) -> None:
        self.wire.open.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        self.rest += data
        while self.rest and not self.deaf:
            if self.content is not None:
                if self.doomed:
                    self.hang_up()
                    return
                end = self.rest.find(_END)
                if end < 0:
                    return
                whole, self.rest, self.content = self.rest[: end + 2], self.rest[end + len(_END) :], None
                self.dot(whole)
                continue
            line, ended, left = self.rest.partition(b"\r\n")
            if not ended:
                return
            self.rest = left
            self.command(line)

    def command(self, line: bytes) -> None:
        match line[:4].upper():
            case b"EHLO":
                offers = b"250-torture\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
                self.answer("EHLO", offers + b"250 SIZE 1000000\r\n")
            case b"MAIL":
                self.recipients = []
                self.answer("MAIL", b"250 2.1.0 Ok\r\n")
            case b"RCPT":
                self.rcpt(line.partition(b"<")[2].partition(b">")[0].decode())
            case b"DATA":
                self.data()
            case b"QUIT":
                self.transport.write(b"221 2.0.0 Bye\r\n")
                self.hang_up()
            case b"RSET":
                self.recipients = []
                self.transport.write(b"250 2.0.0 Ok\r\n")
            case _:
                self.transport.write(b"250 2.0.0 Ok\r\n")

    def rcpt(self, address: str) -> None:
        if address.startswith("gone-"):
            self.transport.write(b"550 5.1.1 No such user\r\n")
        elif self.answer("RCPT", b"250 2.1.5 Ok\r\n"):
            self.recipients.append(address)

    def data(self) -> None:
        if not self.recipients:
            self.transport.write(b"554 5.5.1 No valid recipients\r\n")
        elif self.answer("DATA", b"354 Go\r\n"):
            self.content, self.began = b"", time.monotonic()
            self.doomed = bool(self.wire.fault("content"))
            port = self.transport.get_extra_info("peername")[1]
            self.pid = self.pid or self.wire.senders.owner(port, self.wire.port)
            self.fate = self.wire.fate() if self.pid else ""
            if self.fate == "still before":  # it may have asked by now whether the content may go out
                time.sleep(self.wire.dice.random() * 0.005)
                self.wire.senders.let_stand_still(self.pid)

    def dot(self, data: bytes) -> None:
        """Take a content, or not; answer it, or not; its sender may not live to hear it."""
        if self.fate == "killed":
            self.ambush(data)
            return
        if self.fate == "still behind":
            self.wire.senders.let_stand_still(self.pid)
        fault = self.wire.fault("dot")
        taken = self.take(data) if not fault or fault.startswith("taken") else None
        if fault in REPLIES:
            self.transport.write(REPLIES[fault])
        elif taken is not None and not fault:
            self.answer_taken(taken)
        elif fault.endswith("silent"):
            self.deaf = True
        else:
            if fault.endswith("half"):
                self.transport.write(b"25")
            self.hang_up()
        self.recipients = []

    def ambush(self, data: bytes) -> None:
        """Kill the sender before the answer (with the mail taken, or not), or as soon as it is out."""
        kind = self.wire.dice.choice(["taken", "not taken", "answered"])
        if kind != "not taken":
            taken = self.take(data)
            taken.ambushed = True
            if kind == "answered":
                self.answer_taken(taken)
                time.sleep(self.wire.dice.random() * 0.002)
        self.wire.senders.kill(self.pid)
        self.deaf = True

    def answer_taken(self, copy: Copy) -> None:
        self.transport.write(b"250 2.0.0 Ok: queued\r\n")
        copy.answered = time.monotonic()

    def take(self, data: bytes) -> Copy:
        copy = Copy(
            number=int(_NUMBER.search(data)[1]),
            message_id=_ID.search(data)[1].decode(),
            recipients=tuple(self.recipients),
            digest=hashlib.sha256(data).hexdigest(),
            began=self.began,
            ended=time.monotonic(),
            pid=self.pid,
            answered=None,
        )
        self.wire.copies.append(copy)
        return copy

    def answer(self, place: str, good: bytes) -> bool:
        """Answer well, or by a fault; say whether it was well."""
        fault = self.wire.fault(place)
        if fault == "drop":
            self.hang_up()
        else:
            self.transport.write(REPLIES.get(fault, good))
            if fault == "421":
                self.hang_up()
        return not fault

    def hang_up(self) -> None:
        self.deaf = True
        self.transport.close()
