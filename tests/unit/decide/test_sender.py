"""The effective sender, case by case (T1, T2, M2, M4)."""

from __future__ import annotations

import pytest

from mailsend.decide.sender import SenderDecision, SenderPassedOver, SenderReason, resolve_sender
from mailsend.model.address import Address, Mailbox
from mailsend.model.decision import PassedOver
from mailsend.model.display_name import NameReason
from mailsend.model.message import Message

RATCATCHER = {"customer": "ratcatcher"}
ZURICH = {"customer": "ratcatcher", "business_unit": "zurich"}
NOT_ALLOWED = PassedOver(
    candidate="x@gmail.com",
    source="requested",
    reason=SenderPassedOver.DOMAIN_NOT_ALLOWED,
    facts={"domain": "gmail.com", "allowed": ["operations-the-rat.example"]},
)


def test_a_requested_sender_in_an_allowed_domain_is_used_as_it_stands(circumstances):
    """A requested sender whose domain is allowed is the effective sender, name and all."""
    message = Message(from_="Ann Meier <ann@operations-the-rat.example>", **RATCATCHER)
    assert resolve_sender(message, circumstances(message)) == SenderDecision(
        reason=SenderReason.REQUESTED,
        mailbox=Mailbox.parse("Ann Meier <ann@operations-the-rat.example>"),
        requested=Mailbox.parse("Ann Meier <ann@operations-the-rat.example>"),
        name=NameReason.AS_ASKED,
        customer="ratcatcher",
        business_unit=None,
        passed_over=(),
    )


def test_a_foreign_sender_becomes_the_business_units_and_the_decision_says_why(circumstances):
    """A requested sender outside the allowed domains gives way to the unit's fallback sender."""
    message = Message(from_="x@gmail.com", **ZURICH)
    decision = resolve_sender(message, circumstances(message))
    assert decision == SenderDecision(
        reason=SenderReason.BUSINESS_UNIT,
        mailbox=Mailbox.parse("Zurich <zurich@operations-the-rat.example>"),
        requested=Mailbox.parse("x@gmail.com"),
        name=NameReason.FALLBACK_ALONE,
        customer="ratcatcher",
        business_unit="zurich",
        passed_over=(NOT_ALLOWED,),
    )
    assert decision.rewritten


def test_the_record_of_a_decision_holds_all_that_its_words_need(circumstances):
    """A decision is written down as {v, step, reason, value, passed_over, facts}."""
    message = Message(from_="x@gmail.com", **ZURICH)
    assert resolve_sender(message, circumstances(message)).record() == {
        "v": 1,
        "step": "sender",
        "reason": "business_unit",
        "value": "Zurich <zurich@operations-the-rat.example>",
        "passed_over": [
            {
                "candidate": "x@gmail.com",
                "source": "requested",
                "reason": "domain_not_allowed",
                "facts": {"domain": "gmail.com", "allowed": ["operations-the-rat.example"]},
            }
        ],
        "facts": {
            "requested": "x@gmail.com",
            "customer": "ratcatcher",
            "business_unit": "zurich",
            "name": "fallback_alone",
        },
    }


def test_a_decision_explains_itself_in_english_and_german(circumstances):
    """explain() names the sender, the reason and what was passed over, in two languages."""
    message = Message(from_="x@gmail.com", **ZURICH)
    decision = resolve_sender(message, circumstances(message))
    assert decision.explain() == (
        "From is Zurich <zurich@operations-the-rat.example>: the fallback sender of the business unit zurich. "
        "x@gmail.com was passed over: gmail.com is not an allowed domain (allowed: operations-the-rat.example)."
    )
    assert decision.explain("de-CH") == (
        "Absender ist Zurich <zurich@operations-the-rat.example>: der Ersatzabsender der Geschäftseinheit zurich. "
        "x@gmail.com wurde übergangen: gmail.com ist keine erlaubte Domain (erlaubt: operations-the-rat.example)."
    )


