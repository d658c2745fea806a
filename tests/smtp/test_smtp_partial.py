"""Each recipient has an answer of its own, in as many transactions as it takes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from waiting import wait_until

from mailsend.model.envelope import NULL_REVERSE_PATH, Envelope
from mailsend.model.report import Fault, Outcome
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport, SubmitOptions

DATA = b"Subject: x\r\n\r\nbody\r\n"


def envelope(*names, sender="ann@suite.example"):
    return Envelope(reverse_path=sender, recipients=[f"{name}@example.org" for name in names])


def submit(server, what, data=DATA, **options):
    return asyncio.run(SmtpTransport(server).submit(what, data, options=SubmitOptions(**options)))


def outcomes(attempt):
    return {one.local_part: str(result.outcome) for one, result in attempt.recipients.items()}


def test_two_of_three_are_taken_and_the_third_is_told():
    """A partial refusal goes on with DATA for those who were taken."""
    with ScriptedServer(faults=["half-refused"]) as server:
        attempt = submit(server.server, envelope("a", "b", "c"))
        assert outcomes(attempt) == {"a": "accepted", "b": "rejected", "c": "accepted"}
        assert [one.recipients for one in server.messages] == [("a@example.org", "c@example.org")]
        assert attempt.queue_id == "1"


def test_a_recipient_deferred_beside_accepted_ones_stays_deferred():
    """A 4yz to one recipient is that recipient's alone."""
    with ScriptedServer(faults=["half-deferred"]) as server:
        attempt = submit(server.server, envelope("a", "b"))
        assert outcomes(attempt) == {"a": "accepted", "b": "deferred"}
        assert (attempt.outcome, attempt.retry_now) == (Outcome.DEFERRED, False)


def test_where_all_are_refused_no_data_is_sent():
    """With no recipient left the transaction is reset; DATA is never said."""
    with ScriptedServer(faults=["rcpt-550"]) as server:
        attempt = submit(server.server, envelope("a", "b"))
        assert outcomes(attempt) == {"a": "rejected", "b": "rejected"}
        wait_until(lambda: server.commands[-1] == "QUIT")
        assert [one.split()[0] for one in server.commands] == ["EHLO", "MAIL", "RCPT", "RCPT", "RSET", "QUIT"]


@pytest.mark.parametrize("fault", ["too-many-452", "too-many-552"])
def test_too_many_goes_on_in_a_next_transaction(fault):
    """Who was one too many is taken by the next transaction of the same attempt, with the same bytes."""
    with ScriptedServer(faults=[fault]) as server:
        attempt = submit(server.server, envelope("a", "b", "c", "d", "e"))
        assert [one.recipients for one in server.messages] == [
            ("a@example.org", "b@example.org"),
            ("c@example.org", "d@example.org"),
            ("e@example.org",),
        ]
        assert {one.data for one in server.messages} == {DATA}
        assert server.connections == 1
        assert {(one.outcome, one.attempts) for one in attempt.recipients.values()} == {(Outcome.ACCEPTED, 1)}


def test_max_recipients_bounds_a_transaction():
    """No transaction holds more recipients than the server's trait allows."""
    with ScriptedServer() as server:
        attempt = submit(replace(server.server, max_recipients=2), envelope("a", "b", "c"))
        assert [len(one.recipients) for one in server.messages] == [2, 1]
        assert attempt.outcome is Outcome.ACCEPTED


def test_no_limit_is_no_limit():
    """max_recipients 0 puts all into one transaction."""
    with ScriptedServer() as server:
        submit(replace(server.server, max_recipients=0), envelope(*(f"n{n}" for n in range(120))))
        assert [len(one.recipients) for one in server.messages] == [120]


def test_the_same_policy_reply_for_two_domains_is_the_servers():
    """X.7.1 for recipients of two domains in a row is held against the server, for both."""
    with ScriptedServer(faults=["rcpt-554-policy"]) as server:
        both = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org", "b@example.net"))
        attempt = submit(server.server, both)
        assert {(one.outcome, one.fault, one.reason) for one in attempt.recipients.values()} == {
            (Outcome.DEFERRED, Fault.SERVER, "server_policy")
        }
        one_domain = submit(server.server, envelope("a", "b"))
        assert {(one.fault, one.reason) for one in one_domain.recipients.values()} == {
            (Fault.RECIPIENT, "recipient_policy")
        }


def test_the_policy_reply_is_remembered_from_one_mail_to_the_next():
    """Two domains in a row count across mails of one transport."""
    with ScriptedServer(faults=["rcpt-554-policy"]) as server:
        transport = SmtpTransport(server.server)

        async def two_mails():
            return [
                (
                    await transport.submit(
                        Envelope(reverse_path="ann@suite.example", recipients=(who,)), DATA
                    )
                ).reason
                for who in ("a@example.org", "b@example.net")
            ]

        assert asyncio.run(two_mails()) == ["recipient_policy", "server_policy"]


