"""What must hold between settings: senders, domains, aliases, the bounce mailbox, test mode."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.address import Domain
from mailsend.model.freemail import is_freemail
from mailsend.model.rules_reader import read_rules
from mailsend.model.suffixes import is_public_suffix, organisational_domain

PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
ACME = {
    "fallback_sender": "Acme Suite <no-reply@suite.example>",
    "allowed_domains": ["suite.example"],
}
RAT = {"allowed_domains": ["rat.example"], "alias_domains": {"old-rat.example": "rat.example"}}


def problems(application: dict[str, object] | None = None, **customers: object) -> dict[str, str]:
    """Read rules, and give what is wrong by key."""
    try:
        read_rules({"application": {**ACME, **(application or {})}, "customers": customers})
    except InvalidSettings as error:
        assert error.advice
        return dict(line.split(": ", 1) for line in str(error).splitlines())
    return {}


@pytest.mark.parametrize(
    ("application", "customer"),
    [
        ({}, {}),
        ({"fallback_sender": "a@SUITE.example."}, {}),
        ({"allowed_domains": ["*.suite.example"], "fallback_sender": "a@mail.suite.example"}, {}),
        ({}, {**RAT, "fallback_sender": "office@rat.example"}),
        ({}, {**RAT, "fallback_sender": "rat@suite.example"}),
        ({}, {**RAT, "fallback_sender": "a@old-rat.example", "alias_mode": "keep"}),
        ({}, {**RAT, "notification_sender": "notices@rat.example"}),
        ({}, {**RAT, "business_units": {"z": {"fallback_sender": "z@rat.example"}}}),
        ({}, {**RAT, "business_units": {"z": {"fallback_sender": "z@suite.example"}}}),
        (
            {},
            {
                **RAT,
                "business_units": {
                    "z": {"allowed_domains": ["zurich.example"], "fallback_sender": "z@zurich.example"}
                },
            },
        ),
    ],
)
def test_a_fallback_in_its_own_or_an_outer_scope_is_taken(application, customer):
    """A scope may send by its own domains, its customer's and the application's."""
    assert problems(application, rat=customer) == {}


@pytest.mark.parametrize(
    ("application", "customer", "where", "why"),
    [
        (
            {"fallback_sender": "a@other.example"},
            {},
            "application.fallback_sender",
            "other.example is not an allowed domain here (allowed: suite.example)",
        ),
        (
            {"fallback_sender": "a@sub.suite.example"},
            {},
            "application.fallback_sender",
            "sub.suite.example is not an allowed domain here (allowed: suite.example)",
        ),
        (
            {"allowed_domains": []},
            {},
            "application.fallback_sender",
            "suite.example is not an allowed domain here (allowed: none)",
        ),
        (
            {},
            {**RAT, "fallback_sender": "a@gmail.com"},
            "customers.rat.fallback_sender",
            "gmail.com is not an allowed domain here (allowed: rat.example, suite.example)",
        ),
        (
            {},
            {**RAT, "fallback_sender": "a@old-rat.example"},
            "customers.rat.fallback_sender",
            "old-rat.example is not an allowed domain here (allowed: rat.example, suite.example)",
        ),
        (
            {},
            {**RAT, "notification_sender": "a@other.example"},
            "customers.rat.notification_sender",
            "other.example is not an allowed domain here (allowed: rat.example, suite.example)",
        ),
        (
            {},
            {**RAT, "business_units": {"z": {"fallback_sender": "a@other.example"}}},
            "customers.rat.business_units.z.fallback_sender",
            "other.example is not an allowed domain here (allowed: rat.example, suite.example)",
        ),
    ],
)
def test_a_fallback_outside_the_allowed_domains_is_refused_at_load(application, customer, where, why):
    """A sender that could never be used is told with its scope and key before any mail is sent."""
    assert problems(application, rat=customer) == {where: why}


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("com", "com is a public suffix: anybody can register a domain under it"),
        ("*.co.uk", "co.uk is a public suffix: anybody can register a domain under it"),
        ("github.io", "github.io is a public suffix: anybody can register a domain under it"),
        ("gmail.com", "gmail.com is a free-mail domain: anybody can have a mailbox in it"),
        ("*.GMX.de.", "gmx.de is a free-mail domain: anybody can have a mailbox in it"),
    ],
)
@pytest.mark.parametrize(
    ("scope", "where"),
    [
        ("application", "application.allowed_domains[1]"),
        ("customer", "customers.rat.allowed_domains[1]"),
        ("unit", "customers.rat.business_units.z.allowed_domains[1]"),
    ],
)
def test_a_domain_that_nobody_can_own_is_no_allowed_domain(domain, why, scope, where):
    """Public suffixes and free-mail domains are refused in every scope, with ``*.`` too."""
    domains = {"allowed_domains": ["suite.example" if scope == "application" else "rat.example", domain]}
    found = {
        "application": lambda: problems(domains),
        "customer": lambda: problems(rat=domains),
        "unit": lambda: problems(rat={**RAT, "business_units": {"z": domains}}),
    }[scope]()

    assert found == {where: why}


def test_a_free_mail_domain_is_no_alias_either():
    """An alias domain belongs to one customer as much as a main domain."""
    assert problems(
        rat={"allowed_domains": ["rat.example"], "alias_domains": {"gmail.com": "rat.example"}}
    ) == {
        'customers.rat.alias_domains."gmail.com"': (
            "gmail.com is a free-mail domain: anybody can have a mailbox in it"
        )
    }


def test_an_alias_stands_for_an_allowed_domain_of_its_customer():
    """The main domain of an alias must be allowed, and the alias not be allowed besides."""
    customer = {
        "allowed_domains": ["rat.example", "both.example"],
        "alias_domains": {"a.example": "suite.example", "both.example": "rat.example"},
    }

    assert problems(rat=customer) == {
        'customers.rat.alias_domains."a.example"': (
            "suite.example is not one of the customer's allowed domains"
        ),
        'customers.rat.alias_domains."both.example"': "both.example is an allowed domain already",
    }


@pytest.mark.parametrize(
    ("other", "where", "why"),
    [
        (
            {"allowed_domains": ["RAT.example"]},
            "customers.other.allowed_domains[0]",
            "rat.example belongs to the customer 'rat' already (customers.rat.allowed_domains[0])",
        ),
        (
            {"allowed_domains": ["*.rat.example"]},
            "customers.other.allowed_domains[0]",
            "rat.example belongs to the customer 'rat' already (customers.rat.allowed_domains[0])",
        ),
        (
            {"allowed_domains": ["deep.sub.rat.example"]},
            "customers.other.allowed_domains[0]",
            (
                "deep.sub.rat.example, which lies under rat.example, belongs to the customer 'rat' already "
                "(customers.rat.allowed_domains[0])"
            ),
        ),
        (
            {"allowed_domains": ["old-rat.example"]},
            "customers.other.allowed_domains[0]",
            (
                "old-rat.example belongs to the customer 'rat' already "
                '(customers.rat.alias_domains."old-rat.example")'
            ),
        ),
        (
            {"allowed_domains": ["x.example"], "alias_domains": {"sub.rat.example": "x.example"}},
            'customers.other.alias_domains."sub.rat.example"',
            (
                "sub.rat.example, which lies under rat.example, belongs to the customer 'rat' already "
                "(customers.rat.allowed_domains[0])"
            ),
        ),
        (
            {"business_units": {"z": {"allowed_domains": ["rat.example"]}}},
            "customers.other.business_units.z.allowed_domains[0]",
            "rat.example belongs to the customer 'rat' already (customers.rat.allowed_domains[0])",
        ),
    ],
)
def test_a_domain_belongs_to_one_customer(other, where, why):
    """A second claim is refused: the same domain, one under it, an alias, a unit's domain."""
    assert problems(rat=RAT, other=other) == {where: why}


