"""The scripted server itself, octet by octet: groups, log-ins by token, limits, and its own record."""

from __future__ import annotations

import base64
import gc
import json
import socket
import ssl
import sys

import pytest

from mailsend.testing.received import Heard
from mailsend.testing.server import ScriptedServer

GROUP = b"MAIL FROM:<ann@suite.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"


class Client:
    """A socket, and how far a test has read."""

    def __init__(self, server, *, ehlo=True):
        self.socket = socket.create_connection((server.host, server.port), timeout=5)
        self.file = self.socket.makefile("rb")
        if ehlo:
            self.reply()
            self.offers = self.say(b"EHLO [127.0.0.1]\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def reply(self):
        lines = [self.file.readline().decode().rstrip("\r\n")]
        while lines[-1][3:4] == "-":
            lines.append(self.file.readline().decode().rstrip("\r\n"))
        return lines

    def say(self, octets, replies=1):
        """Send in one piece, and give the last line of each reply, or all of the only one."""
        self.socket.sendall(octets)
        if replies == 1:
            return self.reply()
        return [self.reply()[-1] for _ in range(replies)]

    def rest(self):
        return self.file.read()


def content(text):
    return b"Subject: x\r\n\r\n" + text + b"\r\n.\r\n"


def test_pipelining_is_offered_and_meant():
    """A group is answered command by command, also one that came behind a content in one segment."""
    with ScriptedServer(extensions=["PIPELINING"]) as server, Client(server) as client:
        assert "250-PIPELINING" in client.offers
        assert client.say(GROUP, 3) == ["250 OK", "250 OK", "354 End data with <CR><LF>.<CR><LF>"]
        assert client.say(content(b"one") + GROUP, 4)[0] == "250 2.0.0 OK: queued as 1"
        assert client.say(content(b"..two") + b"QUIT\r\n", 2) == ["250 2.0.0 OK: queued as 2", "221 Bye"]
        assert [(one.data[14:], one.connection, one.user) for one in server.messages] == [
            (b"one\r\n", 1, None),
            (b".two\r\n", 1, None),
        ]
        assert server.connections == 1


def test_what_follows_a_refused_data_are_commands_again():
    """After a 451 or a 554 to DATA the next group is a group and no content."""
    for fault, code in (("data-451:1", "451"), ("data-554:1", "554")):
        with ScriptedServer(extensions=["PIPELINING"], faults=[fault]) as server, Client(server) as client:
            replies = client.say(GROUP + b"RSET\r\n" + GROUP, 7)
            assert [one[:3] for one in replies] == ["250", "250", code, "250", "250", "250", "354"]
            assert client.say(content(b"x")) == ["250 2.0.0 OK: queued as 1"]


def test_each_connection_has_its_number_and_its_user():
    """A mail is written down with the connection it came by and the account that it came from."""
    with ScriptedServer(accounts={"ann": "secret"}, tokens={"bob": "t0ken"}) as server:
        token = base64.b64encode(b"user=bob\x01auth=Bearer t0ken\x01\x01")
        for login in (b"PLAIN " + base64.b64encode(b"\0ann\0secret"), b"XOAUTH2 " + token):
            with Client(server) as client:
                assert "250-AUTH LOGIN OAUTHBEARER PLAIN XOAUTH2" in client.offers
                assert client.say(b"AUTH " + login + b"\r\n")[0][:3] == "235"
                client.say(GROUP, 3)
                client.say(content(b"x"))
        assert [(one.connection, one.user) for one in server.messages] == [(1, "ann"), (2, "bob")]
        assert "AUTH XOAUTH2" in server.commands


@pytest.mark.parametrize(
    ("mechanism", "wrong", "right", "due", "status"),
    [
        (
            b"XOAUTH2",
            b"user=ann\x01auth=Bearer old\x01\x01",
            b"user=ann\x01auth=Bearer new\x01\x01",
            b"",
            "400",
        ),
        (
            b"OAUTHBEARER",
            b"n,a=ann,\x01host=localhost\x01port=25\x01auth=Bearer old\x01\x01",
            b"n,a=ann,\x01host=localhost\x01port=25\x01auth=Bearer new\x01\x01",
            b"AQ==",
            "invalid_token",
        ),
    ],
)
def test_a_wrong_token_is_told_by_a_challenge(mechanism, wrong, right, due, status):
    """A wrong token gets the error as JSON, then 535; a right one 235, in one piece or after a challenge."""
    with ScriptedServer(tokens={"ann": "new"}) as server:
        with Client(server) as client:
            refused = client.say(b"AUTH " + mechanism + b" " + base64.b64encode(wrong) + b"\r\n")[0]
            assert refused.startswith("334 ")
            assert json.loads(base64.b64decode(refused[4:]))["status"] == status
            assert client.say(due + b"\r\n") == ["535 5.7.8 Authentication failed"]
            assert client.say(b"AUTH " + mechanism + b"\r\n") == ["334 "]
            assert client.say(base64.b64encode(right) + b"\r\n")[0][:3] == "235"
        with Client(server) as client:
            client.say(b"AUTH " + mechanism + b" " + base64.b64encode(wrong) + b"\r\n")
            assert client.say(b"RSET\r\n")[0][:3] == "501"  # the challenge wants its own answer
            assert client.say(b"AUTH " + mechanism + b" ???\r\n")[0][:3] == "501"
            client.say(b"AUTH " + mechanism + b"\r\n")
            assert client.say(b"*\r\n")[0][:3] == "501"
            assert client.say(b"MAIL FROM:<ann@suite.example>\r\n") == ["530 5.7.0 Authentication required"]


def test_a_name_of_rfc_5801_is_read():
    """A user with a comma or an equals sign is quoted in OAUTHBEARER."""
    with ScriptedServer(tokens={"a,b=c": "t"}) as server, Client(server) as client:
        answer = base64.b64encode(b"n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01")
        assert client.say(b"AUTH OAUTHBEARER " + answer + b"\r\n")[0][:3] == "235"


def test_limits_are_told_and_kept():
    """RFC 9422: so many mails on a connection, recipients in a mail, domains on a connection."""
    limits = "LIMITS MAILMAX=2 RCPTMAX=2 RCPTDOMAINMAX=2"
    with ScriptedServer(extensions=[limits]) as server, Client(server) as client:
        assert f"250-{limits}" in client.offers
        client.say(b"MAIL FROM:<a@b.example>\r\n")
        told = [client.say(b"RCPT TO:<%s@example.org>\r\n" % one)[0] for one in (b"a", b"b", b"c")]
        assert told == ["250 OK", "250 OK", "452 4.5.3 Too many recipients"]
        client.say(b"RSET\r\n")
        client.say(b"MAIL FROM:<a@b.example>\r\n")
        told = [client.say(b"RCPT TO:<a@%s>\r\n" % one)[0][:3] for one in (b"one.example", b"two.example")]
        assert told == ["250", "452"]
        client.say(b"RSET\r\n")
        assert client.say(b"MAIL FROM:<a@b.example>\r\n")[0][:3] == "421"


def test_what_came_is_kept_in_clear_and_in_all():
    """What was heard before TLS is told apart from what was heard at all; of either a MiB is kept."""
    with ScriptedServer(tls="starttls") as server:
        with Client(server) as client:
            client.say(b"STARTTLS\r\n")
            context = ssl.create_default_context(cafile=server.ca_file)
            with context.wrap_socket(client.socket, server_hostname="localhost") as tls:
                tls.sendall(b"NOOP hidden\r\n")
                assert tls.recv(100) == b"250 OK\r\n"
        assert b"NOOP hidden" in server.heard
        assert b"NOOP hidden" not in server.heard_in_clear
        assert bytes(server.heard_in_clear) == b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n"
    heard = Heard()
    for _ in range(3):
        heard.add(b"x" * 500_000)
    assert repr(heard) == "Heard(1048576 octets)"


@pytest.mark.parametrize(
    ("fault", "taken", "said"),
    [
        ("drop-when-taken", 1, b""),
        ("half-250-when-taken", 1, b"250 2.0.0 OK:"),
        ("dot-close", 1, b"250 2.0.0 OK: queued as 1\r\n"),
        ("dot-250-close", 1, b"250 2.0.0 OK: queued as LAST\r\n"),
        ("idle-421", 1, b"250 2.0.0 OK: queued as 1\r\n421 4.4.2 Idle for too long\r\n"),
        ("idle-421-at-once", 1, b"250 2.0.0 OK: queued as 1\r\n421 4.4.2 Idle for too long\r\n"),
        ("idle-close", 1, b"250 2.0.0 OK: queued as 1\r\n"),
        ("drop-after-dot", 0, b""),
        ("dot-421", 0, b"421 4.3.2 Service shutting down\r\n"),
        ("552-in-content", 0, b"552 5.3.4 Message too big\r\n"),
        ("drop-in-content", 0, b""),
    ],
)
def test_the_record_is_what_the_server_did(fault, taken, said):
    """A mail is in the record where its dot was answered with 250, or was taken without a word."""
    with ScriptedServer(faults=[fault]) as server, Client(server) as client:
        client.say(GROUP, 3)
        client.socket.sendall(content(b"x"))
        try:
            heard = client.rest()
        except ConnectionResetError:
            heard = b""
        assert heard == said
        assert len(server.messages) == taken


@pytest.mark.parametrize("fault", ["dot-bare-lf", "dot-nul", "dot-long-line", "dot-empty-line", "dot-split"])
def test_a_250_takes_the_mail_however_it_is_written(fault):
    """A server that says 250 has the mail, were it in a line that nobody should write."""
    with ScriptedServer(faults=[fault]) as server, Client(server) as client:
        client.say(GROUP, 3)
        client.say(content(b"x"))
        assert len(server.messages) == 1


@pytest.mark.parametrize("fault", ["dot-long-code", "dot-two-codes", "dot-six", "dot-211", "dot-354"])
def test_what_is_no_250_takes_nothing(fault):
    """A reply that is no 250 leaves the mail with its sender."""
    with ScriptedServer(faults=[fault]) as server, Client(server) as client:
        client.say(GROUP, 3)
        client.say(content(b"x"))
        assert server.messages == []


def test_a_250_before_the_dot_takes_the_mail_once_it_is_whole():
    """What a server accepted too early is in its record when the dot has come, and not before."""
    with ScriptedServer(faults=["250-in-content"]) as server, Client(server) as client:
        client.say(GROUP, 3)
        assert client.say(b"Subject: x\r\n") == ["250 2.0.0 OK: queued as EARLY"]
        assert server.messages == []
        assert client.say(b"\r\nx\r\n.\r\nNOOP\r\n") == ["250 OK"]
        assert len(server.messages) == 1


def test_content_for_nobody_is_read_to_its_dot():
    """354 to DATA without a recipient waits for the lone dot, and nothing is taken."""
    faults = ["rcpt-550", "data-354-for-nobody"]
    with ScriptedServer(extensions=["PIPELINING"], faults=faults) as server, Client(server) as client:
        replies = client.say(GROUP, 3)
        assert [one[:3] for one in replies] == ["250", "550", "354"]
        assert client.say(b".\r\nNOOP\r\n", 2) == ["554 5.5.1 No valid recipients", "250 OK"]
        assert server.messages == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("group-503", b"250 OK\r\n503 5.5.1 Wait for the reply before you go on\r\n" * 1),
        ("group-close", b"250 OK\r\n"),
        ("group-drop", b""),
        ("group-forgotten", b"250 OK\r\n"),
    ],
)
def test_a_server_may_lie_about_pipelining(fault, said):
    """A group is refused, closed on or forgotten, while single commands are answered."""
    with ScriptedServer(extensions=["PIPELINING"], faults=[fault]) as server:
        with Client(server) as client:
            client.socket.settimeout(0.3)
            client.socket.sendall(GROUP)
            heard = b""
            try:
                while part := client.socket.recv(1000):
                    heard += part
            except (TimeoutError, ConnectionResetError):
                pass
            assert heard[: len(said)] == said
            assert b"354" not in heard
        with Client(server) as client:
            told = [client.say(one + b"\r\n")[0][:3] for one in GROUP.split(b"\r\n")[:3]]
            assert told == ["250", "250", "354"]
            assert client.say(content(b"x")) == ["250 2.0.0 OK: queued as 1"]


def test_a_reply_to_a_group_is_not_lost_when_the_server_closes():
    """421 to the first of a group is heard, though what came behind it was never read."""
    with ScriptedServer(extensions=["PIPELINING"], faults=["mail-421"]) as server, Client(server) as client:
        client.socket.sendall(GROUP)
        assert client.rest() == b"421 4.3.2 Service shutting down\r\n"
        assert [one for one in server.commands if one.startswith(("RCPT", "DATA"))] == []


@pytest.mark.parametrize("tls", [None, "starttls", "implicit"])
def test_whoever_comes_at_its_end_is_left_to_no_garbage_collector(tls, monkeypatch):
    """A server that stops closes the connections too with which it had begun nothing yet."""
    left = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left.append(str(found.exc_value)))
    for _ in range(12):
        with ScriptedServer(tls=tls) as server:
            clients = [socket.create_connection((server.host, server.port)) for _ in range(3)]
        for one in clients:
            one.close()
    gc.collect()
    assert left == []
