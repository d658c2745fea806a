"""TLS and log-in: never weaker than the settings say."""

from __future__ import annotations

import asyncio
import base64
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from waiting import wait_until

from mailsend.model.envelope import Envelope
from mailsend.model.report import Fault, Outcome
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Credentials, TlsMode
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport
from mailsend.transport.smtp.tls import context_for

DATA = b"Subject: x\r\n\r\nbody\r\n"
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org",))
PASSWORD = "p\u00e4ss/w0rd+kept secret"
ACCOUNTS = {"ann": PASSWORD}


def submit(server, times=1):
    transport = SmtpTransport(server)

    async def go():
        return [await transport.submit(ENVELOPE, DATA) for _ in range(times)][-1]

    return asyncio.run(go())


def told(attempt):
    return attempt.outcome, attempt.fault, attempt.reason


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_verified_connection_carries_the_mail(tls):
    """With a good certificate the mail arrives over TLS."""
    with ScriptedServer(tls=tls) as server:
        assert told(submit(server.server)) == (Outcome.ACCEPTED, None, "accepted")
        assert [(one.tls, one.data) for one in server.messages] == [(True, DATA)]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("certificate", ["expired", "wrong-name", "self-signed", "unknown-authority"])
def test_a_certificate_that_proves_nothing_is_not_trusted(tls, certificate):
    """A bad certificate defers the mail with advice; neither password nor mail is sent."""
    with ScriptedServer(tls=tls, certificate=certificate, accounts=ACCOUNTS) as server:
        attempt = submit(server.server)
        assert told(attempt) == (Outcome.DEFERRED, Fault.SERVER, "certificate_not_trusted")
        assert "certificate" in attempt.advice
        assert not [one for one in server.commands if not one.startswith(("EHLO", "STARTTLS"))]
        assert server.messages == []


def test_starttls_that_was_stripped_is_noticed():
    """A server that offers no STARTTLS gets no mail, whoever took it away."""
    with ScriptedServer(tls="starttls", faults=["starttls-stripped"], accounts=ACCOUNTS) as server:
        assert told(submit(server.server)) == (Outcome.DEFERRED, Fault.SERVER, "tls_not_offered")
        wait_until(lambda: server.commands[-1] == "QUIT")
        assert [one.split()[0] for one in server.commands] == ["EHLO", "QUIT"]


def test_what_is_said_before_tls_is_forgotten():
    """What an attacker puts behind the reply to STARTTLS does not reach the encrypted dialogue."""
    with ScriptedServer(tls="starttls", faults=["starttls-garbage"]) as server:
        assert told(submit(server.server)) == (Outcome.DEFERRED, Fault.SERVER, "tls_failed")


def test_an_offer_that_was_injected_before_tls_is_not_believed():
    """What the server offers is what it says under TLS: an offer from before it brings no log-in."""
    with ScriptedServer(tls="starttls", smtputf8=False, faults=["starttls-injected"]) as server:
        login = Credentials(user="ann", password=Secret(PASSWORD))
        attempt = submit(replace(server.server, credentials=login))
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_not_offered")
        wait_until(lambda: server.commands[-1] == "QUIT")
        assert [one.split()[0] for one in server.commands] == ["EHLO", "STARTTLS", "EHLO", "QUIT"]
        assert not [one for one in attempt.conversation if "AUTH PLAIN LOGIN CRAM-MD5" in one.line]


def test_an_smtps_url_on_a_starttls_port_fails_with_advice():
    """TLS from the first byte at a port that speaks in clear first is told as what it is."""
    with ScriptedServer(tls="starttls") as server:
        attempt = submit(replace(server.server, tls=TlsMode.IMPLICIT, timeout=5.0))
        assert told(attempt) == (Outcome.DEFERRED, Fault.SERVER, "tls_failed")
        assert "465" in attempt.advice


