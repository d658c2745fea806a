"""Servers that misbehave by name: what is told, and that nothing is lost, doubled or hanging."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest
from free_port import free_port
from passing_time import pass_time
from waiting import until

from mailsend.errors import InvalidSettings
from mailsend.model.envelope import Envelope
from mailsend.model.report import Fault, Outcome
from mailsend.model.server import Server, TlsMode
from mailsend.testing.faults import FAULTS, fault_named
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport, SubmitOptions
from mailsend.transport.unfinished import unfinished

DATA = b"Subject: x\r\n\r\n.body\r\n"
BIG = b"Subject: x\r\n\r\n" + (b"x" * 76 + b"\r\n") * 320_000  # more than the kernel takes unread
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org", "b@example.org"))
DEFERRED, REJECTED, UNKNOWN, ACCEPTED = (
    Outcome.DEFERRED,
    Outcome.REJECTED,
    Outcome.UNKNOWN,
    Outcome.ACCEPTED,
)


def submit(server, data=DATA, timeout=0.5, dot_timeout=0.5, **options):
    """Submit with limits that are short, since the server is near and its silence is meant."""
    shortened = replace(server, timeout=timeout, dot_timeout=dot_timeout)
    return asyncio.run(SmtpTransport(shortened).submit(ENVELOPE, data, options=SubmitOptions(**options)))


# fault: outcome, fault, reason, whether the same server may be tried again at once
TOLD = {
    "connect-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "greet-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "greet-421-rate": (DEFERRED, Fault.SERVER, "rate", True),
    "greet-554": (DEFERRED, Fault.SERVER, "block_listed", False),
    "greet-silent": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "greet-garbage": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "greet-endless": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "greet-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "greet-drip": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "ehlo-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "ehlo-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "ehlo-502": (DEFERRED, Fault.SERVER, "protocol", False),
    "ehlo-550": (DEFERRED, Fault.SERVER, "helo_refused", False),
    "starttls-stripped": (DEFERRED, Fault.SERVER, "tls_not_offered", False),
    "starttls-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "starttls-454": (DEFERRED, Fault.SERVER, "tls_refused", False),
    "starttls-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "starttls-garbage": (DEFERRED, Fault.SERVER, "tls_failed", False),
    "starttls-injected": (ACCEPTED, None, "accepted", False),
    "auth-stripped": (DEFERRED, Fault.ACCOUNT, "auth_not_offered", False),
    "auth-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "auth-454": (DEFERRED, Fault.ACCOUNT, "auth_temporary", False),
    "auth-535": (DEFERRED, Fault.ACCOUNT, "auth_failed", False),
    "auth-535-basic": (DEFERRED, Fault.ACCOUNT, "auth_switched_off", False),
    "auth-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "mail-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "mail-drip": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "mail-451": (DEFERRED, Fault.SERVER, "server_fault", False),
    "mail-530": (DEFERRED, Fault.ACCOUNT, "auth_required", False),
    "mail-550-sender": (DEFERRED, Fault.SENDER, "sender_not_allowed", False),
    "mail-552": (REJECTED, Fault.MESSAGE, "too_big", False),
    "mail-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "rcpt-450": (DEFERRED, Fault.RECIPIENT, "greylisted", False),
    "rcpt-550": (REJECTED, Fault.RECIPIENT, "no_such_user", False),
    "rcpt-554-policy": (REJECTED, Fault.RECIPIENT, "recipient_policy", False),
    "rcpt-554-relay": (DEFERRED, Fault.SERVER, "relaying_denied", False),
    "rcpt-latin-1": (REJECTED, Fault.RECIPIENT, "no_such_user", False),
    "rcpt-long-line": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "rcpt-endless": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "rcpt-drop": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "rcpt-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "rcpt-double": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "rcpt-250-close": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "half-refused": (REJECTED, Fault.RECIPIENT, "no_such_user", False),
    "half-deferred": (DEFERRED, Fault.RECIPIENT, "recipient_refused", False),
    "too-many-452": (ACCEPTED, None, "accepted", False),
    "too-many-552": (ACCEPTED, None, "accepted", False),
    "data-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "data-451": (DEFERRED, Fault.SERVER, "server_fault", False),
    "data-250": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "data-354-and-250": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "drop-before-354": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "silent-before-354": (DEFERRED, Fault.SERVER, "connection_lost", True),
    "drop-in-content": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "421-in-content": (DEFERRED, Fault.SERVER, "server_busy", True),
    "250-in-content": (ACCEPTED, None, "accepted", False),
    "552-in-content": (REJECTED, Fault.MESSAGE, "too_big", False),
    "silent-in-content": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "drop-after-dot": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "drop-when-taken": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "silent-after-dot": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "drip-after-dot": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "garbage-after-dot": (UNKNOWN, Fault.SERVER, "silence_after_dot", False),
    "dot-250-close": (ACCEPTED, None, "accepted", False),
    "dot-211": (DEFERRED, Fault.SERVER, "senseless_reply", False),
    "dot-421": (DEFERRED, Fault.SERVER, "server_busy", True),
    "dot-451": (DEFERRED, Fault.SERVER, "server_fault", False),
    "dot-552-full": (REJECTED, Fault.RECIPIENT, "mailbox_full", False),
    "dot-554": (REJECTED, Fault.MESSAGE, "content_refused", False),
    "rset-421": (ACCEPTED, None, "accepted", False),
    "rset-drop": (ACCEPTED, None, "accepted", False),
    "quit-421": (ACCEPTED, None, "accepted", False),
    "quit-drop": (ACCEPTED, None, "accepted", False),
    "quit-silent": (ACCEPTED, None, "accepted", False),
}


def test_every_fault_is_told_of():
    """What is told of here are faults that there are; tests/scenarios tells of every one."""
    assert set(TOLD) <= set(FAULTS)


@pytest.mark.parametrize("fault", TOLD)
def test_a_fault_is_told_as_what_it_is(fault):
    """The attempt says outcome, blame and reason, and whether the same server may be tried again."""
    with_login = fault.startswith(("starttls", "auth"))
    options = {"tls": "starttls", "accounts": {"ann": "pass"}} if with_login else {}
    with ScriptedServer(faults=[fault], **options) as server:
        attempt = submit(server.server)
    assert (attempt.outcome, attempt.fault, str(attempt.reason), attempt.retry_now) == TOLD[fault]
    assert bool(attempt.advice) is (attempt.outcome is not ACCEPTED)


@pytest.mark.parametrize("fault", [one for one, told in TOLD.items() if told[0] is not ACCEPTED])
def test_the_next_mail_goes_through_once_the_fault_is_over(fault):
    """After a fault that strikes once the same transport delivers; a wrong log-in alone must wait."""
    with_login = fault.startswith(("starttls", "auth"))
    options = {"tls": "starttls", "accounts": {"ann": "pass"}} if with_login else {}
    with ScriptedServer(faults=[f"{fault}:1"], **options) as server:
        transport = SmtpTransport(replace(server.server, timeout=0.5, dot_timeout=0.5))

        async def twice():
            return [(await transport.submit(ENVELOPE, DATA)) for _ in range(2)][1]

        second = asyncio.run(twice())
        paused = fault.startswith("auth-535")
        assert str(second.reason) == ("auth_paused" if paused else "accepted")
        assert server.messages == [] if paused else server.messages[-1].data == DATA


def test_a_recipient_taken_on_a_connection_that_then_closed_is_not_accepted():
    """A 250 to RCPT is no 250 to the mail, however soon the connection closes behind it."""
    with ScriptedServer(faults=["rcpt-250-close"]) as server:
        attempt = submit(server.server)
        assert {one.outcome for one in attempt.recipients.values()} == {DEFERRED}
        assert server.messages == []


def test_a_reply_that_came_before_its_question_is_not_believed():
    """A server that says 250 together with 354 gets no content, and nobody is told that it took the mail."""
    with ScriptedServer(faults=["data-354-and-250"]) as server:
        attempt = submit(server.server)
        assert (attempt.outcome, attempt.queue_id) == (DEFERRED, None)
        assert not [one for one in server.commands if one.startswith("Subject")]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("drop-in-content", (DEFERRED, "connection_lost", True)),
        ("silent-in-content", (DEFERRED, "connection_lost", True)),
        ("552-in-content", (REJECTED, "too_big", False)),
        ("421-in-content", (DEFERRED, "server_busy", True)),
        ("250-in-content", (DEFERRED, "senseless_reply", False)),
    ],
)
def test_a_big_mail_cut_before_its_dot_was_not_sent(fault, told):
    """Where content was still to be written, the outcome is known: nobody got the mail."""
    with ScriptedServer(faults=[fault]) as server:
        attempt = submit(server.server, BIG)
        assert (attempt.outcome, str(attempt.reason), attempt.retry_now) == told
        assert server.messages == []


def test_a_mail_that_was_taken_without_a_word_is_not_sent_again():
    """A server that takes the mail and closes in silence leaves the outcome unknown, and got it once."""
    with ScriptedServer(faults=["drop-when-taken"]) as server:
        attempt = submit(server.server)
        assert {one.outcome for one in attempt.recipients.values()} == {UNKNOWN}
        assert [one.data for one in server.messages] == [DATA]


@pytest.mark.parametrize("fault", ["mail-drop", "mail-421", "mail-drip"])
def test_a_taken_mail_stays_accepted_when_the_next_transaction_breaks(fault):
    """Of five recipients the two of the first transaction keep their 250; the others are deferred."""
    several = Envelope(reverse_path="ann@suite.example", recipients=[f"{one}@example.org" for one in "abcde"])
    with ScriptedServer(faults=["too-many-452"]) as server:

        class ThenBroken(list):
            def append(self, mail):
                super().append(mail)
                server.misbehave(fault)

        server.messages = ThenBroken()
        transport = SmtpTransport(replace(server.server, timeout=0.5, dot_timeout=0.5))
        attempt = asyncio.run(transport.submit(several, DATA))
        assert [str(one.outcome) for one in attempt.recipients.values()] == ["accepted"] * 2 + [
            "deferred"
        ] * 3
        assert [one.recipients for one in server.messages] == [("a@example.org", "b@example.org")]


def test_a_size_that_is_no_number_of_this_world_is_passed_over():
    """SIZE with five thousand digits is no limit, and no error either."""
    with ScriptedServer(max_size=0, extensions=["SIZE " + "9" * 5000]) as server:
        assert submit(server.server).outcome is ACCEPTED


def test_a_long_reply_is_kept_in_part():
    """What a hostile server can make us remember of each reply is bounded."""
    with ScriptedServer(replies={"a@example.org": "550 5.1.1 " + "x" * 8000}) as server:
        attempt = submit(server.server)
        assert len(attempt.recipients["a@example.org"].reply.text) < 4097
        assert max(len(one.line) for one in attempt.conversation) < 4110


def test_a_big_mail_arrives_unchanged():
    """Content that is written in several blocks arrives as it was, dots at line starts too."""
    data = b"Subject: x\r\n\r\n" + b"".join(b".%d\r\n" % n + b"y" * 90 + b"\r\n" for n in range(12_000))
    for tls in (None, "starttls"):
        with ScriptedServer(tls=tls) as server:
            assert submit(server.server, data, timeout=20.0, dot_timeout=20.0).outcome is ACCEPTED
            assert server.messages[0].data == data


@pytest.mark.parametrize(
    ("fault", "passing", "reason"),
    [("silent-after-dot", [6.0, 20.0], "silence_after_dot"), ("silent-before-354", [6.0], "connection_lost")],
)
def test_the_limit_of_a_step_is_not_that_of_the_dot(fault, passing, reason):
    """timeout shortens every step but the final dot, whose limit is dot_timeout."""
    with ScriptedServer(faults=[fault]) as server:

        async def go():
            transport = SmtpTransport(replace(server.server, timeout=5.0, dot_timeout=20.0))
            work = asyncio.create_task(transport.submit(ENVELOPE, DATA))
            at_dot = fault == "silent-after-dot"
            await until(lambda: unfinished() if at_dot else "DATA" in server.commands)
            for seconds in passing:
                assert not work.done()
                pass_time(seconds)
                await asyncio.sleep(0.005)
            return await work

        assert asyncio.run(go()).reason == reason


@pytest.mark.parametrize("fault", ["greet-silent", "silent-before-354"])
def test_a_deadline_ends_what_comes_before_the_dot(fault):
    """When the deadline passes before the dot the mail is deferred, and nobody got it."""
    with ScriptedServer(faults=[fault]) as server:
        attempt = submit(server.server, timeout=None, dot_timeout=60.0, deadline=0.3)
        assert (attempt.outcome, str(attempt.reason), attempt.retry_now) == (DEFERRED, "deadline", False)
        assert server.messages == []


def test_no_more_connections_than_the_trait_allows():
    """max_connections bounds what is open at the same time."""
    with ScriptedServer() as server:
        transport = SmtpTransport(replace(server.server, max_connections=2))
        most = 0

        async def many():
            nonlocal most
            tasks = [asyncio.create_task(transport.submit(ENVELOPE, DATA)) for _ in range(12)]
            while not all(one.done() for one in tasks):
                most = max(most, server.open_connections)
                await asyncio.sleep(0)
            return {(await one).outcome for one in tasks}

        assert asyncio.run(many()) == {ACCEPTED}
        assert 1 <= most <= 2


async def _nobody(host, port):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def _no_address(host, port):
    return []


async def _later(host, port):
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


async def _never(host, port):
    await asyncio.sleep(60)


async def _impossible(host, port):
    raise UnicodeError("label too long")


@pytest.mark.parametrize(
    ("resolve", "missing", "reason"),
    [
        (_nobody, True, "name_missing"),
        (_no_address, True, "name_missing"),
        (_impossible, True, "name_missing"),
        (_later, False, "name_lookup_failed"),
        (_never, False, "name_lookup_failed"),
    ],
)
def test_only_a_name_that_does_not_exist_is_missing(resolve, missing, reason):
    """NXDOMAIN and no address are permanently wrong; a look-up that fails or lasts is temporary."""
    server = Server(host="mail.example", port=25, tls=TlsMode.DANGEROUS_NONE, timeout=0.2)
    attempt = asyncio.run(SmtpTransport(server, resolve=resolve).submit(ENVELOPE, DATA))
    assert (attempt.outcome, attempt.name_missing, str(attempt.reason)) == (DEFERRED, missing, reason)


def test_the_systems_resolver_is_asked():
    """Without a resolver of one's own the name is looked up by the system."""
    with ScriptedServer() as server:
        assert submit(replace(server.server, host="localhost")).outcome is ACCEPTED


