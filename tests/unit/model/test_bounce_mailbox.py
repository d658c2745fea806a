"""Where bounces are read from, as settings say it (M9)."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.bounce_mailbox import BounceMailbox
from mailsend.model.rules import Rules

APPLICATION = {"fallback_sender": "no-reply@suite.example", "allowed_domains": ["suite.example"]}


def read(value: object) -> BounceMailbox | None:
    rules = Rules.from_dict({"application": {**APPLICATION, "bounce_mailbox": value}})
    return rules.application.bounce_mailbox


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("maildir:///var/mail/bounces", "/var/mail/bounces"),
        (" MAILDIR:///var/mail/b%20c ", "/var/mail/b c"),
        (BounceMailbox(folder="/x"), "/x"),
    ],
)
def test_a_maildir_is_read(written, folder):
    """The path is absolute, percent-encoded, and given back as it is written."""
    assert read(written) == BounceMailbox(folder=folder)
    assert str(BounceMailbox(folder="/x")) == "maildir:///x"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("imaps://bounces:hunter2@mail.suite.example", "only a maildir can be read"),
        ("maildir:relative", "expected a maildir"),
        ("maildir:///a%0", "expected a maildir"),
        ("maildir:///a%FF", "expected a maildir"),
        ("maildir:///a%00", "expected a maildir"),
        ("/var/mail", "expected a maildir"),
        (7, "expected a maildir"),
    ],
)
def test_what_is_no_maildir_is_refused_and_not_repeated(written, why):
    """The error names the key, says why, and shows nothing of a value that may hold a password."""
    with pytest.raises(InvalidSettings) as caught:
        read(written)
    assert str(caught.value) == f"application.bounce_mailbox: {why}"
    assert "hunter2" not in f"{caught.value} {caught.value.advice}"


def test_a_customer_may_have_one_of_its_own():
    """A customer's mailbox goes before the application's."""
    rules = Rules.from_dict(
        {
            "application": {**APPLICATION, "bounce_mailbox": "maildir:///app"},
            "customers": {"rat": {"allowed_domains": ["rat.example"], "bounce_mailbox": "maildir:///rat"}},
        }
    )
    assert str(rules.scope("rat").first("bounce_mailbox")) == "maildir:///rat"
    assert str(rules.scope().first("bounce_mailbox")) == "maildir:///app"
