"""Twenty customers through one process: each mail goes by its own customer's server, account and key."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import dkim
import pytest

from mailsend.compose.sign import Signer
from mailsend.doctor.dkim_record import new_key, public_record
from mailsend.mailer import AsyncMailer, Mailer
from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer
from mailsend.testing.received import Received

NUMBERS = range(20)
OWN = range(12)  # these have a server to themselves; the others are accounts on one host and port
MOST_CONNECTIONS = 2
SIGNED_BY = re.compile(rb"\bd=([^;\s]+)")
MARK = re.compile(rb"\r\nSubject: (c\d\d) (\d+)\r\n")


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer, and what only its own mail may show."""

    name: str
    user: str
    reverse_path: str
    settings: dict
    record: bytes
    server: ScriptedServer

    @property
    def domain(self) -> str:
        return f"{self.name}.example"


def _customer(number: int, key: bytes, server: ScriptedServer) -> Customer:
    name = f"c{number:02}"
    domain, user, password = f"{name}.example", f"smtp-{name}", f"pw-{name}"
    scheme = "smtps" if server.tls == "implicit" else "smtp"
    query = f"ca_file={server.ca_file}&max_connections={MOST_CONNECTIONS}"
    sender, bounces = f"office@{domain}", f"bounces@{domain}"
    settings = {
        "allowed_domains": [domain],
        "fallback_sender": f"Office <{sender}>",
        "dkim_keys": [{"domain": domain, "selector": "s", "key": key.decode()}],
        "servers": [{"url": f"{scheme}://{user}:{password}@127.0.0.1:{server.port}?{query}"}],
        "server_released": True,
    }
    if number % 2:
        settings["bounce_address"] = bounces
    return Customer(
        name=name,
        user=user,
        reverse_path=bounces if number % 2 else sender,
        settings=settings,
        record=public_record(Signer(domain=domain, selector="s", key=key)).value.encode(),
        server=server,
    )


@pytest.fixture(scope="module")
def keys() -> list[bytes]:
    return [new_key() for _ in NUMBERS]


@pytest.fixture
def customers(keys: list[bytes]) -> Iterator[list[Customer]]:
    accounts = {number: {f"smtp-c{number:02}": f"pw-c{number:02}"} for number in NUMBERS}
    together = {
        user: word for number in NUMBERS if number not in OWN for user, word in accounts[number].items()
    }
    with ExitStack() as running:
        shared = running.enter_context(ScriptedServer(tls="starttls", accounts=together))
        servers = [
            running.enter_context(
                ScriptedServer(tls="implicit" if number % 3 else "starttls", accounts=accounts[number])
            )
            for number in OWN
        ]
        yield [
            _customer(number, keys[number], servers[number] if number in OWN else shared)
            for number in NUMBERS
        ]


def _settings(customers: list[Customer]) -> Settings:
    return Settings.model_validate(
        {
            "application": {
                "name": "Acme Suite",
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
            },
            "customers": {one.name: one.settings for one in customers},
        }
    )


def _messages(customers: list[Customer], each: int) -> list[Message]:
    """Mails of all in a mixed order; two of three ask for a From: nobody's, and that of somebody else."""
    messages = []
    for place, one in enumerate(customers):
        stranger = customers[place - 1].domain
        asked = (None, f"eve@{stranger}", "ann@elsewhere.example")
        messages += [
            Message(
                customer=one.name,
                from_=asked[number % 3],
                to=f"bob{number}@example.org",
                subject=f"{one.name} {number}",
                text="Hello",
            )
            for number in range(each)
        ]
    random.Random(3).shuffle(messages)
    return messages


def _send(settings: Settings, messages: list[Message]) -> list[Report]:
    with Mailer(settings) as mailer:
        return list(mailer.send_many(messages, concurrency=40))


def _send_async(settings: Settings, messages: list[Message]) -> list[Report]:
    async def part(mailer: AsyncMailer, some: list[Message]) -> list[Report]:
        return [one async for one in mailer.send_many(some, concurrency=10)]

    async def go() -> list[Report]:
        async with AsyncMailer(settings) as mailer:
            parts = await asyncio.gather(*(part(mailer, messages[start::4]) for start in range(4)))
        return [report for reports in parts for report in reports]

    return asyncio.run(go())


