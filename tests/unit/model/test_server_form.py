"""What a customer may enter about a server of its own, and what not (M10)."""

from __future__ import annotations

import pytest
import trustme

from mailsend.errors import InvalidSettings
from mailsend.model.internal_network import InternalNetwork
from mailsend.model.rules import CustomerServer
from mailsend.model.rules_reader import read_rules
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Credentials, Pipelining, Server, TlsMode
from mailsend.model.server_form import FORM_FIELDS, check_server_form, read_server_form

PEM = trustme.CA().cert_pem.bytes().decode()
PIN = "ab" * 32
HOST = "mail.rat.example"
OPENED = (InternalNetwork("10.1.0.0/16", (25, 587)),)


def wrong(data, **options):
    """Give the fields and reasons that a form is refused for; each has its advice."""
    problems = check_server_form(data, **options)
    assert all(one.advice for one in problems)
    if problems:
        with pytest.raises(InvalidSettings) as refused:
            read_server_form(data, **options)
        assert (refused.value.where, refused.value.advice) == (problems[0].where, problems[0].advice)
    return [(one.where, one.why) for one in problems]


def test_a_name_is_enough():
    """Without more it is STARTTLS on 587, required and verified, and each address will be looked at."""
    assert read_server_form({"host": HOST}) == Server(
        host=HOST, port=587, tls=TlsMode.STARTTLS, guarded=True, pipelining=Pipelining.WITHIN
    )


def test_every_field_can_be_text():
    """A web form gives text: numbers are read, what is empty counts as not entered."""
    entered = {
        "scheme": " SMTPS:// ",
        "host": " Mail.Rat.Example. ",
        "port": "465",
        "user": "ann",
        "password": " pässword ",
        "auth": "login",
        "ca": PEM,
        "pin": PIN.upper(),
        "tls_name": "Mail.Inside.Example",
        "max_connections": "2",
        "max_messages": "20",
        "max_recipients": "30",
        "max_per_second": "0.5",
        "max_per_minute": "",
        "max_per_day": None,
        "max_recipients_per_day": " 500 ",
    }
    assert set(entered) == set(FORM_FIELDS)
    assert read_server_form(entered, internal_networks=list(OPENED)) == Server(
        host=HOST,
        port=465,
        tls=TlsMode.IMPLICIT,
        credentials=Credentials(user="ann", password=Secret(" pässword ")),
        auth=AuthMethod.LOGIN,
        ca=PEM,
        pin=PIN,
        tls_name="mail.inside.example",
        guarded=True,
        internal_networks=OPENED,
        pipelining=Pipelining.WITHIN,
        max_connections=2,
        max_messages=20,
        max_recipients=30,
        max_per_second=0.5,
        max_recipients_per_day=500.0,
    )


def test_typed_values_do_as_well():
    """An application that has numbers and a Secret gives them as they are."""
    server = read_server_form(
        {"host": HOST, "port": 25, "user": "ann", "password": Secret("pw"), "max_per_minute": 3}
    )
    assert (server.port, server.credentials, server.max_per_minute) == (
        25, Credentials(user="ann", password=Secret("pw")), 3.0,
    )  # fmt: skip


def test_a_provider_that_is_known_fills_in_its_limits():
    """A preset holds for customers' servers too, where the form says nothing else."""
    server = read_server_form({"host": "smtp.office365.com", "max_connections": 1})

    assert (server.max_connections, server.max_per_minute, server.pipelining) == (1, 30.0, Pipelining.WITHIN)
    assert dict(server.traits_from) == {
        "max_per_minute": "microsoft-365", "max_recipients_per_day": "microsoft-365",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "ca_file", "source_address", "local_hostname", "tls", "dangerous", "folder", "password_file", "url",
        "timeout", "dot_timeout", "guarded", "internal_networks", "internal_servers", "internal_domains",
        "signs", "rewrites", "own_message_id", "mail_from", "senders", "pipelining",
    ],
)  # fmt: skip
def test_what_is_the_applications_alone_is_refused_by_name(name):
    """Files, addresses of the machine, weaker TLS and traits are refused with the reason."""
    [(where, why)] = wrong({"host": HOST, name: "none"})

    assert where == name
    assert why.startswith("it cannot be entered: ")


