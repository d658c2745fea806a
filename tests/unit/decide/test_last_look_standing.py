"""The last look and standing holds (M43)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailsend.decide.last_look import Go, Hold, HoldReason, LookedAt, last_look
from mailsend.decide.query import parse
from mailsend.model.envelope import Envelope
from mailsend.model.rules import Rules, TestMode
from mailsend.model.standing_hold import StandingHold
from mailsend.model.submission import Hold as AskedHold

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def _hold(query, id=3, **more):
    known = {"customer": None, "reason": "misprint", "by": "ann", "at": NOW, "until": None}
    return StandingHold(id=id, query=parse(query), **{**known, **more})


@pytest.fixture
def look(shop):
    """Look at a submission while holds stand."""

    def at(submission, *holds, now=NOW, known=True, **more):
        rules = Rules.from_dict(shop) if known else None
        return last_look(submission, LookedAt(now=now, rules=rules, test_mode=TestMode(**more), holds=holds))

    return at


def test_a_mail_that_a_standing_hold_catches_is_kept_back(submission, look):
    """The first that catches it is told, with its number, by whom it was made and why."""
    assert look(
        submission(), _hold("rcpt:eve"), _hold("domain:example.org", id=4), _hold("rcpt:bob")
    ) == Hold(
        reason=HoldReason.STANDING_HOLD,
        why="Kept back by standing hold 4: domain:example.org, by ann: misprint",
    )


def test_a_mail_that_none_catches_goes(submission, look):
    """Another recipient's, another customer's hold is in nobody's way."""
    assert look(submission(), _hold("rcpt:eve"), _hold("rcpt:bob", customer="bakery")) == Go()


def test_a_test_copy_is_caught_by_whom_it_is_for(shop, submission, look):
    """The hold asks for the recipients that were asked for, not for the test address."""
    shop["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    copy = submission()
    assert copy.in_test_mode
    assert look(copy, _hold("domain:example.org")).reason is HoldReason.STANDING_HOLD
    assert look(copy, _hold("rcpt:test@suite.example")) == Go()


def test_a_copy_for_the_archive_is_a_recipient_too(submission, look):
    """As a search of the stored mail finds it, and under no field of the header."""
    mail = submission()
    copy = Envelope(reverse_path="a@suite.example", recipients=["archive@archive.example"])
    archived = replace(mail, envelopes=(*mail.envelopes, copy))
    assert look(archived, _hold("domain:archive.example")).reason is HoldReason.STANDING_HOLD
    assert look(archived, _hold("to:archive OR cc:archive OR bcc:archive")) == Go()


def test_what_is_surer_is_told_first(submission, look):
    """Expiry, an interceptor, an unknown customer and test mode come before a standing hold."""
    caught = _hold("rcpt:bob")
    expired = submission(expires_at=NOW + timedelta(1))
    assert look(expired, caught, now=NOW + timedelta(1)).reason == "expired"
    asked = replace(submission(), hold=AskedHold(reason="budget"))
    assert look(asked, caught).reason is HoldReason.INTERCEPTOR
    assert look(submission(), caught, known=False).reason is HoldReason.UNKNOWN_CUSTOMER
    recipient = submission().sender.mailbox.address
    assert look(submission(), caught, enabled=True, recipient=recipient).reason is HoldReason.TEST_MODE


def test_it_is_told_before_the_time_to_send(submission, look):
    """A mail for later that a hold catches is held, and does not merely wait."""
    later = submission(send_at=NOW + timedelta(hours=1))
    assert look(later).reason is HoldReason.NOT_YET
    assert look(later, _hold("rcpt:bob")).reason is HoldReason.STANDING_HOLD
