"""Three log-ins refused, each after its pause, lock a customer's server in the store (M12)."""

from __future__ import annotations

from mailsend.mailer import Mailer
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.model.server import ServerState
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer
from mailsend.transport.clock import steady_seconds
from mailsend.transport.smtp.memory import gate_for

TO_BOB = Message(to="bob@elsewhere.example", customer="rat", subject="Hello", text="Hello\n")


def settings(url: str, **customer: object) -> Settings:
    application = {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "store": "memory:",
        "secret_keys": ["k" * 43],
    }
    rat = {
        "allowed_domains": ["rat.example"],
        "fallback_sender": "Rat <office@rat.example>",
        "server": url,
        "server_released": True,
    }
    return Settings.model_validate({"application": application, "customers": {"rat": rat | customer}})


def refuse_thrice(fingerprint: str) -> None:
    gate, began = gate_for(fingerprint), steady_seconds() - 5000.0
    for now in (began, began + 301.0, began + 2200.0):
        gate.refused(now)


def states(mailer: Mailer) -> list[tuple[ServerState, str]]:
    return [(one.state, one.steps[-1].by if one.steps else "") for one in mailer.servers.list("rat")]


def test_the_third_refusal_locks_the_server_in_the_store() -> None:
    """The mail that meets the closed gate locks the server, by name and reason; the next is not offered to it."""
    with ScriptedServer(tls="starttls", accounts={"ann": "pass"}) as server:
        with Mailer(settings(server.url)) as mailer:
            refuse_thrice(server.server.fingerprint)
            (report,) = mailer.send_many([TO_BOB])
            assert [(one.outcome, one.reason) for one in report.recipients.values()] == [
                (Outcome.DEFERRED, "auth_paused")
            ]
            assert states(mailer) == [(ServerState.LOCKED, "mailsend")]
            (later,) = mailer.send_many([TO_BOB])
        assert later.refusal is not None
        assert later.refusal.reason == "no_route"
        assert server.commands == []


def test_a_first_refusal_locks_nothing() -> None:
    """After one 535 the gate is closed for a while, and the server stays released."""
    with (
        ScriptedServer(tls="starttls", accounts={"ann": "pass"}, faults=["auth-535"]) as server,
        Mailer(settings(server.url)) as mailer,
    ):
        (report,) = mailer.send_many([TO_BOB])
        assert [one.reason for one in report.recipients.values()] == ["auth_failed"]
        assert [state for state, _ in states(mailer)] == [ServerState.RELEASED]


def test_a_release_after_the_last_refusal_opens_the_gate_again() -> None:
    """What a person released in another process is not locked by one that only remembers the refusals."""
    with (
        ScriptedServer(tls="starttls", accounts={"ann": "pass"}) as server,
        Mailer(settings(server.url)) as mailer,
    ):
        refuse_thrice(server.server.fingerprint)
        list(mailer.send_many([TO_BOB]))
        fingerprint = server.server.fingerprint
        gate = gate_for(fingerprint)
        gate.reopen()
        mailer.servers.unlock("rat", by="ann")
        assert mailer.servers.verify("rat", by="ann").ok
        mailer.servers.release("rat", by="ann")
        refuse_thrice(fingerprint)
        (met, *_) = mailer.send_many([TO_BOB])
        assert [one.reason for one in met.recipients.values()] == ["auth_paused"]
        assert states(mailer) == [(ServerState.RELEASED, "ann")]
        (report,) = mailer.send_many([TO_BOB])
        assert report.complete