def test_a_ca_file_that_cannot_be_read_is_told(tmp_path):
    """A missing ca_file, or one without a certificate, stops the attempt before it connects."""
    (tmp_path / "empty.pem").write_text("nothing")
    with ScriptedServer(tls="starttls") as server:
        for name in ("missing.pem", "empty.pem"):
            attempt = submit(replace(server.server, ca_file=str(tmp_path / name)))
            assert told(attempt) == (Outcome.DEFERRED, Fault.SERVER, "ca_file_unreadable")
        assert server.connections == 0


def test_without_ca_file_the_authorities_of_the_system_count():
    """An authority of one's own is trusted only where ca_file names it."""
    with ScriptedServer(tls="starttls") as server:
        assert submit(replace(server.server, ca_file=None)).reason == "certificate_not_trusted"


def test_contexts_are_made_once_for_each_set_of_settings():
    """Two servers with the same authority share one context of TLS 1.2 or later."""
    with ScriptedServer(tls="starttls") as server:
        first, second = context_for(server.server), context_for(replace(server.server, port=1))
        unverified = context_for(replace(server.server, tls=TlsMode.DANGEROUS_OPPORTUNISTIC))
        assert first is second
        assert (first.minimum_version.name, first.check_hostname) == ("TLSv1_2", True)
        assert not unverified.check_hostname


@pytest.mark.parametrize("tls", ["starttls", None])
def test_opportunistic_tls_takes_what_there_is(tls):
    """The dangerous mode uses STARTTLS where it is offered, verified or not, and clear text elsewhere."""
    with ScriptedServer(tls=tls, **({"certificate": "self-signed"} if tls else {})) as server:
        attempt = submit(replace(server.server, tls=TlsMode.DANGEROUS_OPPORTUNISTIC))
        assert attempt.outcome is Outcome.ACCEPTED
        assert server.messages[0].tls is (tls is not None)


def test_opportunistic_tls_trusts_nobody_with_a_password():
    """Where there is a log-in, the certificate must be good even in the dangerous mode."""
    with ScriptedServer(tls="starttls", certificate="self-signed", accounts=ACCOUNTS) as server:
        attempt = submit(replace(server.server, tls=TlsMode.DANGEROUS_OPPORTUNISTIC))
        assert attempt.reason == "certificate_not_trusted"


@pytest.mark.parametrize(
    ("method", "offered"),
    [
        (None, ["PLAIN", "LOGIN", "CRAM-MD5"]),
        (None, ["LOGIN"]),
        (None, ["CRAM-MD5"]),
        (AuthMethod.LOGIN, ["PLAIN", "LOGIN"]),
        (AuthMethod.CRAM_MD5, ["PLAIN", "CRAM-MD5"]),
    ],
)
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_one_method_logs_in(tls, method, offered):
    """The method that was asked for, or else the first that is offered, logs in with one AUTH."""
    with ScriptedServer(tls=tls, accounts=ACCOUNTS, auth_methods=offered) as server:
        attempt = submit(replace(server.server, auth=method))
        assert attempt.outcome is Outcome.ACCEPTED
        assert server.messages[0].user == "ann"
        wanted = (method or AuthMethod(offered[0].lower())).upper()
        assert [one for one in server.commands if one.startswith("AUTH")] == [f"AUTH {wanted}"]


def test_a_wrong_password_is_tried_once_with_one_method():
    """After a 535 no other method is tried, and the next mail does not even connect."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS) as server:
        wrong = replace(server.server, credentials=Credentials(user="ann", password=Secret("wrong")))
        transport = SmtpTransport(wrong)

        async def twice():
            return [await transport.submit(ENVELOPE, DATA) for _ in range(2)]

        first, second = asyncio.run(twice())
        assert told(first) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_failed")
        assert told(second) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_paused")
        assert server.connections == 1
        assert [one for one in server.commands if one.startswith("AUTH")] == ["AUTH PLAIN"]


def test_many_mails_at_once_try_a_wrong_password_once():
    """One log-in at a time until one has succeeded: a wrong password is sent once, not eight times."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS) as server:
        wrong = replace(server.server, credentials=Credentials(user="ann", password=Secret("wrong")))
        transport = SmtpTransport(wrong)

        async def many():
            return await asyncio.gather(*(transport.submit(ENVELOPE, DATA) for _ in range(8)))

        reasons = sorted(one.reason for one in asyncio.run(many()))
        assert reasons == ["auth_failed"] + ["auth_paused"] * 7
        assert len([one for one in server.commands if one.startswith("AUTH")]) == 1