def test_addresses_are_tried_in_turn_within_one_attempt():
    """An address that refuses, and one that greets badly, lead to the next; the attempt is one."""
    with ScriptedServer() as good, ScriptedServer(faults=["greet-421"]) as bad:

        async def three(host, port):
            return [
                (socket.AF_INET, ("127.0.0.1", free_port())),
                (socket.AF_INET, ("127.0.0.1", bad.port)),
                (socket.AF_INET, ("127.0.0.1", good.port)),
            ]

        attempt = asyncio.run(SmtpTransport(good.server, resolve=three).submit(ENVELOPE, DATA))
        assert attempt.outcome is ACCEPTED
        assert [one.line for one in attempt.conversation if "connecting" in one.line][2] == (
            f"(connecting to 127.0.0.1 port {good.port})"
        )


@pytest.mark.parametrize(
    "fault", ["ehlo-drop", "ehlo-550", "starttls-454", "starttls-stripped", "starttls-garbage"]
)
def test_an_address_that_greets_and_fails_before_the_log_in_leads_to_the_next(fault):
    """A broken machine behind one address must not keep all mail from those behind the others; nobody logs in there."""
    account = {"tls": "starttls", "accounts": {"ann": "pass"}}
    with ScriptedServer(**account) as good, ScriptedServer(**account, faults=[fault]) as bad:
        where = [(socket.AF_INET, ("127.0.0.1", bad.port)), (socket.AF_INET, ("127.0.0.1", good.port))]

        async def both(host, port):
            return where

        async def alone(host, port):
            return where[:1]

        attempt = asyncio.run(SmtpTransport(good.server, resolve=both).submit(ENVELOPE, DATA))
        assert attempt.outcome is ACCEPTED
        assert not [one for one in bad.commands if one.startswith(("AUTH", "MAIL"))]
        assert (
            asyncio.run(SmtpTransport(good.server, resolve=alone).submit(ENVELOPE, DATA)).outcome is DEFERRED
        )


