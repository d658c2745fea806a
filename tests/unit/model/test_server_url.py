"""Server URLs, read into servers."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
import trustme

from mailsend.errors import InvalidSettings
from mailsend.model.address import DomainPattern
from mailsend.model.secret import Secret
from mailsend.model.server import (
    AuthMethod,
    Credentials,
    Pipelining,
    Server,
    ServerKind,
    TlsMode,
)
from mailsend.model.server_url import read_server_url

IMPLICIT, OPPORTUNISTIC, NONE = (
    TlsMode.IMPLICIT,
    TlsMode.DANGEROUS_OPPORTUNISTIC,
    TlsMode.DANGEROUS_NONE,
)


def offline(kind: ServerKind, folder: str = "") -> Server:
    return Server(kind=kind, folder=folder, tls=NONE)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://relay.example", Server(host="relay.example", port=587)),
        ("SMTP://Relay.Example./", Server(host="relay.example", port=587)),
        ("smtp://relay.example:25", Server(host="relay.example", port=25)),
        ("smtp://mail_relay", Server(host="mail_relay", port=587)),
        ("smtp://bücher.example", Server(host="xn--bcher-kva.example", port=587)),
        ("smtp://192.0.2.7:2525", Server(host="192.0.2.7", port=2525)),
        ("smtp://[2001:DB8::1]:26", Server(host="2001:db8::1", port=26)),
        ("smtps://relay.example", Server(host="relay.example", port=465, tls=IMPLICIT)),
        ("smtps://relay.example:4465", Server(host="relay.example", port=4465, tls=IMPLICIT)),
        ("smtps://relay.example?tls=implicit", Server(host="relay.example", port=465, tls=IMPLICIT)),
        ("submission://relay.example", Server(host="relay.example", port=587)),
        ("submission://relay.example:587", Server(host="relay.example", port=587)),
        ("smtp://relay.example?tls=STARTTLS", Server(host="relay.example", port=587)),
        ("smtp://relay.example?tls=none&dangerous=true", Server(host="relay.example", port=587, tls=NONE)),
        (
            "smtp://relay.example?dangerous=yes&tls=opportunistic",
            Server(host="relay.example", port=587, tls=OPPORTUNISTIC),
        ),
        ("smtp://localhost:1025?tls=none", Server(host="localhost", port=1025, tls=NONE)),
        ("smtp://127.0.0.2:1025?tls=none", Server(host="127.0.0.2", port=1025, tls=NONE)),
        ("smtp://[::1]:1025?tls=opportunistic", Server(host="::1", port=1025, tls=OPPORTUNISTIC)),
        ("memory:", offline(ServerKind.MEMORY)),
        ("memory://", offline(ServerKind.MEMORY)),
        ("console:", offline(ServerKind.CONSOLE)),
        ("file:///var/mail/out%20box", offline(ServerKind.FILE, "/var/mail/out box")),
        ("file:outbox", offline(ServerKind.FILE, "outbox")),
    ],
)
def test_a_url_says_where_the_server_is(url, server):
    """Scheme, host and port give the server, with TLS required unless the URL says otherwise."""
    assert read_server_url(url) == server


def test_user_and_password_are_percent_decoded():
    """User and password may hold every character, percent-encoded."""
    server = Server.from_url("smtp://ann%40suite.example:p%40%3A%2F%3F%23%25w%C3%BC@relay.example")

    assert server == Server(
        host="relay.example",
        port=587,
        credentials=Credentials(user="ann@suite.example", password=Secret("p@:/?#%wü")),
    )


def test_every_option_reaches_its_field():
    """Each query option is the field of that name, in that field's type."""
    server = read_server_url(
        "smtp://ann%40suite.example:pw@relay.example?timeout=30&dot_timeout=120.5&local_hostname=App.Example"
        "&source_address=192.0.2.1&ca_file=/etc/ca.pem&auth=cram-md5&signs=true&rewrites=Message-ID,Date"
        "&own_message_id=1&mail_from=login&senders=Ann@Suite.Example,%40Suite.Example&pipelining=within"
        "&max_connections=3&max_messages=5&max_recipients=7&max_per_second=0.5&max_per_minute=30"
        "&max_per_day=10000&internal_domains=*.corp.test,intra.local"
    )

    assert server == Server(
        host="relay.example",
        port=587,
        credentials=Credentials(user="ann@suite.example", password=Secret("pw")),
        timeout=30.0,
        dot_timeout=120.5,
        local_hostname="app.example",
        source_address="192.0.2.1",
        ca_file="/etc/ca.pem",
        auth=AuthMethod.CRAM_MD5,
        signs=True,
        rewrites=("Message-ID", "Date"),
        own_message_id=True,
        mail_from="login",
        senders=("Ann@suite.example", "@suite.example"),
        pipelining=Pipelining.WITHIN,
        max_connections=3,
        max_messages=5,
        max_recipients=7,
        max_per_second=0.5,
        max_per_minute=30.0,
        max_per_day=10000.0,
        internal_domains=(DomainPattern.parse("*.corp.test"), DomainPattern.parse("intra.local")),
    )


