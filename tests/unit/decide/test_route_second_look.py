"""The second look at the routes: by health, and only among servers that were chosen for one reason (M7)."""

from __future__ import annotations

import pytest

from mailsend.decide.route import (
    RoutesDecision,
    RoutesReason,
    SecondLook,
    SecondLookPassedOver,
    SecondLookReason,
    second_look,
)
from mailsend.model.address import Address
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.decision import PassedOver
from mailsend.model.health import WELL, Health
from mailsend.model.server import Server

ANN = Address.parse("ann@customer.example")
NOW = 100.0
SUSPECT = Health(faults=1, bad_until=130.0, why="not_connected")
DOWN = Health(faults=3, bad_until=300.0, why="connection_lost")
SLOWED = Health(slow=1, slow_until=101.0)
PAST = Health(faults=3, bad_until=100.0, why="not_connected", slow=1, slow_until=100.0)


def server(name):
    return Server(host=f"{name}.example", port=587)


def routes(*offered):
    return RoutesDecision(
        reason=RoutesReason.SMARTHOST,
        offered=tuple(
            OfferedServer(server=server(name), owner=owner, senders=senders)
            for name, owner, senders in offered
        ),
    )


RELAYS = routes(*((name, Owner.APPLICATION, ()) for name in ("one", "two", "three")))


def names(found):
    return [one.host.partition(".")[0] for one in found.servers]


def test_where_all_are_well_the_order_is_as_decided():
    """Servers of which nothing is known, or nothing bad any more, stay where they are."""
    expected = SecondLook(
        reason=SecondLookReason.AS_DECIDED, servers=tuple(map(server, ("one", "two", "three")))
    )
    assert second_look(RELAYS, ANN, {}, NOW) == expected
    assert second_look(RELAYS, ANN, {server("one"): WELL, server("two"): PAST}, NOW) == expected


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        (SLOWED, SecondLookPassedOver.SLOWED),
        (SUSPECT, SecondLookPassedOver.SUSPECT),
        (DOWN, SecondLookPassedOver.DOWN),
    ],
)
def test_a_server_that_is_unwell_waits_behind_those_that_are_well(health, reason):
    """It is not left out, and the look says which server waits and why."""
    assert second_look(RELAYS, ANN, {server("one"): health}, NOW) == SecondLook(
        reason=SecondLookReason.BY_HEALTH,
        servers=tuple(map(server, ("two", "three", "one"))),
        passed_over=(
            PassedOver(
                candidate="one.example:587", source="application", reason=reason, facts={"why": health.why}
            ),
        ),
    )


def test_the_less_bad_goes_before_the_worse():
    """Slowed before suspect before down; nobody is said to wait whom nobody overtook."""
    found = second_look(
        RELAYS, ANN, {server("one"): DOWN, server("two"): SUSPECT, server("three"): SLOWED}, NOW
    )
    assert names(found) == ["three", "two", "one"]
    assert [one.candidate for one in found.passed_over] == ["two.example:587", "one.example:587"]
    found = second_look(RELAYS, ANN, {server("two"): SUSPECT, server("three"): DOWN}, NOW)
    assert (names(found), found.passed_over, found.reason) == (
        ["one", "two", "three"],
        (),
        SecondLookReason.AS_DECIDED,
    )


def test_a_customers_server_is_never_overtaken_by_a_smarthost():
    """A customer's mail waits for the customer's server; only its servers of one kind change places."""
    mixed = routes(
        ("ann", Owner.CUSTOMER, ("ann@customer.example",)),
        ("domain", Owner.CUSTOMER, ("@customer.example",)),
        ("first", Owner.CUSTOMER, ()),
        ("second", Owner.CUSTOMER, ()),
        ("relay", Owner.APPLICATION, ()),
    )
    unwell = dict.fromkeys(map(server, ("ann", "domain", "first")), DOWN)
    assert names(second_look(mixed, ANN, unwell, NOW)) == ["ann", "domain", "second", "first", "relay"]


def test_a_server_that_stands_twice_stays_twice():
    """Nothing is lost where one server was named twice."""
    twice = routes(*((name, Owner.APPLICATION, ()) for name in ("one", "two", "one")))
    found = second_look(twice, ANN, {server("two"): DOWN}, NOW)
    assert (names(found), len(found.passed_over)) == (["one", "one", "two"], 1)


def test_it_is_told_in_words():
    """Logs keep it like any decision, and people read it."""
    found = second_look(RELAYS, ANN, {server("one"): SUSPECT}, NOW)
    assert found.record() == {
        "v": 1,
        "step": "second_look",
        "reason": "by_health",
        "value": ["two.example:587", "three.example:587", "one.example:587"],
        "passed_over": [
            {
                "candidate": "one.example:587",
                "source": "application",
                "reason": "suspect",
                "facts": {"why": "not_connected"},
            }
        ],
        "facts": {},
    }
    assert found.explain() == (
        "The servers are tried in this order now: two.example:587, three.example:587, one.example:587."
        " one.example:587 comes later: the last attempt at it failed (not_connected)."
    )