def test_a_certificate_that_is_not_trusted_is_told_though_another_address_is_out_of_reach():
    """What one address said tells more than that there is no way to another, whichever is tried last."""
    with ScriptedServer(tls="starttls", certificate="wrong-name") as server:
        reached, lost = ((socket.AF_INET, ("127.0.0.1", port)) for port in (server.port, free_port()))
        for order in ([reached, lost], [lost, reached]):

            async def resolve(host, port, order=order):
                return order

            attempt = asyncio.run(SmtpTransport(server.server, resolve=resolve).submit(ENVELOPE, DATA))
            assert attempt.reason == "certificate_not_trusted"


def test_what_passes_at_one_address_passes():
    """A server that refuses us for good at one address, and cannot be reached at another, is tried again."""
    with ScriptedServer(faults=["greet-554-no-service"]) as server:
        refusing, lost = ((socket.AF_INET, ("127.0.0.1", port)) for port in (server.port, free_port()))
        for order, told in (
            ([refusing, lost], ("not_connected", False)),
            ([lost, refusing], ("not_connected", False)),
            ([refusing], ("server_fault", True)),
        ):

            async def resolve(host, port, order=order):
                return order

            attempt = asyncio.run(SmtpTransport(server.server, resolve=resolve).submit(ENVELOPE, DATA))
            assert [(one.reason, one.lasting) for one in attempt.recipients.values()] == [told] * len(
                attempt.recipients
            )


