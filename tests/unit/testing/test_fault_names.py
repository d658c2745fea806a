"""Faults by name: which there are, how they are asked for, and when they strike."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidSettings
from mailsend.testing.faults import FAULTS, Act, Place, fault_named
from mailsend.testing.server import ScriptedServer
from mailsend.testing.strikes import Strikes


def test_a_name_says_how_often_and_from_when():
    """Behind a colon stands how often a fault strikes, behind a plus after how many occasions."""
    plain, both = fault_named("dot-421"), fault_named("dot-421+3:2")
    assert (plain.at, plain.does, plain.times, plain.after) == (Place.DOT, Act.REPLY_AND_CLOSE, None, 0)
    assert (both.times, both.after, both.reply) == (2, 3, plain.reply)
    assert fault_named("too-many-452").after == 2


@pytest.mark.parametrize("name", ["", "dot-422", "dot-421:", "dot-421:x", "dot-421:1+2", "dot-421 "])
def test_another_name_is_refused(name):
    """What is no fault is refused with the names of those there are."""
    with pytest.raises(InvalidSettings, match="there is no fault called") as caught:
        fault_named(name)
    assert "dot-421" in caught.value.advice


@pytest.mark.parametrize(
    ("written", "meant"),
    [("dot-422", "dot-421"), ("group-forgoten", "group-forgotten"), ("rcpt_550:2", "rcpt-550")],
)
def test_a_misspelt_name_is_told_with_those_near_it(written, meant):
    """The message itself says what may have been meant: of the advice a test's output shows nothing."""
    with pytest.raises(InvalidSettings, match=f"{written}'; near it: .*{meant}\\b"):
        fault_named(written)


def test_every_fault_has_its_name_and_its_octets():
    """No two faults have one name, none sends what is no reply's octets, and each name can be asked for."""
    for name, fault in FAULTS.items():
        assert fault_named(name) == fault
        assert fault.octets.endswith(b"\n")
        assert fault.name == name


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("dot-250-close", True),
        ("dot-250-multiline", True),
        ("dot-250-and-451", True),
        ("250-in-content", True),
        ("dot-two-codes", False),
        ("dot-long-code", False),
        ("dot-211", False),
        ("dot-421", False),
        ("drip-after-dot", False),
    ],
)
def test_a_250_takes_a_mail_and_nothing_else_does(name, takes):
    """The first reply counts, and only 250, 251 or 252 in full."""
    assert fault_named(name).takes is takes


def test_an_answer_is_reworded_around_itself():
    """The server's own answer stands where the braces are; CRLF is added unless a LF ends the words."""
    assert fault_named("dot-nul").reworded(b"250 OK\r\n") == b"250 OK\x00\r\n"
    assert fault_named("dot-bare-lf").reworded(b"250 OK\r\n") == b"250 OK\n"
    assert fault_named("dot-empty-line").reworded(b"250-a\r\n250 b\r\n") == b"\r\n250-a\r\n250 b\r\n"


def test_strikes_are_counted():
    """A fault strikes on the occasions that it names, as often as it says; the first that is due strikes."""
    strikes = Strikes()
    strikes.add("half-refused:2", "too-many-452", "starttls-stripped:1")
    struck = [strikes.due(Place.RCPT, place) for place in range(1, 7)]
    assert [one.name if one else None for one in struck] == [
        None,
        "half-refused",
        "too-many-452",
        "half-refused",
        "too-many-452",
        "too-many-452",
    ]
    assert [strikes.stripped(), strikes.stripped()] == [{"STARTTLS"}, set()]
    strikes.clear()
    assert strikes.due(Place.RCPT, 6) is None


def test_only_some_faults_leave_the_answer_as_it_is():
    """Behind an answer that must be given, a fault that would replace it waits."""
    strikes = Strikes()
    strikes.add("group-503-all", "group-forgotten")
    assert strikes.due(Place.GROUP, 1, behind=True).name == "group-forgotten"
    assert strikes.due(Place.GROUP, 1).name == "group-503-all"


def test_a_server_by_token_is_reached_by_token():
    """Where there are tokens alone, the server's description and URL log in by XOAUTH2."""
    server = ScriptedServer(tokens={"ann@suite.example": "t0ken"})
    assert (str(server.server.auth), server.auth_methods) == ("xoauth2", ("XOAUTH2", "OAUTHBEARER"))
    assert server.url == "smtp://ann%40suite.example:t0ken@127.0.0.1:0?tls=none&auth=xoauth2"
    assert ScriptedServer(accounts={"a": "b"}, tokens={"c": "d"}).server.auth is None
    assert ScriptedServer(auth_methods=["CRAM-MD5"]).auth_methods == ("CRAM-MD5",)


def test_limits_are_read_from_the_extension():
    """RFC 9422: a limit is known by its name, and what is not named has none."""
    server = ScriptedServer(extensions=["limits mailmax=2 RCPTMAX=3", "DSN"])
    assert (server.limit("MAILMAX"), server.limit("RCPTMAX")) == (2, 3)
    assert server.limit("RCPTDOMAINMAX") > 10**6
