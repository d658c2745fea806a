"""The same scenarios with a healthy second route: no loss, no double, no refusal retried elsewhere."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from catalogue import CATALOGUE, FAST
from running import SENDER, client_of, server_of
from scenario import SENSELESS, may_go_elsewhere

from mailsend.errors import MailsendError
from mailsend.mailer import Mailer
from mailsend.model.message import Message
from mailsend.model.server import Server, TlsMode
from mailsend.settings import Settings
from mailsend.testing.server import ScriptedServer

# The Mailer composes here, so what a scenario says of the content does not come about; and an address
# beyond ASCII stands in the header then, which concerns all recipients.
SUITABLE = [
    name
    for name, scenario in CATALOGUE.items()
    if scenario.mails == 1 and scenario.content == "small" and "".join(scenario.recipients).isascii()
]
SETTINGS = {
    "name": "Suite",
    "fallback_sender": f"Suite <{SENDER}>",
    "allowed_domains": ["suite.example"],
    "admin_address": "admin@suite.example",
}


def send(recipients, *servers, **options):
    """Send one mail by these routes, and give the report."""
    settings = Settings.model_validate({"application": {**SETTINGS, "smarthosts": list(servers)}})
    message = Message(to=list(recipients), subject="A mail", text="With a text.\n", **options)
    with Mailer(settings) as mailer:
        try:
            return mailer.send(message, deadline=60.0)
        except MailsendError as problem:
            return problem.report


def copies(server, recipient):
    """Count what the server's own record holds for a recipient."""
    return sum(recipient in one.recipients for one in server.messages)


def outcomes(scenario, place):
    """Give what a recipient may be told at the end, and by which of the two servers it is held then."""
    for told in scenario.told_each[place]:
        first = scenario.taken_each[place]
        if told == "accepted":
            yield "accepted", 1, 0
        elif may_go_elsewhere(told) and not (scenario.ends_at_the_dot and told == SENSELESS):
            yield "accepted", 0, 1
        else:
            outcome = told.partition(" ")[0]
            held = (0, 1) if outcome == "unknown" and first is None else (int(bool(first)),)
            yield from ((outcome, one, 0) for one in held)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else pytest.mark.rings) for name in SUITABLE]
)
def test_a_second_route_takes_what_it_may_and_nothing_else(name):
    """Each recipient ends where the rules say: with one server, once, or with none."""
    scenario = CATALOGUE[name]
    secured = {"tls": "starttls", "extensions": ["REQUIRETLS"]}
    with server_of(scenario) as faulty, ScriptedServer(**secured) as healthy:
        first = replace(client_of(scenario, faulty.server), label="first")
        second = replace(healthy.server, label="second", timeout=20.0)
        report = send(
            scenario.recipients, first, second, require_tls=bool(scenario.options.get("require_tls"))
        )
        told = [str(report.recipients[one].outcome) for one in scenario.recipients]
        found = [(copies(faulty, one), copies(healthy, one)) for one in scenario.recipients]
        wrong = [
            (who, outcome, held)
            for place, (who, outcome, held) in enumerate(zip(scenario.recipients, told, found, strict=True))
            if (outcome, *held) not in set(outcomes(scenario, place))
        ]
        assert wrong == []


@pytest.mark.parametrize("fault", ["rcpt-550", "dot-554", "mail-552", "half-refused"])
def test_a_refusal_is_never_offered_to_another_route(fault):
    """A recipient who was refused for good is not even asked about at the second server."""
    with ScriptedServer(faults=[fault]) as faulty, ScriptedServer() as healthy:
        report = send(("a@example.org", "b@example.org"), faulty.server, healthy.server)
        assert len(report.rejected) == (1 if fault == "half-refused" else 2)
        assert healthy.commands == []


@pytest.mark.parametrize("fault", ["drop-when-taken", "drop-after-dot", "silent-after-dot", "dot-cut"])
def test_after_the_final_dot_nothing_is_sent_again(fault):
    """A mail whose outcome is unknown is offered once, whatever the server made of it."""
    with ScriptedServer(faults=[fault]) as faulty, ScriptedServer() as healthy:
        report = send(("a@example.org",), replace(faulty.server, dot_timeout=0.6), healthy.server)
        assert [str(one.outcome) for one in report.recipients.values()] == ["unknown"]
        assert healthy.commands == []
        assert sum(one.startswith("DATA") for one in faulty.commands) == 1


def test_a_name_that_does_not_exist_is_not_failed_over():
    """NXDOMAIN is a wrong setting: the mail waits, and the second route is not asked (M11)."""
    wrong = Server(host="nowhere.invalid", port=25, tls=TlsMode.DANGEROUS_NONE)
    with ScriptedServer() as healthy:
        report = send(("a@example.org",), wrong, healthy.server)
        assert [(str(one.outcome), one.reason) for one in report.recipients.values()] == [
            ("deferred", "name_missing")
        ]
        assert healthy.commands == []


def test_a_server_that_is_not_there_is_failed_over():
    """A refused connection leads to the next route at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gone = Server(host="127.0.0.1", port=probe.getsockname()[1], tls=TlsMode.DANGEROUS_NONE)
        with ScriptedServer() as healthy:
            assert send(("a@example.org",), gone, healthy.server).complete
            assert len(healthy.messages) == 1
