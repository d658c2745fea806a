"""Entries of the lists, and which of them decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address, Domain
from mailsend.model.list_entry import Entry, Level, ListName, ListPattern, Why, decisive

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
SUPPRESS, BLOCK, ALLOW = ListName
RULE, USER, ADMIN = Level
ENTRY = Entry(
    id=1,
    list=SUPPRESS,
    customer="rat",
    pattern="bob@example.org",
    why=Why.BY_HAND,
    note="",
    source="",
    by="ann",
    level=USER,
    times=1,
    made_at=NOW,
    until=None,
)


def entry(list_=SUPPRESS, **more):
    return replace(ENTRY, list=list_, **more)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("bob@example.org", ListPattern("bob@example.org", "bob@example.org", Domain("example.org"))),
        (" Bob@Example.ORG ", ListPattern("Bob@example.org", "bob@example.org", Domain("example.org"))),
        ("@Example.org", ListPattern("@example.org", "@example.org", Domain("example.org"))),
        ("*@example.org", ListPattern("@example.org", "@example.org", Domain("example.org"))),
        (
            "@bücher.example",
            ListPattern("@xn--bcher-kva.example", "@xn--bcher-kva.example", Domain("xn--bcher-kva.example")),
        ),
        (
            Address.parse("Bob@example.org"),
            ListPattern("Bob@example.org", "bob@example.org", Domain("example.org")),
        ),
    ],
)
def test_an_address_or_a_domain_is_read(text, pattern):
    """A domain stands behind its @; both are compared without case, in A-labels."""
    assert ListPattern.parse(text) == pattern
    assert pattern.is_domain is pattern.text.startswith("@")


@pytest.mark.parametrize(
    "text", ["", "bob", "@", "*@", "@exa mple.org", "bob@@example.org", "@*.example.org"]
)
def test_what_is_neither_is_refused(text):
    """The error names the field."""
    with pytest.raises(InvalidAddress) as refused:
        ListPattern.parse(text, field="ADDRESS")
    assert refused.value.field == "ADDRESS"


def test_an_entry_holds_until_its_end():
    """The end itself is too late; without one it holds for good."""
    assert entry().holds_at(NOW)
    assert entry(until=NOW + timedelta(seconds=1)).holds_at(NOW)
    assert not entry(until=NOW).holds_at(NOW)


def test_why_somebody_is_left_out():
    """By a suppression for the reason that was met, else by the list's own name."""
    assert entry(why=Why.COMPLAINT).reason == "complaint"
    assert entry(BLOCK).reason == "block"


def test_nobody_is_kept_from_mail_by_nothing():
    """Neither no entry nor an allowance keeps anybody."""
    assert decisive([]) is None
    assert decisive([entry(ALLOW)]) is None


@pytest.mark.parametrize(
    ("softer", "harder"),
    [
        (entry(), entry(BLOCK, why=Why.COMPLAINT, until=NOW, level=RULE)),
        (entry(why=Why.COMPLAINT), entry(why=Why.NO_SUCH_USER, until=NOW, level=RULE)),
        (entry(until=NOW, level=ADMIN), entry(level=RULE)),
        (entry(level=RULE), entry(level=USER)),
        (entry(id=2), entry(id=1)),
    ],
)
def test_of_several_the_hardest_decides(softer, harder):
    """Block before suppression, any other reason before a complaint, for good before for a while."""
    assert decisive([softer, harder]) == harder
    assert decisive([harder, softer]) == harder


@pytest.mark.parametrize("list_", [SUPPRESS, BLOCK])
@pytest.mark.parametrize(
    ("level", "allowed_by", "holds"),
    [
        (RULE, RULE, True),
        (RULE, USER, False),
        (RULE, ADMIN, False),
        (USER, RULE, True),
        (USER, USER, True),
        (USER, ADMIN, False),
        (ADMIN, USER, True),
        (ADMIN, ADMIN, True),
    ],
)
def test_an_allowance_outranks_lower_levels_alone(list_, level, allowed_by, holds):
    """A user's word overrides a rule's, an admin's a user's as well (H7)."""
    one = entry(list_, level=level)
    assert decisive([entry(ALLOW, level=allowed_by), one]) == (one if holds else None)


@pytest.mark.parametrize(
    ("level", "whose", "holds"), [(RULE, "rat", False), (USER, "rat", True), (USER, "", False)]
)
def test_what_a_person_entered_for_all_yields_to_the_application_alone(level, whose, holds):
    """A customer's allowance overrides what the application's rules found, and no person's word for all."""
    one = entry(customer="", level=level)
    assert decisive([one, entry(ALLOW, level=ADMIN, customer=whose)]) == (one if holds else None)


def test_essential_mail_passes_complaints_alone():
    """Of a complaint and a harder reason the harder one stays; a block stays in any case (M17)."""
    complaint, hard = entry(why=Why.COMPLAINT), entry(why=Why.NO_SUCH_USER, id=2)
    assert decisive([complaint]) == complaint
    assert decisive([complaint], essential=True) is None
    assert decisive([complaint, hard], essential=True) == hard
    blocked = entry(BLOCK, why=Why.COMPLAINT)
    assert decisive([blocked], essential=True) == blocked