def test_servers_without_network_have_traits_too():
    """``memory:`` can play a server that signs or carries certain senders only."""
    assert read_server_url("memory:?signs=true&senders=@suite.example") == Server(
        kind=ServerKind.MEMORY, tls=NONE, signs=True, senders=("@suite.example",)
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (3, "expected a server URL as text"),
        ("", "this is not a server URL"),
        ("relay.example", "this is not a server URL"),
        ("smtp://relay.example\n", "this is not a server URL"),
        ("smtp://" + "a" * 5000, "this is not a server URL"),
        ("smpt://relay.example", "unknown scheme; did you mean smtp?"),
        ("gopher://relay.example", "unknown scheme"),
        ("smtp://relay.example#top", "a server URL has no part after a '#'"),
        ("smtp://relay.example/path", "nothing can stand between the port and the options"),
        ("smtp://", "host and port cannot be read"),
        ("smtp://:25", "host and port cannot be read"),
        ("smtp://relay.example:port", "host and port cannot be read"),
        ("smtp://relay example", "this is not a server URL"),
        ("smtp://relay%zz", "host and port cannot be read"),
        ("smtp://relay..example", "host and port cannot be read"),
        ("smtp://2130706433", "host and port cannot be read"),
        ("smtp://0x7f.1", "host and port cannot be read"),
        ("smtp://[relay.example]", "host and port cannot be read"),
        ("smtp://[192.0.2.7]", "host and port cannot be read"),
        ("smtp://relay.example:0", "the port is not between 1 and 65535"),
        ("smtp://relay.example:70000", "the port is not between 1 and 65535"),
        ("smtp://ann@relay.example", "user and password belong together, and one of them is missing"),
        ("smtp://:pw@relay.example", "user and password belong together, and one of them is missing"),
        ("smtp://ann:50%@relay.example", "user or password is not well percent-encoded"),
        ("smtp://ann:%FF@relay.example", "user or password is not well percent-encoded"),
        ("smtp://ann:%00@relay.example", "user or password is not well percent-encoded"),
        ("smtp://relay.example?auth=plain", "auth is given, but no user and password"),
        ("smtp://relay.example?mail_from=login", "mail_from=login needs a user that is an address"),
        ("smtp://ann:p@relay.example?mail_from=login", "mail_from=login needs a user that is an address"),
        (
            "smtps://relay.example:587",
            "smtps:// is TLS from the first byte, and port 587 begins in the clear",
        ),
        (
            "smtps://relay.example:25",
            "smtps:// is TLS from the first byte, and port 25 begins in the clear",
        ),
        ("smtp://relay.example:465", "port 465 is TLS from the first byte"),
        ("submission://relay.example:25", "submission:// is port 587"),
        ("smtps://relay.example?tls=none&dangerous=true", "tls=none does not go with smtps://"),
        ("smtp://relay.example?tls=implicit", "tls=implicit does not go with smtp://"),
        ("smtp://relay.example?tls=none", "tls=none lets others read the mail on its way"),
        (
            "smtp://127.evil.example?tls=opportunistic",
            "tls=opportunistic lets others read the mail on its way",
        ),
        ("smtp://relay.example?timeuot=3", "unknown option timeuot; did you mean timeout?"),
        ("smtp://relay.example?zzz=3", "unknown option"),
        ("smtp://relay.example?timeout=%zz", "the option timeout is not well percent-encoded"),
        ("smtp://relay.example?timeout=3&timeout=4", "the option timeout is given twice"),
        ("console:x", "nothing can follow console:"),
        ("memory://name", "nothing can follow memory:"),
        ("file:", "a folder is missing"),
        ("file://host/folder", "a folder is missing"),
        ("file:///a%00b", "a folder is missing"),
        ("console:?timeout=3", "timeout means nothing for console:"),
    ],
)
def test_a_wrong_url_is_refused_with_the_reason(url, why):
    """What cannot be read is refused, and the message says why and what to write."""
    with pytest.raises(InvalidSettings) as refused:
        read_server_url(url)

    assert str(refused.value) == f"server URL: {why}"
    assert refused.value.advice


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("timeout=soon", "expected a number, not text"),
        ("timeout=0", "expected a number above 0"),
        ("dangerous=perhaps", "expected true or false, not text"),
        ("max_connections=0", "expected a number that is not below 1"),
        ("max_connections=1001", "expected a number that is not above 1000"),
        ("max_messages=1.5", "expected a whole number, not text"),
        ("local_hostname=a b", "expected a host name or an IP address"),
        ("source_address=relay", "expected an IP address of this machine"),
        ("ca_file=", "expected text, and it is empty"),
        (
            "auth=guess",
            'expected "plain" or "login" or "cram-md5" or "xoauth2" or "oauthbearer", not another word',
        ),
        ("rewrites=Message ID", "expected the name of a header field"),
        ("rewrites=Date,FROM", "every signature covers From"),
        ("senders=ann", "expected a sender"),
        ("senders=@", "expected a sender"),
        ("internal_domains=a..b", "'a..b' is not a domain: "),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(option, why):
    """The value of an option is checked, and told by the option's name, not by itself."""
    with pytest.raises(InvalidSettings) as refused:
        read_server_url(f"smtp://relay.example?{option.replace(' ', '%20')}")

    assert refused.value.where.startswith(f"server URL.{option.partition('=')[0]}")
    assert refused.value.why.startswith(why)