def test_a_customer_who_claims_the_upper_domain_first_or_later_is_the_owner():
    """The owner is who claims the upper domain, whatever the order of the file."""
    assert problems(sub={"allowed_domains": ["sub.rat.example"]}, rat=RAT) == {
        "customers.sub.allowed_domains[0]": (
            "sub.rat.example, which lies under rat.example, belongs to the customer 'rat' already "
            "(customers.rat.allowed_domains[0])"
        )
    }


def test_neighbouring_domains_are_two_customers_affair():
    """Domains that only end alike, and a unit's part of its customer's domain, are no second claim."""
    assert (
        problems(
            rat={**RAT, "business_units": {"z": {"allowed_domains": ["zurich.rat.example"]}}},
            other={"allowed_domains": ["bigrat.example", "example.rat"]},
        )
        == {}
    )


@pytest.mark.parametrize("key", ["admin_address", "contact", "reply_to", "archive_bcc"])
@pytest.mark.parametrize("owner", ["application", "customer"])
def test_the_bounce_mailbox_is_nobody_who_reads(key, owner):
    """What a program reads can be no admin, contact, Reply-To or recipient, in no scope (M16)."""
    bounce = {"bounce_address": "Bounces@rat.example"}
    found = problems(
        {key: "bounces@RAT.example", **(bounce if owner == "application" else {})},
        rat={**RAT, key: "bounces@rat.example", **(bounce if owner == "customer" else {})},
    )

    assert found == {
        f"application.{key}": (
            "bounces@rat.example is a bounce_address, and what arrives there is read by a program"
        ),
        f"customers.rat.{key}": (
            "bounces@rat.example is a bounce_address, and what arrives there is read by a program"
        ),
    }


