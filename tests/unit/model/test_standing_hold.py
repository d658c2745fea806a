"""What a standing hold catches, and what cannot be asked of a mail that is yet to come (M43)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailsend.decide.query import parse
from mailsend.model.query import EVERYTHING, All, Key, Match, Pattern
from mailsend.model.standing_hold import MailFacts, StandingHold, cannot_stand, catches

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FACTS = MailFacts(
    customer="Rat",
    unit="Zurich",
    template="invoice-2",
    kind="transactional",
    requested="Ann.Meier@alias.example",
    sender="office@rat.example",
    tags=("Urgent", "north"),
    recipients=(
        ("to", "Bob@big.example"),
        ("cc", "eve@small.example"),
        ("archive", "archive@suite.example"),
    ),
)


def _hold(query: str, **more: object) -> StandingHold:
    known = {"id": 7, "customer": None, "reason": "misprint", "by": "ann", "at": NOW, "until": None}
    return StandingHold(query=parse(query), **{**known, **more})


@pytest.mark.parametrize(
    "query",
    [
        *("", "customer:Rat", "customer:R*", "customer:*AT", "customer:R*T", "customer:*"),
        *("unit:zurich", "unit:Z*h", "template:INVOICE*", "template:*voic*2", "kind:transactional"),
        *("from:ann.meier@alias.example", "from:Office@rat.example", "from:ann.meier", "from:*@rat.example"),
        *("requested:@alias.example", "sender:off*", "tag:urgent", "tag:NO*", "tag:*", "-tag:south"),
        *(
            "to:bob@big.example",
            "to:bob",
            "cc:eve",
            "rcpt:@small.example",
            "rcpt:archive*",
            'bcc:""',
            "-bcc:*",
        ),
        *("domain:big.example", "domain:*.example", "domain:b*g.*e", "to:b*@*.example"),
        *("template:invoice-2 domain:big.example", "template:x OR tag:urgent", "-(template:x OR unit:x)"),
    ],
)
def test_a_mail_that_is_like_that_is_caught(query):
    """Each key is compared as a search compares it in the stored mail."""
    assert catches(parse(query), FACTS)


@pytest.mark.parametrize(
    "query",
    [
        *("customer:rat", "customer:r*", 'customer:""', "unit:zuric", "template:invoice", "kind:status"),
        *(
            "requested:office@rat.example",
            "sender:ann.meier",
            "from:bob",
            "from:*r*r*r*r*",
            "tag:urg",
            'tag:""',
        ),
        *(
            "to:eve",
            "cc:bob",
            "bcc:*",
            'to:""',
            "domain:example",
            "domain:xbig.example",
            "to:bob*bob@big.example",
        ),
        *("template:invoice-2 domain:huge.example", "template:x OR tag:x", "-tag:urgent"),
    ],
)
def test_a_mail_that_is_not_like_that_is_not(query):
    """What begins a customer's name or an address is compared with its case; a gap stands for something."""
    assert not catches(parse(query), FACTS)


@pytest.mark.parametrize(
    "query", ['unit:""', 'template:""', 'requested:""', 'tag:""', 'to:""', 'customer:""', "-unit:*", "-tag:*"]
)
def test_nothing_can_be_asked_for(query):
    """An empty value finds mails that have none."""
    assert catches(parse(query), replace(MailFacts(), sender="a@b.example"))
    assert not catches(parse("customer:*"), MailFacts())


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("template:x", None),
        ("-(template:x OR (from:ann domain:a.example))", None),
        ("", None),
        ("state:held", "state:held"),
        ("template:x -(tag:y OR age:>2h)", "age:>=7201"),
        ("template:x OR invoice", "invoice"),
        ("before:2h", "before:2h"),
    ],
)
def test_what_a_mail_to_come_does_not_have_is_found(query, wrong):
    """The first part that asks for it is given, as it is written."""
    assert cannot_stand(parse(query)) == wrong


@pytest.mark.parametrize("query", ["state:queued", "hello", "after:2h", "size:>1"])
def test_what_cannot_be_known_yet_catches_nothing(query):
    """It would be refused where a hold is made; here it is not like that."""
    assert not catches(parse(query), FACTS)


@pytest.mark.parametrize(("customer", "caught"), [(None, True), ("Rat", True), ("rat", False), ("", False)])
def test_a_hold_may_be_one_customers(customer, caught):
    """It catches mail of that customer alone."""
    assert _hold("domain:big.example", customer=customer).catches(FACTS) is caught


@pytest.mark.parametrize("kind", ["status", "notice"])
def test_mail_of_our_own_is_never_held(kind):
    """Notices pass every hold (house rule 12)."""
    assert not _hold("domain:big.example").catches(replace(FACTS, kind=kind))
    assert not _hold(f"kind:{kind}").catches(replace(FACTS, kind=kind))


def test_what_waits_already_is_found_by_a_query():
    """Queued mail that people's doings caused, of the customer where it is for one."""
    assert str(_hold("template:x OR tag:y").waiting) == (
        "(template:x OR tag:y) state:queued kind:transactional"
    )
    whose = _hold("tag:y", customer="the rat").waiting
    assert str(whose) == 'tag:y state:queued kind:transactional customer:"the rat"'
    assert parse(str(whose)) == whose


def test_a_hold_tells_itself():
    """Its number, whose it is, what it asks for, until when, by whom and why."""
    assert str(_hold("tag:y")) == "standing hold 7: tag:y, by ann: misprint"
    assert str(_hold("tag:y", customer="rat", until=NOW)) == (
        "standing hold 7 of rat: tag:y until 2026-11-22 08:30 UTC, by ann: misprint"
    )


def test_a_query_of_everything_is_everything():
    """An empty conjunction catches all; a hold of it is refused where it would be made."""
    assert catches(EVERYTHING, MailFacts())
    assert catches(All((Match(Key.TAG, Pattern(("north",))),)), FACTS)