def test_an_address_of_a_kind_that_this_machine_lacks_is_passed_over():
    """Where no socket can be had for an address, the next one is tried; alone it is a connection fault."""
    lacking = (4711, ("2001:db8::1", 25, 0, 0))
    with ScriptedServer() as server:
        for addresses, reason in (
            ([lacking, (socket.AF_INET, ("127.0.0.1", server.port))], "accepted"),
            ([lacking], "not_connected"),
        ):

            async def resolve(host, port, addresses=addresses):
                return addresses

            transport = SmtpTransport(server.server, resolve=resolve)
            assert asyncio.run(transport.submit(ENVELOPE, DATA)).reason == reason


def test_a_server_that_is_not_there_is_told():
    """A refused connection is a connection fault with advice."""
    server = Server(host="127.0.0.1", port=free_port(), tls=TlsMode.DANGEROUS_NONE)
    attempt = asyncio.run(SmtpTransport(server).submit(ENVELOPE, DATA))
    assert (attempt.outcome, str(attempt.reason), attempt.retry_now) == (DEFERRED, "not_connected", True)
    assert "firewall" in attempt.advice


def test_the_source_address_is_ours_to_choose():
    """A source address that this machine does not have is a connection fault; loopback works."""
    with ScriptedServer() as server:
        assert submit(replace(server.server, source_address="127.0.0.1")).outcome is ACCEPTED
        assert submit(replace(server.server, source_address="192.0.2.1")).reason == "not_connected"