def test_a_field_that_does_not_exist_is_named():
    """A misspelt field is refused with the one that was probably meant."""
    assert wrong({"host": HOST, "pasword": "x", 7: "y"}) == [
        ("pasword", "there is no such field; did you mean password?"),
        ("7", "there is no such field"),
    ]


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        ({}, "host", "it is missing"),
        ({"host": " "}, "host", "it is missing"),
        ({"scheme": "console:", "host": HOST}, "scheme", "console: carries mail to no server"),
        ({"scheme": "FILE", "host": HOST}, "scheme", "file: carries mail to no server"),
        ({"scheme": "submission", "host": HOST}, "scheme", "expected smtp or smtps"),
        ({"scheme": 3, "host": HOST}, "scheme", "expected smtp or smtps"),
        ({"host": f"smtp://{HOST}"}, "host", "expected the name of a server"),
        ({"host": f"{HOST}:587"}, "host", "expected the name of a server"),
        ({"host": f"ann@{HOST}"}, "host", "expected the name of a server"),
        ({"host": f"{HOST}?ca_file=/etc/passwd"}, "host", "expected the name of a server"),
        ({"host": f"{HOST}\r\nX: y"}, "host", "expected the name of a server"),
        ({"host": 7}, "host", "expected the name of a server"),
        ({"host": HOST, "port": 22}, "port", "port 22 is not open to customers' servers"),
        ({"host": HOST, "port": "0"}, "port", "expected a number that is not below 1"),
        ({"host": HOST, "port": "587.0"}, "port", "expected a whole number, not text"),
        ({"host": HOST, "port": 465}, "port", "port 465 is TLS from the first byte"),
        ({"host": HOST, "scheme": "smtps", "port": 587}, "port", "port 587 begins in the clear"),
        ({"host": HOST, "scheme": "smtps", "port": 25}, "port", "port 25 begins in the clear"),
        ({"host": HOST, "user": "ann"}, "password", "it is missing"),
        ({"host": HOST, "password": "x"}, "user", "it is missing"),
        ({"host": HOST, "auth": "plain"}, "auth", "there is no account to log in with"),
        (
            {"host": HOST, "user": "a", "password": "b", "auth": "xoauth2"},
            "auth",
            'expected "plain" or "login" or "cram-md5", not another word',
        ),
        ({"host": HOST, "user": "a\nb", "password": "b"}, "user", "a control character cannot stand here"),
        ({"host": HOST, "user": "a" * 321, "password": "b"}, "user", "it is longer than 320 characters"),
        ({"host": HOST, "user": "a", "password": "b\n"}, "password", "it holds a line break or a NUL"),
        (
            {"host": HOST, "user": "a", "password": "b" * 1001},
            "password",
            "it is longer than 1000 characters",
        ),
        ({"host": HOST, "ca": "/etc/ssl/ca.pem"}, "ca", "expected a certificate as PEM text"),
        ({"host": HOST, "ca": "x" * 100_001}, "ca", "it is longer than 100000 characters"),
        ({"host": HOST, "pin": "abc"}, "pin", "expected the SHA-256 of a public key"),
        ({"host": HOST, "tls_name": "a b"}, "tls_name", "expected the name of a server"),
        ({"host": HOST, "max_connections": 51}, "max_connections", "expected a number that is not above 50"),
        ({"host": HOST, "max_recipients": 0}, "max_recipients", "expected a number that is not below 1"),
        ({"host": HOST, "max_per_day": "-1"}, "max_per_day", "expected a number above 0"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(data, where, why):
    """Each mistake names its field and reason, and has advice."""
    assert wrong(data) == [(where, why)]


def test_all_that_is_wrong_is_told_at_once():
    """Nobody has to send a form four times to mend four fields, and no password is shown."""
    data = {"scheme": "http", "host": "a b", "port": "x", "password": "secret\n", "auth": "x"}
    assert [where for where, _ in wrong(data)] == ["scheme", "host", "port", "password", "auth"]
    with pytest.raises(InvalidSettings) as refused:
        read_server_form(data)
    assert "secret" not in f"{refused.value} {refused.value!r} {refused.value.advice}"


@pytest.mark.parametrize("data", [None, "smtp://x", [("host", "x")]])
def test_what_is_no_form_is_refused(data):
    """A URL or a list is not a form."""
    [(where, why)] = wrong(data)
    assert (where, why.startswith("expected a form")) == ("", True)


@pytest.mark.parametrize(
    ("host", "read"),
    [
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.EXAMPLE.", "xn--bcher-kva.example"),
        ("8.8.8.8", "8.8.8.8"),
        ("[2A00:0::1]", "2a00::1"),
        ("2a00::1", "2a00::1"),
        ("mail", "mail"),
    ],
)
def test_a_host_has_one_spelling(host, read):
    """Unicode, capitals, a dot at the end and brackets do not make another server."""
    assert read_server_form({"host": host}).host == read


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.1.", "[::1]", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "[fe80::1]",
        "localhost", "LOCALHOST.", "x.localhost", "\uff4cocalhost", "192.168.1.1", "0.0.0.0",
    ],
)  # fmt: skip
def test_an_address_inside_is_refused_at_once(host):
    """What needs no look-up to be known as internal is told in the form."""
    [(where, why)] = wrong({"host": host})
    assert where == "host"
    assert " is a" in why


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "1.2.3.4.5", "127.0.0.1..", "localhost..",
        "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u2460.\u2461.\u2462.\u2463", "fe80::1%eth0",
        "[127.0.0.1]", "::1]", ".", "a..b", "-", "%31%32%37.0.0.1", "127.0.0.1\x00.example",
    ],
)  # fmt: skip
def test_tricks_with_numbers_are_no_names(host):
    """What some resolver would take for an address is no name here."""
    assert wrong({"host": host}) == [("host", "expected the name of a server")]