def test_a_unit_without_a_fallback_leaves_it_to_its_customer(circumstances):
    """Where the business unit states no fallback sender, the customer's is used."""
    message = Message(from_="x@gmail.com", customer="ratcatcher", business_unit="bern")
    decision = resolve_sender(message, circumstances(message))
    assert (decision.reason, str(decision.mailbox)) == (
        SenderReason.CUSTOMER,
        "Operations the Rat <office@operations-the-rat.example>",
    )
    assert decision.passed_over == (
        NOT_ALLOWED,
        PassedOver(candidate="", source="business_unit", reason=SenderPassedOver.NOT_SET),
    )


def test_a_customer_without_a_fallback_leaves_it_to_the_application(shop, circumstances):
    """Where neither unit nor customer states one, the application's fallback sender is used."""
    del shop["customers"]["ratcatcher"]["fallback_sender"]
    message = Message(customer="ratcatcher", business_unit="bern")
    decision = resolve_sender(message, circumstances(message))
    assert (decision.reason, str(decision.mailbox), decision.requested, decision.rewritten) == (
        SenderReason.APPLICATION,
        "Acme Suite <no-reply@suite.example>",
        None,
        False,
    )
    assert decision.passed_over == tuple(
        PassedOver(candidate="", source=source, reason=SenderPassedOver.NOT_SET)
        for source in ("business_unit", "customer")
    )
    assert decision.facts() == {
        "requested": None,
        "customer": "ratcatcher",
        "business_unit": "bern",
        "name": "fallback_alone",
    }


def test_the_applications_domains_count_only_where_no_customer_is_given(circumstances):
    """A customer may not send as the application; a mail without a customer may."""
    alone = Message(from_="help@suite.example")
    assert resolve_sender(alone, circumstances(alone)).reason is SenderReason.REQUESTED
    of_customer = Message(from_="help@suite.example", **RATCATCHER)
    assert resolve_sender(of_customer, circumstances(of_customer)).reason is SenderReason.CUSTOMER


def test_a_unit_with_domains_of_its_own_may_use_only_those(shop, circumstances):
    """A unit's own allowed domains stand in place of its customer's."""
    customer = shop["customers"]["ratcatcher"]
    customer["allowed_domains"].append("bern.example")
    customer["business_units"]["bern"]["allowed_domains"] = ["bern.example"]
    inside = Message(from_="a@bern.example", customer="ratcatcher", business_unit="bern")
    outside = Message(from_="a@operations-the-rat.example", customer="ratcatcher", business_unit="bern")
    assert resolve_sender(inside, circumstances(inside)).reason is SenderReason.REQUESTED
    assert resolve_sender(outside, circumstances(outside)).reason is SenderReason.CUSTOMER


@pytest.mark.parametrize(
    "asked",
    [
        "ann@OPERATIONS-THE-RAT.EXAMPLE",
        "ann@operations-the-rat.example.",
        "ann@ｏperations-the-rat.example",
    ],
)
def test_domains_are_compared_in_one_form(asked, circumstances):
    """Case, a trailing dot and compatibility letters make no other domain."""
    message = Message(from_=asked, **RATCATCHER)
    assert str(resolve_sender(message, circumstances(message)).mailbox) == "ann@operations-the-rat.example"


def test_a_look_alike_domain_is_valid_and_not_allowed(circumstances):
    """A domain that only looks like an allowed one gets the fallback."""
    message = Message(from_="ann@operаtions-the-rat.example", **RATCATCHER)  # a Cyrillic a
    decision = resolve_sender(message, circumstances(message))
    assert decision.reason is SenderReason.CUSTOMER
    assert decision.passed_over[0].facts["domain"].startswith("xn--")


def test_subdomains_are_taken_in_only_by_a_star(shop, circumstances):
    """An exact domain does not allow its subdomains; with *. it does."""
    message = Message(from_="a@mail.operations-the-rat.example", **RATCATCHER)
    assert resolve_sender(message, circumstances(message)).reason is SenderReason.CUSTOMER
    shop["customers"]["ratcatcher"]["allowed_domains"] = ["*.operations-the-rat.example"]
    assert resolve_sender(message, circumstances(message)).reason is SenderReason.REQUESTED


