"""The JSON documents as whole values, where no command makes them easily."""

from __future__ import annotations

from datetime import UTC, datetime

from mailsend.cli.documents import report_document
from mailsend.decide.route import RoutesDecision, RoutesReason, second_look
from mailsend.model.address import Address, ByAddress
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.health import Health
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, Exchange, Fault, Outcome, RecipientResult, Report
from mailsend.model.server import Server

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BOB = Address.parse("bob@example.org")


def test_a_report_tells_the_order_of_servers_what_lasts_and_the_conversation() -> None:
    """A second look stands there as a record, and each attempt has its lines with their times."""
    one, two = (Server(host=f"relay{number}.suite.example", port=587) for number in (1, 2))
    routes = RoutesDecision(
        reason=RoutesReason.SMARTHOST,
        offered=tuple(OfferedServer(server=server, owner=Owner.APPLICATION) for server in (one, two)),
    )
    ill = {one: Health(faults=1, bad_until=130.0, why="not_connected")}
    reply = Reply(code=535, enhanced="5.7.8", text="Wrong")
    result = RecipientResult(
        outcome=Outcome.DEFERRED,
        reply=reply,
        server=two.name,
        envelope_address=BOB,
        attempts=1,
        fault=Fault.ACCOUNT,
        reason="auth_failed",
        advice="Correct it.",
        lasting=True,
    )
    attempt = Attempt(
        server=two.name,
        recipients=ByAddress({BOB: result}),
        outcome=Outcome.DEFERRED,
        fault=Fault.ACCOUNT,
        reply=reply,
        reason="auth_failed",
        conversation=(
            Exchange(at=0.25, who="C", line="AUTH PLAIN ***"),
            Exchange(at=0.5, who="S", line="535 5.7.8 Wrong"),
        ),
        started=NOW,
        ended=NOW,
    )
    report = Report(
        id="1",
        message_id="1@suite.example",
        recipients=ByAddress({BOB: result}),
        attempts=(attempt,),
        digest="d1",
        decisions=(second_look(routes, Address.parse("ann@suite.example"), ill, now=100.0),),
    )

    said = {"code": 535, "enhanced": "5.7.8", "text": "Wrong"}
    assert report_document(report) == {
        "id": "1",
        "message_id": "1@suite.example",
        "digest": "d1",
        "complete": False,
        "recipients": [
            {
                "address": "bob@example.org",
                "outcome": "deferred",
                "reply": said,
                "server": "relay2.suite.example:587",
                "envelope_address": "bob@example.org",
                "attempts": 1,
                "fault": "account",
                "reason": "auth_failed",
                "lasting": True,
                "advice": "Correct it.",
            }
        ],
        "attempts": [
            {
                "server": "relay2.suite.example:587",
                "outcome": "deferred",
                "fault": "account",
                "reply": said,
                "reason": "auth_failed",
                "queue_id": None,
                "started": "2026-11-22T00:00:00+00:00",
                "ended": "2026-11-22T00:00:00+00:00",
                "conversation": ["   0.250 C: AUTH PLAIN ***", "   0.500 S: 535 5.7.8 Wrong"],
            }
        ],
        "decisions": [
            {
                "v": 1,
                "step": "second_look",
                "reason": "by_health",
                "value": ["relay2.suite.example:587", "relay1.suite.example:587"],
                "passed_over": [
                    {
                        "candidate": "relay1.suite.example:587",
                        "source": "application",
                        "reason": "suspect",
                        "facts": {"why": "not_connected"},
                    }
                ],
                "facts": {},
            }
        ],
    }