@pytest.mark.parametrize("method", ["xoauth2", "oauthbearer"])
def test_with_a_method_for_tokens_the_password_is_the_token(method):
    """auth=xoauth2 and oauthbearer are read as any other method."""
    server = read_server_url(f"smtp://ann:ya29.token@relay.example?auth={method}")

    assert server.auth is AuthMethod(method)
    assert server.credentials == Credentials(user="ann", password=Secret("ya29.token"))


@pytest.mark.parametrize(
    "password", ["hunter2", "hun/ter2", "hun?ter2", "hun#ter2", "25/ter2", "25?ter2", "25#ter2"]
)
@pytest.mark.parametrize(
    "url",
    [
        "smtp://hunter:{}@relay example",
        "smtp://hunter:{}@relay.example:port",
        "smtp://hunter:{}@relay.example/path",
        "smtp://hunter:{}@relay.example?zzz=1",
        "smtp://hunter:{}@relay.example:465",
        "smtp://hunter:{}%@relay.example",
        "smpt://hunter:{}@relay.example",
        "smtp://hunter:{}",
    ],
)
def test_no_error_shows_user_or_password(url, password):
    """A wrong URL is told without any piece of it, wherever its password was cut."""
    with pytest.raises(InvalidSettings) as refused:
        read_server_url(url.format(password))

    told = f"{refused.value} {refused.value.advice} {refused.value!r}"
    assert ("hunter" in told, "ter2" in told) == (False, False)
    assert refused.value.__context__ is None


