"""Where bounces go (S5, M1, M13)."""

from __future__ import annotations

import pytest

from mailsend.decide.recipients import NOBODY, resolve_recipients
from mailsend.decide.reply_to import resolve_reply_to
from mailsend.decide.return_path import (
    ReturnPathFinding,
    ReturnPathReason,
    choose_return_path,
)
from mailsend.decide.route import choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.model.message import Message

OWN = "ann@operations-the-rat.example"


@pytest.fixture
def return_path(circumstances):
    """Give the decision for a message of the ratcatcher's, from its own domain where not said."""

    def decide(*, without_recipients=False, **fields):
        message = Message(**{"customer": "ratcatcher", "from_": OWN, "to": "bob@example.org", **fields})
        found = circumstances(message)
        sender = resolve_sender(message, found)
        reply_to = resolve_reply_to(message, sender, found)
        recipients = resolve_recipients(message, found)
        routes = choose_routes(message, sender, recipients.envelope_addresses, found)
        return choose_return_path(
            message, sender, reply_to, NOBODY if without_recipients else recipients, routes, found
        )

    return decide


@pytest.fixture
def customer(shop):
    """Give the customer's table."""
    return shop["customers"]["ratcatcher"]


@pytest.fixture
def signed(shop, rsa_key_text):
    """Give every allowed domain a published key, so that alignment decides nothing."""
    shop["application"]["dkim_keys"] = [{"domains": ["*"], "selector": "default", "key": rsa_key_text}]


def _chosen(decision):
    return str(decision.reason), str(decision.address)


def _passed(decision):
    return [(one.source, one.candidate, str(one.reason)) for one in decision.passed_over]


def test_through_the_smarthost_only_proved_domains_take_bounces(signed, return_path):
    """An address whose domain is not proved for the smarthost is passed over, the next one asked."""
    decision = return_path(bounce_to="b@partner.example", reply_to="r@partner.example")
    assert decision.record() == {
        "v": 1,
        "step": "return_path",
        "reason": "application_admin",
        "value": "postmaster@suite.example",
        "passed_over": [
            {
                "candidate": "b@partner.example",
                "source": "bounce_to",
                "reason": "not_proved",
                "facts": {"domain": "partner.example"},
            },
            {
                "candidate": "r@partner.example",
                "source": "reply_to",
                "reason": "not_proved",
                "facts": {"domain": "partner.example"},
            },
            {
                "candidate": "it@operations-the-rat.example",
                "source": "customer_admin",
                "reason": "not_proved",
                "facts": {"domain": "operations-the-rat.example"},
            },
        ],
        "facts": {"spf_domain": "suite.example", "aligned": False, "findings": []},
    }


def test_the_order_is_bounce_to_bounce_addresses_reply_to_admins_sender(signed, shop, customer, return_path):
    """Each candidate in turn, from the message's own to the effective sender."""
    shop["application"]["proved_for_smarthost"] = ["operations-the-rat.example", "partner.example"]
    shop["application"]["bounce_address"] = "bounces@suite.example"
    customer["bounce_address"] = "bounces@operations-the-rat.example"
    asked = {"bounce_to": "b@partner.example", "reply_to": "r@partner.example"}
    assert _chosen(return_path(**asked)) == ("bounce_to", "b@partner.example")
    del asked["bounce_to"]
    assert _chosen(return_path(**asked)) == (
        "customer_bounce_address",
        "bounces@operations-the-rat.example",
    )
    del customer["bounce_address"]
    assert _chosen(return_path(**asked)) == ("application_bounce_address", "bounces@suite.example")
    del shop["application"]["bounce_address"]
    assert _chosen(return_path(**asked)) == ("reply_to", "r@partner.example")
    asked["reply_to"] = "r@elsewhere.example"
    assert _chosen(return_path(**asked)) == ("customer_admin", "it@operations-the-rat.example")
    del customer["admin_address"]
    assert _chosen(return_path(**asked)) == ("application_admin", "postmaster@suite.example")
    del shop["application"]["admin_address"]
    assert _chosen(return_path(**asked)) == ("effective_sender", OWN)


def test_through_the_customers_server_only_its_own_domains_take_bounces(signed, shop, customer, return_path):
    """The customer's server carries the customer's domains and aliases as reverse-path, no others."""
    customer.update(server="smtp://mail.operations-the-rat.example", server_released=True)
    shop["application"]["bounce_address"] = "bounces@suite.example"
    decision = return_path(bounce_to="b@suite.example", reply_to="r@rat.example")
    assert _chosen(decision) == ("reply_to", "r@rat.example")
    assert _passed(decision) == [
        ("bounce_to", "b@suite.example", "outside_customer"),
        ("application_bounce_address", "bounces@suite.example", "outside_customer"),
    ]
    assert decision.findings == ()


def test_a_smarthost_behind_the_customers_server_changes_no_envelope(signed, customer, return_path):
    """With both among the routes an address must be the customer's and proved for the smarthost."""
    customer.update(
        server="smtp://mail.operations-the-rat.example",
        server_released=True,
        fallback_to_smarthost=True,
        proved_for_smarthost=["operations-the-rat.example"],
    )
    decision = return_path(bounce_to="b@suite.example", reply_to="r@rat.example")
    assert _chosen(decision) == ("customer_admin", "it@operations-the-rat.example")
    assert _passed(decision) == [
        ("bounce_to", "b@suite.example", "outside_customer"),
        ("reply_to", "r@rat.example", "not_proved"),
    ]


