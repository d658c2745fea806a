"""Running a scenario: a real server, a real transport, and a judgement from the server's own record."""

from __future__ import annotations

import asyncio
import base64
import tracemalloc
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

from scenario import PASSWORD, Scenario

from mailsend.decide.verdict import is_lasting
from mailsend.model.envelope import Envelope
from mailsend.model.secret import Secret
from mailsend.model.server import Server
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport, SubmitOptions

__all__ = ["SENDER", "Run", "client_of", "contents", "run", "server_of", "wrong"]

SENDER: Final = "ann@suite.example"
_SHORT: Final = 0.6  # seconds for a server that is silent on purpose
_LONG: Final = 20.0  # for one that is not
_LIMIT: Final = 90.0  # no scenario may come near this: it would hang
_MOST_MEMORY: Final = 8 * 2**20  # octets, the server's own buffers among them
_NEXT: Final = "next"
_BIG: Final = (b"x" * 76 + b"\r\n") * 320_000  # more than the kernel takes unread


@dataclass(frozen=True, kw_only=True)
class Run:
    """What happened: what each recipient of each mail was told, and what the server has of it.

    ``told`` and ``taken`` are by mail and recipient; ``faults`` are the invariants that did not hold.
    """

    told: tuple[tuple[str, ...], ...]
    taken: tuple[tuple[int, ...], ...]
    afterwards: str
    broken: tuple[str, ...]


def server_of(scenario: Scenario) -> ScriptedServer:
    """Make the server of a scenario, with its faults."""
    return ScriptedServer(**{"extensions": ["PIPELINING"], **scenario.server}, faults=scenario.faults)


def client_of(scenario: Scenario, server: Server) -> Server:
    """Give the server as the scenario's client knows it."""
    given = dict(scenario.client)
    password = given.pop("password", None)
    if password is not None:
        assert server.credentials is not None
        given["credentials"] = replace(server.credentials, password=Secret(password))
    seconds = _SHORT if scenario.waits else _LONG
    return replace(
        server,
        pipelining=scenario.pipelining,
        timeout=seconds,
        dot_timeout=seconds,
        max_connections=1 if scenario.mails > 1 else server.max_connections,
        **given,
    )


def contents(scenario: Scenario, mark: str) -> bytes:
    """Give a mail that its mark tells from every other."""
    head = f"Subject: mark-{mark}\r\n\r\n".encode()
    match scenario.content:
        case "big":
            return head + _BIG
        case "kilobyte":
            return head + b"x" * 70 + b"\r\n" + _BIG[:1014]
        case "8 bits":
            return head + "Grüße\r\n".encode()
        case _:
            return head + b".a dot\r\n"


def run(scenario: Scenario) -> Run:
    """Run a scenario, and judge it by what the server wrote down."""
    with ExitStack() as after, server_of(scenario) as server:
        if scenario.is_unbounded:
            tracemalloc.start()
            after.callback(tracemalloc.stop)
        told, afterwards, heard = asyncio.run(_talk(scenario, server))
        peak = tracemalloc.get_traced_memory()[1] if scenario.is_unbounded else 0
        marks = [str(number) for number in range(scenario.mails)]
        taken = tuple(
            tuple(_count(server, mark, recipient) for recipient in scenario.recipients) for mark in marks
        )
        result = Run(told=told, taken=taken, afterwards=afterwards, broken=())
        broken = [*_untrue(scenario, result), *_seen(scenario, server, heard), *_altered(scenario, server)]
        if peak > _MOST_MEMORY:
            broken.append(f"{peak} octets of memory were taken")
        if afterwards == "accepted" and _count(server, _NEXT, scenario.recipients[0]) != 1:
            broken.append("the next mail was said to be accepted, and is not in the record once")
        return replace(result, broken=tuple(broken))


