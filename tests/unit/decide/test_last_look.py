"""The last look before every attempt (M35)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailsend.decide.last_look import Drop, DropReason, Go, Hold, HoldReason, LookedAt, last_look
from mailsend.model.address import Address
from mailsend.model.rules import Rules, TestMode
from mailsend.model.submission import Hold as AskedHold

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TEST_MODE = {"enabled": True, "recipient": "test@suite.example"}


@pytest.fixture
def look(shop):
    """Look at a submission under the rules as they are now."""

    def at(submission, *, now=NOW, known=True):
        rules = Rules.from_dict(shop)
        test_mode = rules.scope("ratcatcher").test_mode if known else TestMode()
        return last_look(submission, LookedAt(now=now, rules=rules if known else None, test_mode=test_mode))

    return at


def test_a_mail_whose_circumstances_have_not_changed_may_go(submission, look):
    """Nothing has changed, nothing is in the way."""
    assert look(submission()) == Go()


def test_a_mail_prepared_before_test_mode_was_switched_on_is_held(shop, submission, look):
    """Fixed bytes for real recipients do not leave while test mode is on."""
    prepared = submission()
    shop["application"]["test_mode"] = TEST_MODE
    assert look(prepared) == Hold(reason=HoldReason.TEST_MODE)
    assert look(prepared).why == ""


def test_a_test_copy_goes_to_the_test_address_and_to_no_other(shop, submission, look):
    """A test copy may go while its test address is still the one in force, and after test mode."""
    shop["application"]["test_mode"] = TEST_MODE
    prepared = submission()
    assert look(prepared) == Go()
    shop["application"]["test_mode"] = {**TEST_MODE, "recipient": "other@suite.example"}
    assert look(prepared) == Hold(reason=HoldReason.TEST_MODE)
    shop["application"]["test_mode"] = {**TEST_MODE, "enabled": False}
    assert look(prepared) == Go()


def test_a_real_mail_to_the_test_address_is_no_test_copy(shop, submission, look):
    """Bytes that show real recipients are held even where the envelope is the test address alone."""
    prepared = submission(to="test@suite.example", cc="test@suite.example")
    shop["application"]["test_mode"] = TEST_MODE
    assert look(prepared) == Hold(reason=HoldReason.TEST_MODE)


def test_an_expired_mail_is_dropped_for_all_its_recipients(submission, look):
    """From expires_at on, nobody gets the mail any more."""
    prepared = submission(to=["bob@example.org", "eve@example.org"], expires_at=NOW + timedelta(1))
    assert look(prepared, now=NOW + timedelta(1) - timedelta(seconds=1)) == Go()
    assert look(prepared, now=NOW + timedelta(1)) == Drop(
        reason=DropReason.EXPIRED,
        recipients=(Address.parse("bob@example.org"), Address.parse("eve@example.org")),
    )


@pytest.mark.parametrize(
    ("asked", "why"),
    [(AskedHold(reason="budget", why="over budget"), "over budget"), (AskedHold(reason="budget"), "budget")],
)
def test_a_mail_that_a_check_held_stays_held(asked, why, submission, look):
    """An interceptor's hold is told with its words, or its code."""
    prepared = replace(submission(), hold=asked)
    assert look(prepared) == Hold(reason=HoldReason.INTERCEPTOR, why=why)


def test_a_mail_of_a_customer_that_is_gone_is_held(submission, look):
    """Where the rules know the customer no more, the mail is kept back."""
    assert look(submission(), known=False) == Hold(reason=HoldReason.UNKNOWN_CUSTOMER)


def test_a_sender_that_is_no_longer_allowed_holds_the_mail(shop, submission, look):
    """Rules that no longer allow From's domain hold the mail; other changes do not."""
    prepared = submission()
    shop["application"]["name"] = "Another name"
    assert look(prepared) == Go()
    customer = shop["customers"]["ratcatcher"]
    customer.update(allowed_domains=["new.example"], alias_domains={}, fallback_sender="office@new.example")
    customer["business_units"] = {}
    assert look(prepared) == Hold(reason=HoldReason.SENDER_NO_LONGER_ALLOWED)
    customer["alias_domains"] = {"operations-the-rat.example": "new.example"}
    assert look(prepared) == Go()


def test_a_fallback_sender_that_still_stands_holds_nothing(shop, submission, look):
    """A mail rewritten to the application's fallback goes while that is still the fallback."""
    customer = shop["customers"]["ratcatcher"]
    del customer["fallback_sender"]
    prepared = submission(from_="x@gmail.com")
    assert str(prepared.sender.mailbox.address) == "no-reply@suite.example"
    shop["application"]["name"] = "Another name"
    assert look(prepared) == Go()
    shop["application"]["fallback_sender"] = "other@suite.example"
    assert look(prepared) == Hold(reason=HoldReason.SENDER_NO_LONGER_ALLOWED)


def test_a_mail_of_the_application_itself_is_looked_at_by_its_own_domains(shop, submission, look):
    """Without a customer the application's allowed domains count."""
    prepared = submission(customer=None, from_="help@suite.example")
    shop["application"]["name"] = "Another name"
    assert look(prepared) == Go()
    shop["application"].update(
        allowed_domains=["new.example"],
        fallback_sender="no-reply@new.example",
    )
    assert look(prepared) == Hold(reason=HoldReason.SENDER_NO_LONGER_ALLOWED)


def test_a_mail_for_later_waits(submission, look):
    """send_at in the future holds the mail until then."""
    later = NOW + timedelta(hours=1)
    prepared = submission(send_at=later)
    assert look(prepared) == Hold(reason=HoldReason.NOT_YET, why=later.isoformat())
    assert look(prepared, now=later) == Go()
