"""The last look asks whether a list keeps a recipient from this mail since (M17)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from mailsend.decide.last_look import Drop, DropReason, Go, Hold, HoldReason, LookedAt, last_look
from mailsend.model.address import Address
from mailsend.model.rules import Rules, TestMode

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RULES = Rules.from_dict(
    {"application": {"fallback_sender": "no-reply@suite.example", "allowed_domains": ["suite.example"]}}
)
BOB, EVE = Address.parse("Bob@example.org"), Address.parse("eve@example.org")


OFF = TestMode()


def look(suppressed, send_at=None, *, confirmed=False, test_mode=OFF):
    """Look at as much of a mail to Bob and Eve as the last look reads."""
    mail = SimpleNamespace(
        expires_at=None,
        hold=None,
        rules_version=RULES.version,
        message=SimpleNamespace(send_at=send_at),
        routes=SimpleNamespace(offered=()),
        recipients={BOB: None, EVE: None},
        confirmed=confirmed,
        in_test_mode=False,
    )
    seen = LookedAt(now=NOW, rules=RULES, test_mode=test_mode, suppressed=suppressed)
    return last_look(mail, seen)


@pytest.mark.parametrize(
    ("suppressed", "dropped"),
    [
        ({"bob@example.org": "by_hand"}, (BOB,)),
        (("eve@example.org", "bob@example.org"), (BOB, EVE)),
    ],
)
def test_who_is_suppressed_since_is_dropped(suppressed, dropped):
    """Compared without case; the others may still be offered."""
    assert look(suppressed) == Drop(reason=DropReason.SUPPRESSED, recipients=dropped)


@pytest.mark.parametrize("suppressed", [(), {"dan@example.org": "by_hand"}])
def test_a_mail_to_nobody_who_is_suppressed_goes(suppressed):
    """Entries for other addresses change nothing."""
    assert look(suppressed) == Go()


def test_a_mail_that_is_held_is_held_for_all():
    """Else a dropped recipient would let the mail out to the others."""
    held = look(("bob@example.org",), send_at=NOW + timedelta(hours=1))
    assert isinstance(held, Hold)
    assert held.reason is HoldReason.NOT_YET


@pytest.mark.parametrize(("confirmed", "goes"), [(True, True), (False, False)])
def test_a_mail_that_a_person_confirmed_goes_in_spite_of_test_mode(confirmed, goes):
    """No other does (P3)."""
    on = TestMode(enabled=True, recipient=EVE)
    assert (look((), confirmed=confirmed, test_mode=on) == Go()) is goes
