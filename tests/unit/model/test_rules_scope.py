"""Scopes: what a customer and a unit inherit, and what they say themselves."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from mailsend.errors import UnknownCustomer
from mailsend.model.address import Address, Domain, DomainPattern
from mailsend.model.rules import Branding, Rules, Scope, TestMode
from mailsend.model.rules_reader import read_rules

RULES = read_rules(
    {
        "application": {
            "fallback_sender": "no-reply@suite.example",
            "allowed_domains": ["suite.example"],
            "locale": "en",
            "timezone": "UTC",
            "blocked_extensions": ["exe"],
            "test_mode": {"recipient": "test@suite.example"},
            "branding": {
                "partner_name": "Acme",
                "contact": "Acme",
                "colors": {"primary": "#000", "dark": "#111"},
            },
        },
        "customers": {
            "rat": {
                "allowed_domains": ["rat.example"],
                "alias_domains": {"old-rat.example": "rat.example"},
                "locale": "de",
                "blocked_extensions": [],
                "test_mode": {"enabled": True},
                "branding": {"partner_name": "Rat", "colors": {"primary": "#222"}},
                "business_units": {
                    "zurich": {
                        "allowed_domains": ["zurich.example"],
                        "locale": "de-CH",
                        "branding": {"contact": "Zurich"},
                    },
                    "bern": {},
                },
            },
            "plain": {"branding": {"enabled": False, "partner_name": "Plain"}},
        },
    }
)


def test_a_scope_knows_its_levels_from_the_inside_out():
    """A unit stands in its customer, and that in the application."""
    customer = RULES.customers["rat"]

    assert RULES.scope("rat", "zurich").levels == (
        ("business_unit", customer.business_units["zurich"]),
        ("customer", customer),
        ("application", RULES.application),
    )
    assert RULES.scope("rat").levels == (("customer", customer), ("application", RULES.application))
    assert RULES.scope() == Scope(application=RULES.application)


def test_the_innermost_value_counts():
    """What a scope leaves out, the scope around it says; an empty list is said; None is not."""
    scope = RULES.scope("rat", "bern")

    assert (scope.first("locale"), scope.first("timezone"), scope.first("contact")) == ("de", "UTC", None)
    assert RULES.scope("rat", "zurich").first("locale") == "de-CH"
    assert scope.first("blocked_extensions") == ()


@pytest.mark.parametrize(
    ("customer", "unit", "allowed"),
    [
        (None, None, "suite.example"),
        ("rat", None, "rat.example"),
        ("rat", "bern", "rat.example"),
        ("rat", "zurich", "zurich.example"),
    ],
)
def test_a_requested_sender_is_matched_in_one_scope_alone(customer, unit, allowed):
    """A unit's own domains, else its customer's; the application's where no customer is given."""
    scope = RULES.scope(customer, unit)

    assert scope.allowed_domains == (DomainPattern.parse(allowed),)
    assert [
        one for one in ("suite.example", "rat.example", "zurich.example") if scope.allows(Domain(one))
    ] == [allowed]


def test_a_customer_owns_its_domains_its_aliases_and_its_units_domains():
    """Everything that a customer claims is its own, and nothing else."""
    owned = ["rat.example", "old-rat.example", "zurich.example", "suite.example", "sub.rat.example"]

    assert [RULES.customers["rat"].owns(Domain(one)) for one in owned] == [True, True, True, False, False]


def test_a_customers_test_mode_goes_to_the_applications_address_where_it_has_none():
    """Test mode can be switched on for one customer alone."""
    assert RULES.scope("rat").test_mode == TestMode(
        enabled=True, recipient=Address.parse("test@suite.example")
    )
    assert RULES.scope("plain").test_mode == RULES.application.test_mode
    assert RULES.scope().test_mode == RULES.application.test_mode


def test_branding_is_inherited_field_by_field():
    """Each field of the look, and each colour, is the innermost that is said."""
    assert RULES.scope("rat", "zurich").branding == Branding(
        enabled=True,
        partner_name="Rat",
        contact="Zurich",
        colors=MappingProxyType({"primary": "#222", "dark": "#111"}),
    )


def test_branding_that_is_switched_off_is_passed_over():
    """A customer without branding of its own has the application's."""
    assert RULES.scope("plain").branding == Branding(
        enabled=True,
        partner_name="Acme",
        contact="Acme",
        colors=MappingProxyType({"primary": "#000", "dark": "#111"}),
    )


def test_an_unknown_customer_or_unit_is_told_with_the_known_ones():
    """A wrong name is an error that names what there is."""
    with pytest.raises(UnknownCustomer) as customer:
        RULES.scope("cat")
    with pytest.raises(UnknownCustomer) as unit:
        RULES.scope("rat", "basel")
    with pytest.raises(UnknownCustomer) as none:
        Rules(application=RULES.application).scope("rat")

    assert (str(customer.value), customer.value.advice) == (
        "customers.cat: there is no such customer",
        "Known are: rat, plain.",
    )
    assert unit.value.advice == "Known are: zurich, bern."
    assert none.value.advice == "No customer is known."
