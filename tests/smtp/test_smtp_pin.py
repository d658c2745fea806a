"""Servers that are known by their own authority or by their public key (M10)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mailsend.model.certificate import certificates_in, pin_of
from mailsend.model.envelope import Envelope
from mailsend.model.report import Fault, Outcome
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport
from mailsend.transport.smtp.tls import context_for, kept_context

DATA = b"Subject: x\r\n\r\nbody\r\n"
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org",))
ACCOUNTS = {"ann": "pw"}
BAD = ["expired", "wrong-name", "self-signed", "unknown-authority"]


def submit(server):
    async def go():
        transport = SmtpTransport(server)
        attempt = await transport.submit(ENVELOPE, DATA)
        await transport.aclose()
        return attempt

    return asyncio.run(go())


def key_of(server, tls):
    """Give the pin of the key that ``server`` shows, whoever signed for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((server.host, server.port), 10) as sock:
        if tls == "starttls":
            with sock.makefile("rb") as lines:
                lines.readline()
                sock.sendall(b"STARTTLS\r\n")
                lines.readline()
        with context.wrap_socket(sock) as wrapped:
            return pin_of(wrapped.getpeercert(binary_form=True))


@pytest.fixture(params=["starttls", "implicit"])
def tls(request):
    return request.param


@pytest.mark.parametrize("certificate", ["good", *BAD])
def test_the_key_that_was_confirmed_is_enough(tls, certificate):
    """With its pin a server is trusted for its key, whoever signed for it, with a log-in as without."""
    with ScriptedServer(tls=tls, certificate=certificate, accounts=ACCOUNTS) as server:
        pinned = replace(server.server, ca_file=None, pin=key_of(server, tls))
        attempt = submit(pinned)
        assert (attempt.outcome, attempt.reason) == (Outcome.ACCEPTED, "accepted")
        assert [(one.tls, one.user) for one in server.messages] == [(True, "ann")]


@pytest.mark.parametrize("certificate", ["good", "self-signed"])
def test_another_key_gets_nothing(tls, certificate):
    """Where the key is another one, the mail is deferred with advice before a byte of it is sent."""
    with ScriptedServer(tls=tls, certificate=certificate, accounts=ACCOUNTS) as server:
        attempt = submit(replace(server.server, ca_file=None, pin="ab" * 32))
        assert (attempt.outcome, attempt.fault, attempt.reason) == (
            Outcome.DEFERRED, Fault.SERVER, "pin_mismatch",
        )  # fmt: skip
        assert "public key" in attempt.advice
        assert not [one for one in server.commands if not one.startswith(("EHLO", "STARTTLS"))]
        assert server.messages == []
        assert [one for one in attempt.conversation if "the public key is" in one.line]


def test_a_good_authority_does_not_outweigh_a_wrong_key(tls):
    """With both, both have to hold: the certificate is trusted, and the key is another one."""
    with ScriptedServer(tls=tls) as server:
        assert submit(replace(server.server, pin="ab" * 32)).reason == "pin_mismatch"
        assert submit(replace(server.server, pin=key_of(server, tls))).reason == "accepted"


def test_a_right_key_does_not_outweigh_a_wrong_name(tls):
    """Where an authority is named besides the pin, the name in the certificate counts again."""
    with ScriptedServer(tls=tls, certificate="wrong-name") as server:
        pinned = replace(server.server, pin=key_of(server, tls))
        assert submit(pinned).reason == "certificate_not_trusted"
        assert submit(replace(pinned, tls_name="elsewhere.example")).reason == "accepted"


def test_the_certificates_name_may_be_another_than_the_hosts(tls):
    """``tls_name`` is what the certificate has to be for; the host's own name is then not enough."""
    with ScriptedServer(tls=tls, certificate="wrong-name") as server:
        assert submit(server.server).reason == "certificate_not_trusted"
        assert submit(replace(server.server, tls_name="elsewhere.example")).reason == "accepted"
    with ScriptedServer(tls=tls) as server:
        assert submit(replace(server.server, tls_name="other.example")).reason == "certificate_not_trusted"


def test_an_authority_can_stand_in_the_settings_themselves(tls):
    """PEM text does what a file of certificates does, and trusts nobody else."""
    with ScriptedServer(tls=tls) as server:
        pem = Path(server.ca_file).read_text()
        assert submit(replace(server.server, ca_file=None, ca=pem)).reason == "accepted"
        with ScriptedServer(tls=tls) as other:
            assert submit(replace(other.server, ca_file=None, ca=pem)).reason == "certificate_not_trusted"


def test_text_without_a_certificate_is_told():
    """An authority that is none stops the attempt before it connects."""
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    with ScriptedServer(tls="starttls") as server:
        for text in ("nothing", broken):
            assert submit(replace(server.server, ca_file=None, ca=text)).reason == "ca_file_unreadable"
        assert server.connections == 0


def test_a_certificate_that_is_trusted_by_itself_needs_no_authority():
    """The server's own certificate, given as ``ca``, is enough to trust it."""
    with ScriptedServer(tls="implicit") as server:
        pem = ssl.get_server_certificate((server.host, server.port))
        assert len(certificates_in(pem)) == 1
        assert submit(replace(server.server, ca_file=None, ca=pem)).reason == "accepted"


def test_a_context_is_made_once_and_found_without_waiting(tmp_path):
    """What was made before is found by digest, for text as for files, until the file changes."""
    with ScriptedServer(tls="starttls") as server:
        pem = Path(server.ca_file).read_text()
    file = tmp_path / "ca.pem"
    file.write_text(pem)
    by_file = replace(server.server, ca_file=str(file))
    by_text = replace(server.server, ca_file=None, ca=pem)

    assert kept_context(by_file) is None
    made = context_for(by_file)
    assert made is kept_context(by_file) is context_for(by_text) is kept_context(by_text)
    file.write_text(pem + "\n# another state of the file\n")
    assert kept_context(by_file) is None
    assert context_for(by_file) is not made
    file.unlink()
    assert kept_context(by_file) is None
    pinned = replace(by_text, pin="ab" * 32)
    assert context_for(pinned) is kept_context(pinned) is not made


def test_a_kept_context_crosses_no_thread(monkeypatch):
    """The second connection finds its context on the loop's own thread."""
    with ScriptedServer(tls="starttls") as server:
        assert submit(server.server).reason == "accepted"
        threads = []
        started = threading.Thread.start
        monkeypatch.setattr(threading.Thread, "start", lambda one: (threads.append(one), started(one)))

        async def here(host, port):
            return [(socket.AF_INET, (server.host, port))]

        async def go():
            transport = SmtpTransport(server.server, resolve=here)
            attempt = await transport.submit(ENVELOPE, DATA)
            await transport.aclose()
            return attempt

        assert asyncio.run(go()).reason == "accepted"
        assert [one for one in threads if "asyncio" in one.name or "ThreadPool" in one.name] == []


def test_only_so_many_contexts_are_kept():
    """Hundreds of customers with keys of their own do not make the memory grow without end."""
    with ScriptedServer(tls="starttls") as server:
        many = [replace(server.server, ca_file=None, pin=f"{n:064x}") for n in range(300)]
    contexts = [context_for(one) for one in many]

    assert kept_context(many[0]) is None
    assert kept_context(many[-1]) is contexts[-1]
    assert len([one for one in many if kept_context(one)]) <= 256