def test_an_internal_network_is_the_applications_to_open():
    """An internal address can be entered where the application opened its network at that port."""
    assert read_server_form({"host": "10.1.2.3"}, internal_networks=OPENED).internal_networks == OPENED
    assert wrong({"host": "10.1.2.3", "port": 2525}, internal_networks=OPENED) == [
        ("host", "10.1.2.3 is a private address")
    ]
    assert wrong({"host": "10.2.2.3"}, internal_networks=OPENED) == [
        ("host", "10.2.2.3 is a private address")
    ]


def test_more_ports_are_the_applications_to_allow():
    """An application may let its customers use other ports."""
    assert read_server_form({"host": HOST, "port": 2500}, allowed_ports=(2500,)).port == 2500
    assert wrong({"host": HOST}, allowed_ports=(2500,)) == [
        ("port", "port 587 is not open to customers' servers")
    ]


def test_a_server_that_was_entered_keeps_its_guard_in_the_rules():
    """A Directory gives what the form made; the networks opened to the customer go with it."""
    entered = read_server_form({"host": HOST})
    rules = read_rules(
        {
            "application": {
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthost": "smtp://127.0.0.1",
            },
            "customers": {
                "x": {
                    "servers": [entered, CustomerServer(server=entered, senders=("ann@rat.example",))],
                    "internal_servers": ["10.1.0.0/16:25,587"],
                },
                "y": {"servers": ["smtp://10.0.0.1", "memory:"], "internal_servers": ["10.0.0.0/8"]},
            },
        }
    )
    opened = read_server_form({"host": HOST}, internal_networks=OPENED)
    assert rules.customers["x"].servers == (
        CustomerServer(server=opened),
        CustomerServer(server=opened, senders=("ann@rat.example",)),
    )
    assert [
        (one.server.guarded, one.server.internal_networks, one.server.pipelining)
        for one in rules.customers["y"].servers
    ] == [(False, (), Pipelining.WITHIN), (False, (), None)]
    assert rules.application.smarthosts[0].pipelining is None


def test_trust_makes_another_server_of_it():
    """With another authority, pin or name a server starts anew: its fingerprint is another one."""
    server = read_server_form({"host": HOST})
    others = [
        read_server_form({"host": HOST, **more})
        for more in ({"ca": PEM}, {"pin": PIN}, {"pin": "cd" * 32}, {"tls_name": "other.example"})
    ]
    assert len({one.fingerprint for one in (server, *others)}) == 5


def test_a_guarded_server_on_this_machine_carries_no_special_domains():
    """Only the application's own loopback carries ``.test`` and ``.local``."""
    own = InternalNetwork("127.0.0.0/8", (587,))
    assert not read_server_form({"host": "127.0.0.1"}, internal_networks=[own]).carries_special_use