def test_the_bounce_mailbox_is_no_emergency_contact_test_recipient_or_units_contact():
    """The rule holds for every address of every scope that people are meant to read."""
    told = "b@rat.example is a bounce_address, and what arrives there is read by a program"

    assert problems(
        {"test_mode": {"recipient": "b@rat.example"}},
        rat={
            **RAT,
            "bounce_address": "b@rat.example",
            "emergency_contact": "b@rat.example",
            "test_mode": {"recipient": "b@rat.example"},
            "business_units": {"z": {"contact": "b@rat.example"}},
        },
    ) == {
        "application.test_mode.recipient": told,
        "customers.rat.emergency_contact": told,
        "customers.rat.test_mode.recipient": told,
        "customers.rat.business_units.z.contact": told,
    }


def test_test_mode_needs_a_recipient():
    """Test mode without an address would have nowhere to send; the application's will do."""
    missing = "test mode is enabled, and no recipient is set"
    on = {"test_mode": {"enabled": True}}

    assert problems(on) == {"application.test_mode.recipient": missing}
    assert problems(rat=on) == {"customers.rat.test_mode.recipient": missing}
    assert problems({"test_mode": {"recipient": "test@suite.example"}}, rat=on) == {}


@pytest.mark.parametrize("scope", ["application", "customers.rat"])
def test_two_keys_for_one_name_are_refused(scope):
    """One selector of one domain has one key in the DNS."""
    keys = {
        "dkim_keys": [
            {"domain": "rat.example", "selector": "s", "key": PEM},
            {"domains": ["x.example", "rat.example"], "selector": "S", "key": PEM},
        ]
    }
    found = problems(keys) if scope == "application" else problems(rat={**RAT, **keys})

    assert found == {f"{scope}.dkim_keys[1]": "there are two keys for s._domainkey.rat.example"}


@pytest.mark.parametrize(
    ("domain", "suffix", "organisation"),
    [
        ("com", True, "com"),
        ("co.uk", True, "co.uk"),
        ("example.co.uk", False, "example.co.uk"),
        ("a.b.example.co.uk", False, "example.co.uk"),
        ("mail.suite.example", False, "suite.example"),
        ("someone.github.io", False, "someone.github.io"),
        ("localhost", False, "localhost"),
        ("intranet", True, "intranet"),
        ("xn--bcher-kva.example", False, "xn--bcher-kva.example"),
    ],
)
def test_the_public_suffix_list_says_what_was_registered(domain, suffix, organisation):
    """Suffixes are told from registered domains, and subdomains lead back to these."""
    parsed = Domain(domain)

    assert (is_public_suffix(parsed), organisational_domain(parsed)) == (suffix, Domain(organisation))


@pytest.mark.parametrize(
    ("domain", "free"),
    [
        ("gmail.com", True),
        ("yahoo.co.jp", True),
        ("mx.hotmail.com", True),
        ("web.de", True),
        ("suite.example", False),
        ("notgmail.com", False),
        ("com", False),
    ],
)
def test_free_mail_domains_are_known_with_what_lies_under_them(domain, free):
    """The providers' domains are known by name, and names that only end alike are not theirs."""
    assert is_freemail(Domain(domain)) is free
