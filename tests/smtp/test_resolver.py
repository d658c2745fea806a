"""Asking the DNS, at a real name server: what is certain, what is temporary, and for how long it holds."""

from __future__ import annotations

import pytest
from name_server import SILENT, NameServer

from mailsend.doctor.dns import Answer, AnswerKind, Record, RecordKind, Resolver
from mailsend.errors import InvalidSettings

ZONE = {
    "suite.example": """
        suite.example. 3600 IN MX 20 MX2.suite.example.
        suite.example. 3600 IN MX 10 mx1.suite.example.
        suite.example. 900 IN TXT "v=spf1 " "-all"
        suite.example. 900 IN A 192.0.2.7
        suite.example. 900 IN NS ns.suite.example.
    """,
    "alias.example": """
        alias.example. 60 IN CNAME suite.example.
        suite.example. 3600 IN MX 10 mx1.suite.example.
    """,
    "null.example": "null.example. 300 IN MX 0 .",
    "6.example": "6.example. 99999999 IN AAAA 2001:db8::7",
    "long.example": "\n".join(f'long.example. 60 IN TXT "{n:0200}"' for n in range(30)),
    "broken.example": "SERVFAIL",
    "closed.example": "REFUSED",
    "mute.example": SILENT,
}


@pytest.fixture(scope="module")
def server():
    """Give a name server."""
    name_server = NameServer(ZONE)
    with name_server.running() as address:
        name_server.address = address
        yield name_server


@pytest.fixture
def resolver(server):
    """Give a resolver that asks it."""
    return Resolver((server.address,), timeout=1.0)


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        (
            "suite.example",
            RecordKind.MX,
            Answer(
                kind=AnswerKind.FOUND,
                name="suite.example",
                records=(
                    Record(value="mx1.suite.example", preference=10),
                    Record(value="mx2.suite.example", preference=20),
                ),
                ttl=3600,
            ),
        ),
        (
            "suite.example",
            RecordKind.TXT,
            Answer(
                kind=AnswerKind.FOUND, name="suite.example", records=(Record(value="v=spf1 -all"),), ttl=900
            ),
        ),
        (
            "SUITE.example.",
            RecordKind.A,
            Answer(
                kind=AnswerKind.FOUND, name="suite.example", records=(Record(value="192.0.2.7"),), ttl=900
            ),
        ),
        (
            "suite.example",
            RecordKind.NS,
            Answer(
                kind=AnswerKind.FOUND,
                name="suite.example",
                records=(Record(value="ns.suite.example"),),
                ttl=900,
            ),
        ),
        (
            "alias.example",
            RecordKind.MX,
            Answer(
                kind=AnswerKind.FOUND,
                name="suite.example",
                records=(Record(value="mx1.suite.example", preference=10),),
                ttl=60,
            ),
        ),
        (
            "null.example",
            RecordKind.MX,
            Answer(kind=AnswerKind.FOUND, name="null.example", records=(Record(value=""),), ttl=300),
        ),
        (
            "6.example",
            RecordKind.AAAA,
            Answer(
                kind=AnswerKind.FOUND,
                name="6.example",
                records=(Record(value="2001:db8::7"),),
                ttl=7 * 86_400,
            ),
        ),
        ("suite.example", RecordKind.AAAA, Answer(kind=AnswerKind.NO_DATA, name="suite.example", ttl=300)),
        (
            "nobody.example",
            RecordKind.MX,
            Answer(kind=AnswerKind.NO_SUCH_NAME, name="nobody.example", ttl=300),
        ),
    ],
)
def test_what_the_dns_says_is_told_whole(resolver, name, kind, answer):
    """Records in their order, the name behind a CNAME, and for how long it holds, at most a week."""
    assert resolver.lookup(name, kind) == answer


@pytest.mark.parametrize("name", ["broken.example", "closed.example", "mute.example"])
def test_what_may_mend_is_temporary(resolver, name):
    """A server that fails, refuses or is silent says nothing about the name."""
    answer = resolver.lookup(name, RecordKind.MX)
    assert (answer.kind, answer.records, answer.ttl) == (AnswerKind.TEMPORARY, (), 0)
    assert answer.why


def test_nobody_there_is_temporary():
    """Where no name server listens, the question is open."""
    assert (
        Resolver((("127.0.0.1", 1),), timeout=0.5).lookup("suite.example", RecordKind.A).kind == "temporary"
    )


@pytest.mark.parametrize("name", ["a..b", f"{'a' * 64}.example", "x." * 140])
def test_a_name_that_cannot_exist_is_not_asked_for(server, resolver, name):
    """It is told at once, as a name that there is none of."""
    before = len(server.asked)
    assert resolver.lookup(name, RecordKind.MX).kind is AnswerKind.NO_SUCH_NAME
    assert len(server.asked) == before


def test_a_long_answer_comes_over_tcp(resolver):
    """What does not fit into a datagram is asked for again."""
    assert len(resolver.lookup("long.example", RecordKind.TXT).values) == 30


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_name_server_is_named_by_address_and_port(text, server):
    """The port may be left out."""
    assert Resolver.at(text)._servers == (server,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ns.example",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:x",
        "[2001:db8::1]5",
        "[::1",
    ],
)
def test_what_names_no_server_is_refused(text):
    """The advice says how to write it."""
    with pytest.raises(InvalidSettings) as refused:
        Resolver.at(text)
    assert "192.0.2.1:5353" in refused.value.advice
