"""Which servers carry the mail, in which order (P1, Q6, S1, M6 to M8)."""

from __future__ import annotations

import pytest

from mailsend.decide.route import RoutePassedOver, RoutesReason, RoutesRefused, choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.model.address import Address
from mailsend.model.circumstances import Owner
from mailsend.model.decision import PassedOver
from mailsend.model.message import Message
from mailsend.model.submission import Refusal

OWN = "smtp://mail.operations-the-rat.example"
OWN_NAME = "mail.operations-the-rat.example:587"
RELAYS = ["relay1.suite.example:587", "relay2.suite.example:587"]


@pytest.fixture
def routes(circumstances):
    """Give the decision for a message of the ratcatcher's, from its own domain where not said."""

    def decide(*, recipients=("bob@example.org",), **fields):
        message = Message(**{"customer": "ratcatcher", "from_": "ann@operations-the-rat.example", **fields})
        found = circumstances(message)
        sender = resolve_sender(message, found)
        return choose_routes(message, sender, [Address.parse(one) for one in recipients], found)

    return decide


@pytest.fixture
def customer(shop):
    """Give the customer's table."""
    return shop["customers"]["ratcatcher"]


def _passed(decision):
    return {one.candidate: (one.reason, one.source, dict(one.facts)) for one in decision.passed_over}


def test_without_a_server_of_its_own_a_customers_mail_goes_by_the_smarthosts_in_order(routes):
    """The smarthosts carry what no customer's server does, in the order of the settings."""
    decision = routes()
    assert decision.record() == {
        "v": 1,
        "step": "routes",
        "reason": "smarthost",
        "value": RELAYS,
        "passed_over": [],
        "facts": {"owners": ["application", "application"]},
    }
    assert decision.owners == {Owner.APPLICATION}


def test_a_server_that_is_not_released_carries_nothing(customer, routes):
    """A customer's server that nobody released is passed over, and the smarthosts carry the mail."""
    customer["server"] = OWN
    decision = routes()
    assert [one.name for one in decision.servers] == RELAYS
    assert decision.passed_over == (
        PassedOver(
            candidate=OWN_NAME,
            source="customer",
            reason=RoutePassedOver.NOT_RELEASED,
            facts={"state": "locked"},
        ),
    )


def test_a_released_server_carries_its_customers_mail_alone(customer, routes):
    """Where a customer has a released server, the smarthosts do not stand behind it unasked."""
    customer.update(server=OWN, server_released=True)
    decision = routes()
    assert (decision.reason, [one.name for one in decision.servers]) == (
        RoutesReason.CUSTOMER,
        [OWN_NAME],
    )
    assert _passed(decision) == {
        name: (RoutePassedOver.OWN_SERVER_INSTEAD, "application", {}) for name in RELAYS
    }


def test_the_smarthosts_stand_behind_it_only_for_a_proved_domain(customer, routes):
    """fallback_to_smarthost takes the smarthosts in where From's domain is proved for them."""
    customer.update(server=OWN, server_released=True, fallback_to_smarthost=True)
    assert _passed(routes()) == {
        name: (RoutePassedOver.NOT_PROVED, "application", {"domain": "operations-the-rat.example"})
        for name in RELAYS
    }
    customer["proved_for_smarthost"] = ["operations-the-rat.example"]
    assert [one.name for one in routes().servers] == [OWN_NAME, *RELAYS]


def test_a_sender_outside_the_customers_domains_never_goes_through_its_server(shop, customer, routes):
    """A mail rewritten to the application's sender leaves by the smarthosts."""
    customer.update(server=OWN, server_released=True)
    del customer["fallback_sender"]
    decision = routes(from_="x@gmail.com")
    assert [one.name for one in decision.servers] == RELAYS
    assert _passed(decision) == {
        OWN_NAME: (
            RoutePassedOver.SENDER_OUTSIDE_CUSTOMER,
            "customer",
            {"sender": "no-reply@suite.example"},
        )
    }