def test_threads_and_loops_and_transports_share_what_is_known_of_a_password():
    """Four loops at once, each with a transport of its own, try a wrong password once."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS) as server:
        wrong = replace(server.server, credentials=Credentials(user="ann", password=Secret("wrong")))
        with ThreadPoolExecutor(4) as threads:
            attempts = list(threads.map(submit, [wrong] * 4))
        assert sorted(one.reason for one in attempts) == ["auth_failed"] + ["auth_paused"] * 3
        assert submit(wrong).reason == "auth_paused"
        assert len([one for one in server.commands if one.startswith("AUTH")]) == 1
        assert submit(server.server).reason == "accepted"


def test_a_454_is_not_held_against_the_password():
    """A temporary failure of the log-in is tried again with the next mail."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS, faults=["auth-454:1"]) as server:
        transport = SmtpTransport(server.server)

        async def twice():
            return [(await transport.submit(ENVELOPE, DATA)).reason for _ in range(2)]

        assert asyncio.run(twice()) == ["auth_temporary", "accepted"]


def test_credentials_are_not_sent_where_no_log_in_is_offered():
    """With credentials and no AUTH on offer nothing is sent at all."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS, faults=["auth-stripped"]) as server:
        assert told(submit(server.server)) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_not_offered")
        assert server.messages == []
        assert not [one for one in server.commands if one.startswith(("AUTH", "MAIL"))]


def test_a_method_that_is_not_offered_is_not_replaced_by_another():
    """auth=cram-md5 does not fall back to sending the password."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS) as server:
        attempt = submit(replace(server.server, auth=AuthMethod.CRAM_MD5))
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_method_not_offered")
        assert not [one for one in server.commands if one.startswith("AUTH")]


@pytest.mark.parametrize("method", [AuthMethod.XOAUTH2, AuthMethod.OAUTHBEARER])
def test_a_method_for_tokens_is_not_replaced_by_one_for_passwords(method):
    """A server without it gets nothing, with advice."""
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS) as server:
        attempt = submit(replace(server.server, auth=method))
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_method_not_offered")
        assert "set auth=" in attempt.advice
        assert not [one for one in server.commands if one.startswith("AUTH")]


def test_credentials_go_in_clear_to_loopback_alone_and_only_when_asked():
    """tls=none on loopback logs in; the same to another name, or opportunistically, does not."""
    with ScriptedServer(accounts=ACCOUNTS) as server:
        assert submit(server.server).outcome is Outcome.ACCEPTED
        server.commands.clear()
        opportunistic = submit(replace(server.server, tls=TlsMode.DANGEROUS_OPPORTUNISTIC))
        assert told(opportunistic) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_in_clear")

        async def to_loopback(host, port):
            return [(socket.AF_INET, (server.host, port))]

        elsewhere = SmtpTransport(replace(server.server, host="mail.example"), resolve=to_loopback)
        attempt = asyncio.run(elsewhere.submit(ENVELOPE, DATA))
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_in_clear")
        assert not [one for one in server.commands if one.startswith("AUTH")]


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("right", [True, False])
def test_no_secret_stands_in_what_is_kept(method, right, caplog):
    """Neither conversation nor log nor repr holds the password, raw or in base64."""
    caplog.set_level("DEBUG")
    with ScriptedServer(tls="starttls", accounts=ACCOUNTS, auth_methods=[method]) as server:
        if not right:
            server.misbehave("auth-535")
        attempt = submit(server.server)
        kept = "\n".join(
            [repr(attempt), *map(str, attempt.conversation), caplog.text, *server.commands, repr(server)]
        )
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    together = base64.b64encode(f"\0ann\0{PASSWORD}".encode()).decode()
    assert "AUTH" in kept
    assert [one for one in (PASSWORD, encoded, together) if one in kept] == []