def test_an_alias_becomes_the_same_local_part_in_the_main_domain(circumstances):
    """A requested sender in an alias domain is rewritten to the main domain, name kept."""
    message = Message(from_="Ann <Ann.M@rat.example>", **RATCATCHER)
    assert resolve_sender(message, circumstances(message)) == SenderDecision(
        reason=SenderReason.ALIAS,
        mailbox=Mailbox.parse("Ann <Ann.M@operations-the-rat.example>"),
        requested=Mailbox.parse("Ann <Ann.M@rat.example>"),
        name=NameReason.AS_ASKED,
        customer="ratcatcher",
        business_unit=None,
    )


def test_an_alias_may_stay_only_where_its_spf_and_key_are_active(shop, circumstances, rsa_key_text):
    """alias_mode = "keep" keeps an alias that is proved and has a published key, else rewrites it."""
    customer = shop["customers"]["ratcatcher"]
    customer["alias_mode"] = "keep"
    message = Message(from_="ann@rat.example", **RATCATCHER)
    unproved = resolve_sender(message, circumstances(message))
    assert (unproved.reason, str(unproved.mailbox)) == (
        SenderReason.ALIAS,
        "ann@operations-the-rat.example",
    )
    assert unproved.passed_over == (
        PassedOver(
            candidate="ann@rat.example",
            source="requested",
            reason=SenderPassedOver.ALIAS_NOT_PROVED,
            facts={"domain": "rat.example"},
        ),
    )
    customer["proved_for_smarthost"] = ["rat.example"]
    assert resolve_sender(message, circumstances(message)).reason is SenderReason.ALIAS
    customer["dkim_keys"] = [{"domain": "rat.example", "selector": "s", "key": rsa_key_text}]
    customer["proved_for_smarthost"] = []
    assert resolve_sender(message, circumstances(message)).reason is SenderReason.ALIAS
    customer["proved_for_smarthost"] = ["rat.example"]
    kept = resolve_sender(message, circumstances(message))
    assert (kept.reason, str(kept.mailbox), kept.name, kept.rewritten) == (
        SenderReason.ALIAS_KEPT,
        "ann@rat.example",
        NameReason.AS_ASKED,
        False,
    )


@pytest.mark.parametrize(
    ("asked", "actor", "name", "became"),
    [
        ("Bob Muster", "bob", "Bob Muster via Zurich", NameReason.WITH_VIA),
        ("Bob Muster", None, "Zurich", NameReason.NO_ACTOR),
        ("", "bob", "Zurich", NameReason.FALLBACK_ALONE),
        ("ZÜRICH", "bob", "Zurich", NameReason.SAME),
        ("bob@gmail.com", "bob", "Zurich", NameReason.NOTHING_LEFT),
        ("Great Bank", "bob", "Zurich", NameReason.PROTECTED),
        ("Service of the Grëat   Bánk", "bob", "Zurich", NameReason.PROTECTED),
        ("Inner Bank", "bob", "Zurich", NameReason.PROTECTED),
    ],
)
def test_the_name_of_a_rewritten_sender_promises_nothing(asked, actor, name, became, shop, circumstances):
    """A rewritten sender bears "name via fallback" for an actor's harmless name, else the fallback's."""
    shop["application"]["protected_names"] = ["Great Bank"]
    shop["customers"]["ratcatcher"]["business_units"]["zurich"]["protected_names"] = ["inner bank"]
    message = Message(from_=Mailbox(asked, Address.parse("x@gmail.com")), actor=actor, **ZURICH)
    decision = resolve_sender(message, circumstances(message))
    assert (decision.mailbox, decision.name) == (
        Mailbox.parse(f"{name} <zurich@operations-the-rat.example>"),
        became,
    )


def test_an_alias_takes_no_unit_out_of_its_own_domains(shop, circumstances):
    """An alias leads to its main domain only where the unit itself may send from there."""
    customer = shop["customers"]["ratcatcher"]
    customer["allowed_domains"].append("bern.example")
    customer["business_units"]["bern"]["allowed_domains"] = ["bern.example"]
    message = Message(from_="ann@rat.example", customer="ratcatcher", business_unit="bern")
    decision = resolve_sender(message, circumstances(message))
    assert (decision.reason, str(decision.passed_over[0].reason)) == (
        SenderReason.CUSTOMER,
        "domain_not_allowed",
    )
