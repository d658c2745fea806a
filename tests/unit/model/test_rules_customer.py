"""The rules of one customer, read behind an application that is there already (T4)."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.rules import Rules
from mailsend.model.rules_reader import read_customer

APPLICATION = {"fallback_sender": "no-reply@suite.example", "allowed_domains": ["suite.example"]}
RAT = {"allowed_domains": ["rat.example"], "fallback_sender": "office@rat.example"}
AROUND = Rules.from_dict({"application": APPLICATION}).application


def test_a_customer_is_read_as_in_a_settings_file():
    """The same rules, and the same version."""
    assert read_customer("rat", RAT, AROUND) == Rules.from_dict(
        {"application": APPLICATION, "customers": {"rat": RAT}}
    )


@pytest.mark.parametrize(
    ("name", "data", "where"),
    [
        ("rat", {**RAT, "locale": 7}, "customers.rat.locale"),
        ("rat", {**RAT, "fallback_sender": "a@cat.example"}, "customers.rat.fallback_sender"),
        ("rat", [], "customers.rat"),
        (" ", RAT, 'customers." "'),
    ],
)
def test_what_is_wrong_is_told_by_its_key(name, data, where):
    """Alone, and together with the application around it."""
    with pytest.raises(InvalidSettings) as refused:
        read_customer(name, data, AROUND)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"application": {**APPLICATION, "directory": "store"}}, "application.directory"),
        (
            {
                "application": {**APPLICATION, "directory": "store", "store": "memory:"},
                "customers": {"rat": RAT},
            },
            "customers",
        ),
        ({"application": {**APPLICATION, "directory": "ldap"}}, "application.directory"),
    ],
)
def test_customers_of_the_store_need_a_store_and_stand_there_alone(settings, where):
    """Both are told when the settings are read."""
    with pytest.raises(InvalidSettings) as refused:
        Rules.from_dict(settings)
    assert refused.value.where == where


def test_the_stores_customers_are_asked_for_by_a_word():
    """It is kept as it was written."""
    rules = Rules.from_dict({"application": {**APPLICATION, "directory": "store", "store": "memory:"}})
    assert rules.application.directory == "store"