def test_a_mail_over_the_offered_size_is_not_even_begun():
    """SIZE is looked at before MAIL; the message is at fault."""
    with ScriptedServer(max_size=1000) as server:
        attempt = submit(server.server, envelope("a"), b"Subject: x\r\n\r\n" + b"x" * 990 + b"\r\n")
        assert (attempt.outcome, attempt.fault, attempt.reason) == (
            Outcome.REJECTED, Fault.MESSAGE, "too_big",
        )  # fmt: skip
        wait_until(lambda: server.commands[-1] == "QUIT")
        assert [one.split()[0] for one in server.commands] == ["EHLO", "QUIT"]
        assert submit(server.server, envelope("a")).outcome is Outcome.ACCEPTED
        assert server.messages[0].mail_parameters == (f"SIZE={len(DATA)}",)


def test_letters_beyond_ascii_go_by_smtputf8_where_it_is_offered():
    """A non-ASCII local part is carried with SMTPUTF8, and the parameter stands nowhere else."""
    with ScriptedServer() as server:
        assert submit(server.server, envelope("jürgen")).outcome is Outcome.ACCEPTED
        assert server.messages[0].recipients == ("jürgen@example.org",)
        assert "SMTPUTF8" in server.messages[0].mail_parameters


def test_letters_beyond_ascii_are_not_carried_where_smtputf8_is_not_offered():
    """Only the recipient who needs SMTPUTF8 is kept for another server; with such a sender all are."""
    not_here = {(Outcome.DEFERRED, Fault.SERVER, "smtputf8_not_offered")}
    with ScriptedServer(smtputf8=False) as server:
        attempt = submit(server.server, envelope("jürgen", "bob"))
        assert outcomes(attempt) == {"jürgen": "deferred", "bob": "accepted"}
        for what, data in (
            (envelope("bob", sender="jürgen@suite.example"), DATA),
            (envelope("bob"), "Subject: ü\r\n\r\nx\r\n".encode()),
            (envelope("bob"), "Subject: x\r\n\r\nü\r\n".encode()),
        ):
            attempt = submit(server.server, what, data)
            assert {(attempt.outcome, attempt.fault, attempt.reason)} == not_here
        assert [one.recipients for one in server.messages] == [("bob@example.org",)]


@pytest.mark.parametrize(
    ("data", "smtputf8", "parameters"),
    [
        ("Subject: ü\r\n\r\nx\r\n", True, ("SMTPUTF8", "BODY=8BITMIME")),
        ("Subject: x\r\n\r\nü\r\n", True, ("BODY=8BITMIME",)),
        ("Subject: x\r\n\r\nü\r\n", False, ("BODY=8BITMIME",)),
        ("Subject: x\r\n\r\nx\r\n", True, ()),
    ],
)
def test_eight_bit_content_says_so(data, smtputf8, parameters):
    """A header beyond ASCII is announced with SMTPUTF8, any octet beyond it with BODY=8BITMIME."""
    with ScriptedServer(extensions=["8BITMIME"], smtputf8=smtputf8) as server:
        assert submit(server.server, envelope("bob"), data.encode()).outcome is Outcome.ACCEPTED
        assert server.messages[0].data == data.encode()
        assert server.messages[0].mail_parameters[1:] == parameters


def test_delivery_status_notices_are_asked_for_where_they_are_offered():
    """RET, ENVID, NOTIFY and ORCPT are written in xtext; NEVER stands under a null reverse-path."""
    with ScriptedServer(extensions=["DSN"]) as server:
        plus = Envelope(reverse_path="ann@suite.example", recipients=("a+b=c@example.org",))
        submit(server.server, plus, envelope_id="4711=x")
        submit(server.server, Envelope(reverse_path=NULL_REVERSE_PATH, recipients=("a@example.org",)))
        first, second = server.messages
        assert first.mail_parameters[1:] == ("RET=HDRS", "ENVID=4711+3Dx")
        assert first.rcpt_parameters == ("NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;a+2Bb+3Dc@example.org")
        assert second.rcpt_parameters == ("NOTIFY=NEVER", "ORCPT=rfc822;a@example.org")


def test_notices_are_not_asked_for_where_they_are_not_offered():
    """A server without DSN gets no parameter that it would refuse."""
    with ScriptedServer() as server:
        submit(server.server, envelope("a"), envelope_id="4711")
        assert (server.messages[0].mail_parameters, server.messages[0].rcpt_parameters) == (
            (f"SIZE={len(DATA)}",), (),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("tls", "extensions", "outcome"),
    [
        ("starttls", ["REQUIRETLS"], Outcome.ACCEPTED),
        ("starttls", [], Outcome.DEFERRED),
        (None, ["REQUIRETLS"], Outcome.DEFERRED),
    ],
)
def test_require_tls_needs_verified_tls_and_the_offer(tls, extensions, outcome):
    """A mail that asks for TLS all the way goes only where the server promises it, over TLS."""
    with ScriptedServer(tls=tls, extensions=extensions) as server:
        attempt = submit(server.server, envelope("a"), require_tls=True)
        assert attempt.outcome is outcome
        if outcome is Outcome.ACCEPTED:
            assert "REQUIRETLS" in server.messages[0].mail_parameters
        else:
            assert (attempt.reason, server.messages) == ("require_tls_not_offered", [])


def test_a_quoted_local_part_stays_quoted():
    """The quotes of a local part that needs them reach the server."""
    with ScriptedServer() as server:
        quoted = Envelope(reverse_path="ann@suite.example", recipients=('"a b"@example.org',))
        assert submit(server.server, quoted).outcome is Outcome.ACCEPTED
        assert server.messages[0].recipients == ('"a b"@example.org',)