def test_without_a_published_key_an_address_that_aligns_goes_first(shop, return_path):
    """Where DKIM cannot carry DMARC, SPF must: an aligned address goes before others."""
    shop["application"]["proved_for_smarthost"] = ["mail.operations-the-rat.example"]
    shop["application"]["bounce_address"] = "bounces@suite.example"
    decision = return_path(reply_to="r@mail.operations-the-rat.example")
    assert (_chosen(decision), decision.aligned) == (
        ("reply_to", "r@mail.operations-the-rat.example"),
        True,
    )
    assert _passed(decision) == [
        ("application_bounce_address", "bounces@suite.example", "not_aligned"),
    ]


def test_where_nothing_aligns_the_order_stays(shop, return_path):
    """Without a key and without an aligned address the first usable one is taken."""
    shop["application"]["bounce_address"] = "bounces@suite.example"
    decision = return_path()
    assert (_chosen(decision), decision.aligned) == (
        ("application_bounce_address", "bounces@suite.example"),
        False,
    )


def test_the_effective_sender_is_the_last_and_a_finding_where_it_is_not_proved(signed, shop, return_path):
    """Where nothing else may be used the effective sender is, and the trace tells of the risk."""
    del shop["application"]["admin_address"]
    decision = return_path()
    assert (_chosen(decision), decision.aligned, decision.findings) == (
        ("effective_sender", OWN),
        True,
        (ReturnPathFinding.SENDER_NOT_PROVED,),
    )
    assert _passed(decision) == [
        ("reply_to", OWN, "not_proved"),
        ("customer_admin", "it@operations-the-rat.example", "not_proved"),
    ]
    assert decision.facts()["findings"] == ["sender_not_proved"]


def test_a_server_that_insists_on_its_account_gets_that_as_reverse_path(signed, shop, return_path):
    """The trait mail_from=login puts the account's address first; other logins are no candidates."""
    shop["application"]["smarthosts"] = [
        "smtp://other%40partner.example:pw@c.example",
        "smtp://account%40partner.example:pw@b.example?mail_from=login",
    ]
    decision = return_path(bounce_to="b@suite.example")
    assert _chosen(decision) == (str(ReturnPathReason.LOGIN), "account@partner.example")
    assert decision.findings == ()


def test_a_server_that_insists_does_so_without_a_key_as_well(shop, return_path):
    """Alignment does not take the account's address from a server that knows no other."""
    shop["application"]["proved_for_smarthost"] = ["operations-the-rat.example"]
    assert _chosen(return_path(bounce_to="b@suite.example")) == (
        "reply_to",
        "ann@operations-the-rat.example",
    )
    shop["application"]["smarthosts"] = ["smtp://account%40partner.example:pw@b.example?mail_from=login"]
    assert _chosen(return_path(bounce_to="b@suite.example")) == ("login", "account@partner.example")


def test_in_test_mode_no_original_recipient_takes_bounces(signed, shop, return_path):
    """The reverse-path of a test copy is never one of the real recipients."""
    shop["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    assert _chosen(return_path(to=OWN)) == ("reply_to", "test@suite.example")
    shop["application"]["test_mode"]["recipient"] = "test@elsewhere.example"
    decision = return_path(to=["postmaster@suite.example", OWN])
    assert _chosen(decision) == (
        "fallback_sender",
        "office@operations-the-rat.example",
    )
    assert _passed(decision) == [
        ("reply_to", "test@elsewhere.example", "not_proved"),
        ("customer_admin", "it@operations-the-rat.example", "not_proved"),
        ("application_admin", "postmaster@suite.example", "original_recipient"),
    ]
    everyone = ["postmaster@suite.example", OWN, "office@operations-the-rat.example"]
    assert _chosen(return_path(to=everyone)) == ("fallback_sender", "no-reply@suite.example")
    everyone.append("no-reply@suite.example")
    assert _chosen(return_path(to=everyone)) == ("effective_sender", OWN)
    customer_without = shop["customers"]["ratcatcher"]
    kept = customer_without.pop("fallback_sender")
    assert _chosen(return_path(to=everyone[:2])) == ("fallback_sender", "no-reply@suite.example")
    customer_without["fallback_sender"] = kept
    everyone_but_sender = ["postmaster@suite.example", "office@operations-the-rat.example"]
    assert _chosen(return_path(to=everyone_but_sender)) == ("effective_sender", OWN)


def test_outside_test_mode_a_recipient_may_take_bounces(signed, shop, return_path):
    """Mail to the admin may bounce to the admin."""
    decision = return_path(to="postmaster@suite.example")
    assert _chosen(decision) == ("application_admin", "postmaster@suite.example")


def test_without_recipients_the_return_path_is_still_known(signed, shop, return_path):
    """explain asks for the reverse-path of a sender without naming a recipient."""
    shop["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    assert _chosen(return_path(without_recipients=True)) == ("reply_to", "test@suite.example")


def test_a_mail_of_the_application_goes_by_its_own_addresses(signed, return_path):
    """Without a customer only the application's addresses are candidates."""
    decision = return_path(customer=None, from_="help@suite.example", reply_to="r@partner.example")
    assert _chosen(decision) == ("application_admin", "postmaster@suite.example")
    assert _passed(decision) == [("reply_to", "r@partner.example", "not_proved")]
