"""Token providers in settings are looked at before a mail needs them."""

from __future__ import annotations

import sys

import pytest

from mailsend.errors import InvalidSettings, MissingExtra
from mailsend.mailer.token_sources import check_token_sources
from mailsend.settings import Settings

MICROSOFT = {"provider": "microsoft365", "tenant": "t", "client_id": "c", "client_secret": "s"}


def rules(token, *, customers=False):
    """Give rules whose one server, the application's or a customer's, has this token provider."""
    server = {"url": "smtp://relay.example", "user": "ann@suite.example", "token": token}
    application = {
        "name": "Suite",
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": ["memory:", "smtp://ann:pw@relay.example"] if customers else ["memory:", server],
    }
    own = {"rat": {"allowed_domains": ["rat.example"], "servers": [server]}} if customers else {}
    return Settings.model_validate({"application": application, "customers": own}).rules


@pytest.mark.parametrize(
    ("customers", "where"),
    [(False, "application.smarthosts[1].token"), (True, "customers.rat.servers[0].token")],
)
def test_a_path_that_leads_nowhere_is_told_by_its_key(customers, where):
    """The server whose provider cannot be imported is named."""
    with pytest.raises(InvalidSettings) as refused:
        check_token_sources(rules({"call": "no_such_shop:token"}, customers=customers))
    assert refused.value.where == where


def test_a_provider_without_its_library_is_told_with_the_install_line(monkeypatch):
    """`mailsend check` says it before the first mail does."""
    check_token_sources(rules(MICROSOFT))
    monkeypatch.setitem(sys.modules, "msal", None)
    with pytest.raises(MissingExtra, match="'oauth'"):
        check_token_sources(rules(MICROSOFT))