def test_the_ehlo_name_is_an_address_literal_or_what_the_settings_say():
    """EHLO tells no host name of ours unless it is set."""
    with ScriptedServer() as server:
        submit(server.server)
        submit(replace(server.server, local_hostname="app.suite.example"))
        ehlos = [one for one in server.commands if one.startswith("EHLO")]
        assert ehlos == ["EHLO [127.0.0.1]", "EHLO app.suite.example"]


def test_a_reply_cannot_draw_on_a_terminal_or_forge_a_line():
    """Control characters in a reply are replaced before anybody sees it."""
    with ScriptedServer(replies={"a@example.org": "550 5.1.1 \x1b[2J\x00gone\x85yes"}) as server:
        attempt = submit(server.server)
        assert attempt.recipients["a@example.org"].reply.text == "\ufffd[2J\ufffdgone\ufffdyes"


def test_an_unknown_fault_is_refused_with_those_there_are():
    """A misspelt fault names the known ones."""
    with pytest.raises(InvalidSettings, match="there is no fault called 'greet-422'") as caught:
        ScriptedServer(faults=["greet-422"])
    assert "greet-421" in caught.value.advice
    assert fault_named("greet-421:2").times == 2


def test_a_running_server_can_be_told_otherwise():
    """Faults, log-in and TLS can be set while the server runs."""
    with ScriptedServer() as server:
        server.misbehave("rcpt-550")
        assert submit(server.server).outcome is REJECTED
        server.behave()
        server.require_login("ann", "pass")
        assert submit(server.server).outcome is ACCEPTED
        server.use_tls("starttls")
        assert submit(server.server).outcome is ACCEPTED
        assert [(one.user, one.tls) for one in server.messages] == [("ann", False), ("ann", True)]
        assert submit(Server.from_url(server.url)).outcome is ACCEPTED
        assert server.server == replace(Server.from_url(server.url), label="")