def _whose(mail: Received) -> str:
    found = MARK.search(mail.data)
    assert found is not None
    return found[1].decode()


def _seen(mail: Received) -> tuple[str | None, str, list[str], bool]:
    """Give what a server knows of a mail: account, reverse-path, who signed it, and whether TLS was on."""
    header = mail.data.partition(b"\r\n\r\n")[0]
    signed = header[: header.index(b"\r\nFrom:")] if b"\r\nFrom:" in header else header
    return (mail.user, mail.reverse_path, [one.decode() for one in SIGNED_BY.findall(signed)], mail.tls)


@pytest.mark.parametrize("each", [10, pytest.param(100, marks=pytest.mark.rings)])
@pytest.mark.parametrize("send", [_send, _send_async])
def test_every_mail_has_its_own_customers_account_reverse_path_and_signature(customers, send, each) -> None:
    """Whatever is interleaved: who logged in, the reverse-path and the signing domain are the customer's own."""
    messages = _messages(customers, each)

    reports = send(_settings(customers), messages)

    assert [one.complete for one in reports] == [True] * len(messages)
    servers = list({id(one.server): one.server for one in customers}.values())
    taken = [(server, mail) for server in servers for mail in server.messages]
    assert Counter(_whose(mail) for _, mail in taken) == {one.name: each for one in customers}
    by_name = {one.name: one for one in customers}
    for server, mail in taken:
        one = by_name[_whose(mail)]
        assert (server, *_seen(mail)) == (one.server, one.user, one.reverse_path, [one.domain], True)
        assert b"@%b" % one.domain.encode() in next(
            line for line in mail.data.split(b"\r\n") if line.startswith(b"From:")
        )
    _verify_some(customers, [mail for _, mail in taken])
    _few_connections(customers, taken)


def _verify_some(customers: list[Customer], mails: list[Received]) -> None:
    """Check the first three signatures of each with its own key, and that a neighbour's key fits none."""
    of: dict[str, list[Received]] = defaultdict(list)
    for mail in mails:
        of[_whose(mail)].append(mail)
    for place, one in enumerate(customers):
        other = customers[place - 1]
        for mail in of[one.name][:3]:
            assert dkim.verify(mail.data, dnsfunc=lambda name, timeout=0, one=one: one.record)
            assert not dkim.verify(mail.data, dnsfunc=lambda name, timeout=0, other=other: other.record)


def _few_connections(customers: list[Customer], taken: list[tuple[ScriptedServer, Received]]) -> None:
    """Check that no connection carried two accounts, and that no account had more than it may have."""
    users: dict[tuple[int, int], set[str | None]] = defaultdict(set)
    for server, mail in taken:
        users[server.port, mail.connection].add(mail.user)
    assert {len(one) for one in users.values()} == {1}
    accounts = Counter(one.server.port for one in customers)
    for server in {id(one.server): one.server for one in customers}.values():
        assert 1 <= server.connections <= accounts[server.port] * MOST_CONNECTIONS


@pytest.mark.parametrize("login", ["smtp-c00:wrong@", ""], ids=["wrong password", "no account"])
def test_nobody_rides_on_anothers_log_in(customers: list[Customer], login: str) -> None:
    """A customer with the right host and the wrong password gets no mail out beside one who has logged in."""
    right = customers[0]
    other = f"smtp://{login}127.0.0.1:{right.server.port}?ca_file={right.server.ca_file}"
    thief = {
        "allowed_domains": ["thief.example"],
        "fallback_sender": "office@thief.example",
        "servers": [{"url": other}],
        "server_released": True,
    }
    settings = _settings([right, Customer(**{**vars(right), "name": "thief", "settings": thief})])
    mails = [
        Message(customer=name, to="bob@example.org", subject="x", text="x")
        for _ in range(10)
        for name in (right.name, "thief")
    ]
    with Mailer(settings) as mailer:
        first = mailer.send(mails[0])
        reports = {one.index: one.complete for one in mailer.send_many(mails[1:], concurrency=8)}

    assert first.complete
    assert reports == {place: place % 2 == 1 for place in range(19)}
    assert [one.reverse_path for one in right.server.messages] == [right.reverse_path] * 10
