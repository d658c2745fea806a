"""Secret keys that are too short, or missing where a store needs one, are told by the settings themselves."""

from __future__ import annotations

import pytest

from mailsend.settings import Settings


def findings(keys, server="smtp://ann:pass@mail.rat.example", store="memory:"):
    """Give what the settings find worth a look, but for the store itself."""
    application = {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": ["memory:"],
        "secret_keys": keys,
    }
    rat = {
        "allowed_domains": ["rat.example"],
        "fallback_sender": "office@rat.example",
        "server": server,
        "server_released": True,
    }
    if store is not None:
        application["store"] = store
    settings = Settings.model_validate({"application": application, "customers": {"rat": rat}})
    return [(one.where, one.what) for one in settings.findings() if one.where != "application.store"]


def test_a_short_key_is_found():
    """By its place and without a letter of it; one that is long enough is not."""
    assert findings(["k" * 16, "hunter2"]) == [
        ("application.secret_keys[1]", "a key of fewer than 16 characters can be guessed, and is not used")
    ]


def test_a_store_without_a_key_is_found_where_servers_have_accounts():
    """The first lock or verification would be refused for it."""
    assert findings([]) == [
        (
            "customers.rat.servers",
            "they have accounts, and without a secret key the store cannot keep how far they have come",
        )
    ]


@pytest.mark.parametrize(
    "harmless",
    [{"keys": ["k" * 16]}, {"keys": [], "server": "smtp://mail.rat.example"}, {"keys": [], "store": None}],
)
def test_where_no_key_is_needed_none_is_missed(harmless):
    """With a key, without an account, without a store."""
    assert findings(**harmless) == []