def test_servers_are_chosen_by_address_then_domain_then_as_the_customers_default(customer, routes):
    """The most exact match goes first; servers for other senders are not offered the mail."""
    customer["server_released"] = True
    customer["servers"] = [
        {"url": "smtp://default.example"},
        {"url": "smtp://domain.example", "senders": ["@operations-the-rat.example"]},
        {"url": "smtp://ann.example", "senders": ["Ann@operations-the-rat.example"]},
        {"url": "smtp://bob.example", "senders": ["bob@operations-the-rat.example"]},
    ]
    decision = routes()
    assert (decision.reason, [one.host for one in decision.servers]) == (
        RoutesReason.SENDER_ADDRESS,
        ["ann.example", "domain.example", "default.example"],
    )
    assert _passed(decision)["bob.example:587"] == (
        RoutePassedOver.OTHER_SENDERS,
        "customer",
        {"sender": "ann@operations-the-rat.example"},
    )
    by_domain = routes(from_="carl@operations-the-rat.example")
    assert (by_domain.reason, by_domain.servers[0].host) == (
        RoutesReason.SENDER_DOMAIN,
        "domain.example",
    )


def test_a_smarthost_that_carries_certain_senders_is_not_offered_others(shop, routes):
    """The trait senders of a server holds for smarthosts as well."""
    shop["application"]["smarthosts"][0] += "?senders=@suite.example"
    assert [one.name for one in routes().servers] == RELAYS[1:]


def test_required_tls_is_not_offered_to_servers_that_do_without(shop, routes):
    """require_tls leaves out servers whose TLS is not required and verified; kept mail needs none."""
    shop["application"]["smarthosts"] = [
        "smtp://open.example?tls=none&dangerous=true",
        "smtp://maybe.example?tls=opportunistic&dangerous=true",
        "smtps://strict.example",
        "smtp://also-strict.example",
        "memory:",
    ]
    decision = routes(require_tls=True)
    assert [one.host for one in decision.servers] == ["strict.example", "also-strict.example", ""]
    assert {one.reason for one in decision.passed_over} == {RoutePassedOver.TLS_NOT_REQUIRED}
    assert len(routes().servers) == 5


def test_special_use_recipients_go_only_where_they_are_known(shop, routes):
    """.internal goes to a server that lists it, to loopback and to what keeps mail; not outside."""
    shop["application"]["smarthosts"] = [
        "smtp://outside.example",
        "smtp://inside.example?internal_domains=*.corp.internal",
        "smtp://127.0.0.1:2525",
        "memory:",
    ]
    decision = routes(recipients=("a@corp.internal", "b@x.corp.internal"))
    assert [one.host for one in decision.servers] == ["inside.example", "127.0.0.1", ""]
    assert _passed(decision) == {
        "outside.example:587": (
            RoutePassedOver.INTERNAL_RECIPIENT,
            "application",
            {"domain": "corp.internal"},
        )
    }
    other = routes(recipients=("a@corp.internal", "b@other.test"))
    assert [one.host for one in other.servers] == ["127.0.0.1", ""]


def test_without_any_server_the_message_is_refused(shop, routes):
    """No server at all is a refusal that says what to set."""
    shop["application"]["smarthosts"] = []
    assert routes() == Refusal(
        step="routes",
        reason=RoutesRefused.NO_ROUTE,
        advice="Set application.smarthosts, or SMTP_URL in the environment.",
    )


def test_where_every_server_is_passed_over_the_refusal_says_why(shop, routes):
    """The refusal holds each server with the reason why it was passed over."""
    shop["application"]["smarthosts"] = ["smtp://outside.example"]
    refusal = routes(recipients=("a@host.test",))
    assert refusal == Refusal(
        step="routes",
        reason=RoutesRefused.NO_ROUTE,
        advice="Each server was passed over for its own reason; release one, or add one that fits.",
        passed_over=(
            PassedOver(
                candidate="outside.example:587",
                source="application",
                reason=RoutePassedOver.INTERNAL_RECIPIENT,
                facts={"domain": "host.test"},
            ),
        ),
    )


def test_a_mail_of_the_application_itself_knows_no_customers_server(routes):
    """Without a customer only the smarthosts are there."""
    decision = routes(customer=None, from_="help@suite.example")
    assert [one.name for one in decision.servers] == RELAYS