async def _talk(scenario: Scenario, server: ScriptedServer) -> tuple[tuple[tuple[str, ...], ...], str, bytes]:
    """Send the scenario's mails at once, then one more when the server behaves again.

    Gives what each was told, and what the server had heard before that last one.
    """
    async with asyncio.timeout(_LIMIT):
        transport = SmtpTransport(client_of(scenario, server.server))
        envelope = Envelope(reverse_path=SENDER, recipients=scenario.recipients)
        options = SubmitOptions(**scenario.options)
        marks = [str(number) for number in range(scenario.mails)]
        attempts = await asyncio.gather(
            *(transport.submit(envelope, contents(scenario, mark), options=options) for mark in marks)
        )
        if scenario.pause:
            await asyncio.sleep(scenario.pause)
        ends = [fault for fault in scenario.faults if fault.startswith("quit")]
        heard = bytes(server.heard)
        server.behave()
        server.misbehave(*ends)
        healthy = replace(scenario, content="small")
        following = await transport.submit(envelope, contents(healthy, _NEXT), options=options)
        await transport.aclose()
        told = tuple(tuple(_told(one) for one in attempt.recipients.values()) for attempt in attempts)
        return told, _told(following.recipients[scenario.recipients[0]]), heard


def _told(result: object) -> str:
    words = [str(word) for word in (result.outcome, result.fault, result.reason) if word]
    if words[0] == "accepted":
        return "accepted"
    if words[0] == "deferred" and is_lasting(result.reason, result.reply):
        words.append("lasting")
    return " ".join(words)


def _count(server: ScriptedServer, mark: str, recipient: str) -> int:
    begin = f"Subject: mark-{mark}\r\n".encode()
    return sum(one.data.startswith(begin) and recipient in one.recipients for one in server.messages)


def _untrue(scenario: Scenario, result: Run) -> list[str]:
    """Compare what was told with the record, and with what the scenario says."""
    broken = []
    for number, (told, taken) in enumerate(zip(result.told, result.taken, strict=True)):
        for place, (text, count) in enumerate(zip(told, taken, strict=True)):
            who = f"mail {number}, recipient {place}: {text}"
            outcome = text.partition(" ")[0]
            if outcome == "accepted" and count != 1:
                broken.append(f"{who}, and the record has it {count} times")
            if outcome in ("deferred", "rejected") and count:
                broken.append(f"{who}, and the record has it")
            if count > 1:
                broken.append(f"{who}, and the record has it {count} times")
            expected = _expected(scenario, place)
            if text not in expected:
                broken.append(f"{who}, not {' or '.join(sorted(expected))}")
            due = scenario.taken_each[place]
            if due is not None and scenario.mails == 1 and bool(count) is not due:
                broken.append(f"{who}, and the record {'lacks' if due else 'has'} it")
    accepted = sum("accepted" in told for told in result.told)
    if accepted < scenario.least:
        broken.append(f"{accepted} mails were accepted, not {scenario.least}")
    if result.afterwards not in scenario.afterwards.split(" | "):
        broken.append(f"the next mail: {result.afterwards}, not {scenario.afterwards}")
    return broken


def _expected(scenario: Scenario, place: int) -> frozenset[str]:
    return frozenset(scenario.told) if scenario.mails > 1 else scenario.told_each[place]


def _seen(scenario: Scenario, server: ScriptedServer, heard: bytes) -> list[str]:
    """Look for content and secrets where they must not have been; ``heard`` is what the mails brought."""
    broken = []
    secrets = [
        PASSWORD.encode(),
        base64.b64encode(PASSWORD.encode()),
        base64.b64encode(f"\0ann\0{PASSWORD}".encode()),
        f"Bearer {PASSWORD}".encode(),
    ]
    if not scenario.reads_content and b"Subject: mark-0" in heard:
        broken.append("the server saw the content")
    if not scenario.reads_secrets and any(secret in heard for secret in secrets):
        broken.append("the server saw the password")
    if server.tls is not None:
        if b"mark-" in server.heard_in_clear:
            broken.append("content went in clear")
        if any(secret in server.heard_in_clear for secret in secrets):
            broken.append("the password went in clear")
    return broken


def _altered(scenario: Scenario, server: ScriptedServer) -> list[str]:
    """Compare the octets that came with those that were sent."""
    sent = {contents(scenario, str(number)) for number in range(scenario.mails)}
    sent |= {contents(replace(scenario, content="small"), _NEXT)}
    return ["a mail was altered on its way" for one in server.messages if one.data not in sent]


def wrong(scenario: Scenario) -> tuple[str, ...]:
    """Run a scenario and give what was not true."""
    return run(scenario).broken
