"""What is known of a scope is kept, and never outlives the rules it was read from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsend.errors import UnknownCustomer
from mailsend.mailer import known_scopes
from mailsend.mailer.known_scopes import known_scope, scope_named
from mailsend.model.address import Domain
from mailsend.model.circumstances import KeyState, Owner
from mailsend.model.rules import Rules
from mailsend.settings import Settings

SUITE = Domain("suite.example")
OTHER = Domain("other.example")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(known_scopes, "_known", {})


def _rules(**application) -> Rules:
    shop = {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": ["memory:"],
    }
    customers = {"rat": {"allowed_domains": ["rat.example"], "business_units": {"bern": {}}}}
    data = {"application": {**shop, **application}, "customers": customers}
    return Settings.model_validate(data).rules


def test_the_same_rules_are_read_once():
    """Two scopes of the same rules share what is known; another customer's stands apart."""
    rules = _rules()

    known = known_scope(rules.scope(), rules)

    assert known_scope(rules.scope(), rules) is known
    assert known_scope(rules.scope("rat"), rules) is not known
    assert known.of((OTHER,)) is known.of((OTHER,))


def test_facts_and_keys_of_stated_and_asked_domains(rsa_key_text):
    """The scope's own domains are always there, each once, with the keys that sign for them."""
    key = {"domains": ["suite.example"], "selector": "s", "key": rsa_key_text}
    rules = _rules(dkim_keys=[key])

    facts, signers = known_scope(rules.scope(), rules).of((OTHER, SUITE))

    assert list(facts) == [OTHER, SUITE]
    assert facts[SUITE].proved_for == {Owner.APPLICATION}
    assert facts[SUITE].key_state is KeyState.PUBLISHED
    assert facts[OTHER].key_state is KeyState.NONE
    assert [(one.domain, one.selector) for one in signers] == [("suite.example", "s")]


def test_rules_changed_by_hand_are_read_anew():
    """What was known of other rules is not believed, though they carry the same version."""
    rules = _rules()
    known = known_scope(rules.scope(), rules)
    changed = replace(rules, application=replace(rules.application, allowed_domains=()))
    assert changed.version == rules.version

    assert known.of(())[0][SUITE].proved_for == {Owner.APPLICATION}
    assert known_scope(changed.scope(), changed).of(())[0][SUITE].proved_for == frozenset()


def test_what_is_kept_has_limits(monkeypatch):
    """A directory with many customers, and mails with many domains in Reply-To, take bounded room."""
    monkeypatch.setattr(known_scopes, "_MOST_SCOPES", 2)
    monkeypatch.setattr(known_scopes, "_MOST_ASKED", 2)
    rules = [_rules(name=f"Shop {number}") for number in range(5)]

    for one in rules:
        known = known_scope(one.scope(), one)
        for number in range(5):
            known.of((Domain(f"d{number}.example"),))
        assert len(known._asked) <= 2

    assert len(known_scopes._known) <= 2


@pytest.mark.parametrize("named", [(None, None), ("rat", None), ("rat", "bern")])
def test_a_scope_that_is_known_is_given_again(named):
    """The same object for the same names and rules; an equal one where nothing is known."""
    rules = _rules()
    scope = scope_named(*named, rules)
    assert scope == rules.scope(*named)

    known_scope(scope, rules)

    assert scope_named(*named, rules) is scope
    again = replace(rules, application=replace(rules.application))
    assert scope_named(*named, again) is not scope


def test_a_customer_that_is_gone_is_not_known_any_more():
    """Rules changed by hand, with the version they had, no longer know what they no longer hold."""
    rules = _rules()
    for named in (("rat", None), ("rat", "bern")):
        known_scope(scope_named(*named, rules), rules)
    rat = rules.customers["rat"]

    with pytest.raises(UnknownCustomer):
        scope_named("rat", None, replace(rules, customers={}))
    with pytest.raises(UnknownCustomer):
        scope_named("rat", "bern", replace(rules, customers={"rat": replace(rat, business_units={})}))
    other = {"bern": replace(rat.business_units["bern"])}
    changed = replace(rules, customers={"rat": replace(rat, business_units=other)})
    assert scope_named("rat", "bern", changed).business_unit is other["bern"]