def test_a_server_shows_neither_user_nor_password():
    """A server's repr and name hide the whole account: some providers take a token as user."""
    server = read_server_url("smtp://token-4711:hunter2@relay.example")

    assert "4711" not in repr(server) + server.name
    assert "hunter2" not in repr(server) + server.name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("smtp://ann:pw@relay.example", "relay.example:587"),
        ("smtps://[2001:db8::1]", "[2001:db8::1]:465"),
        ("file:///var/out", "file:/var/out"),
        ("memory:", "memory:"),
    ],
)
def test_people_know_a_server_by_host_and_port(url, name):
    """The name in logs and reports is host and port, or the kind; a label goes before it."""
    server = read_server_url(url)

    assert server.name == name
    assert replace(server, label="the relay").name == "the relay"


@pytest.mark.parametrize(
    ("url", "loopback", "special_use"),
    [
        ("smtp://localhost", True, True),
        ("smtp://LOCALHOST", True, True),
        ("smtp://127.0.0.9", True, True),
        ("smtp://[::1]", True, True),
        ("smtp://127.evil.example", False, False),
        ("smtp://192.0.2.1", False, False),
        ("memory:", False, True),
    ],
)
def test_loopback_is_known_by_address_not_by_a_name_that_looks_like_one(url, loopback, special_use):
    """Only 127.0.0.0/8, ::1 and localhost are this machine; these carry special-use domains."""
    server = read_server_url(url)

    assert (server.is_loopback, server.carries_special_use) == (loopback, special_use)


def test_another_password_is_another_server():
    """The fingerprint of a server depends on the account, and shows nothing of it."""
    urls = [
        "smtp://r.example",
        "smtp://a:b@r.example",
        "smtp://a:c@r.example",
        "smtp://a:b@r.example?timeout=3",
    ]
    marks = [read_server_url(one).fingerprint for one in urls]

    assert len(set(marks)) == 3
    assert marks[1] == marks[3]


def test_a_server_of_the_application_can_be_pinned():
    """A private authority, a pin and the certificate's name stand in the URL or beside it."""
    pin = "ab" * 32
    server = Server.from_url(f"smtp://10.1.2.3?pin={pin.upper()}&tls_name=Mail.Suite.Example")

    assert (server.pin, server.tls_name, server.guarded) == (pin, "mail.suite.example", False)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("tls=none&dangerous=true&pin=" + "ab" * 32, "pin is given, and tls=none proves nothing"),
        ("tls=none&dangerous=true&ca_file=/x", "ca_file is given, and tls=none proves nothing"),
        ("tls=opportunistic&dangerous=true&pin=" + "ab" * 32, "pin is given, and tls=opportunistic does without TLS"),
        ("pin=abc", "expected the SHA-256 of a public key"),
        ("ca=/etc/ca.pem", "expected a certificate as PEM text"),
    ],
)  # fmt: skip
def test_proofs_that_prove_nothing_are_refused(options, why):
    """What would not be looked at cannot be set."""
    with pytest.raises(InvalidSettings) as refused:
        Server.from_url(f"smtp://relay.suite.example?{options}")
    assert why in refused.value.why


def test_a_server_has_one_authority():
    """Certificates stand in the settings or in a file, not in both."""
    pem = trustme.CA().cert_pem.bytes().decode()
    written = quote(pem, safe="")
    assert Server.from_url(f"smtp://relay.suite.example?ca={written}").ca == pem
    with pytest.raises(InvalidSettings) as refused:
        Server.from_url(f"smtp://relay.suite.example?ca_file=/x&ca={written}")
    assert "ca and ca_file are both given" in refused.value.why