def test_a_password_that_a_server_repeats_is_masked():
    """A server that quotes our AUTH in its refusal does not bring the password into the record."""
    token = base64.b64encode(f"\0ann\0{PASSWORD}".encode()).decode()
    with EchoServer(token) as server:
        with ScriptedServer(accounts=ACCOUNTS) as other:
            login = other.server.credentials
        attempt = submit(
            replace(other.server, port=server.port, credentials=login, tls=TlsMode.DANGEROUS_NONE)
        )
    assert token not in repr(attempt)
    assert attempt.reply.text == "cannot understand AUTH PLAIN ***"


@pytest.mark.parametrize(
    "form",
    [
        "p%C3%A4ss%2Fw0rd%2Bkept%20secret",
        "p%c3%a4ss%2fw0rd%2bkept%20secret",
        "p%C3%A4ss%2Fw0rd%2Bkept+secret",
        base64.b64encode(PASSWORD.encode()).decode().rstrip("="),
        base64.b64encode(f"\0{PASSWORD}".encode()).decode(),
        base64.b64encode(f"\0ann\0{PASSWORD}".encode()).decode().rstrip("="),
    ],
)
def test_a_password_is_masked_in_every_form_that_a_server_may_give_it(form):
    """Percent-encoded, in base64 without its padding, and as PLAIN has it without the user."""
    assert refused_with(form, f"535 5.7.8 no: {form}, sorry").reply.text == "no: ***, sorry"


def test_a_short_password_changes_no_code():
    """The codes are read and kept; only what is said beside them is masked."""
    attempt = refused_with("5", "535-5.7.5 you said 5\r\n535 5.7.5 no", password="5")
    assert (attempt.reply.code, attempt.reply.enhanced, attempt.reply.text) == (
        535, "5.7.5", "you said ***\nno",
    )  # fmt: skip
    assert [one.line for one in attempt.conversation if one.who == "S"][-2:] == [
        "535-5.7.5 you said ***", "535 5.7.5 no",
    ]  # fmt: skip


def test_a_short_password_changes_no_challenge():
    """CRAM-MD5 answers what was asked, though the password stands in the challenge by chance."""
    with ScriptedServer(tls="starttls", accounts={"ann": "P"}, auth_methods=["CRAM-MD5"]) as server:
        assert submit(server.server).reason == "accepted"


def refused_with(token, answer, password=PASSWORD):
    with EchoServer(token, answer.encode()) as server:
        with ScriptedServer(accounts={"ann": password}) as other:
            to = replace(other.server, port=server.port, tls=TlsMode.DANGEROUS_NONE)
        attempt = submit(to)
    if len(token) > 1:
        assert token not in repr(attempt)
    return attempt


class EchoServer:
    """A server that knows EHLO and repeats whatever else it hears, or says ``answer``."""

    def __init__(self, token, answer=b""):
        self.token = token
        self.answer = answer

    def __enter__(self):
        import threading

        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        connection, _ = self.socket.accept()
        # Where its loop ends the other side does not wait for our answer to QUIT.
        with suppress(ConnectionError), connection, connection.makefile("rwb") as file:
            file.write(b"220 hello\r\n")
            file.flush()
            for line in file:
                heard = line.strip()
                answer = (
                    b"250-me\r\n250 AUTH PLAIN"
                    if heard.startswith(b"EHLO")
                    else self.answer or b"500 cannot understand " + heard
                )
                file.write(answer + b"\r\n")
                file.flush()

    def __exit__(self, *_):
        self.thread.join(5)
        self.socket.close()
