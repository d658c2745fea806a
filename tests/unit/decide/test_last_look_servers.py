"""The last look asks whether a customer's server still carries mail (S1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from mailsend.decide.last_look import Go, Hold, HoldReason, LookedAt, last_look
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.rules import Rules, TestMode
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RULES = Rules.from_dict(
    {"application": {"fallback_sender": "no-reply@suite.example", "allowed_domains": ["suite.example"]}}
)
OWN = Server(host="mail.rat.example", port=587, credentials=Credentials(user="a", password=Secret("x")))
OTHER = replace(OWN, credentials=Credentials(user="a", password=Secret("y")))


def mail(server: Server, owner: Owner) -> SimpleNamespace:
    """Give as much of a submission as the last look reads."""
    return SimpleNamespace(
        expires_at=None,
        confirmed=False,
        hold=None,
        rules_version=RULES.version,
        message=SimpleNamespace(send_at=None),
        routes=SimpleNamespace(offered=(OfferedServer(server=server, owner=owner),)),
    )


def look(server: Server, owner: Owner, released: tuple[Server, ...] | None) -> Go | Hold:
    seen = LookedAt(now=NOW, rules=RULES, test_mode=TestMode(), released=released)
    return last_look(mail(server, owner), seen)


@pytest.mark.parametrize(
    ("server", "owner", "released"),
    [
        (OWN, Owner.CUSTOMER, None),
        (OWN, Owner.CUSTOMER, (OTHER, OWN)),
        (OWN, Owner.APPLICATION, ()),
    ],
)
def test_a_mail_goes_through_a_released_server_or_a_smarthost(server, owner, released):
    """Where only the rules know of states, and for the application's servers, nothing is asked."""
    assert look(server, owner, released) == Go()


@pytest.mark.parametrize("released", [(), (OTHER,)])
def test_a_mail_waits_for_a_server_that_is_not_released_any_more(released):
    """Locked since, or another password: then it is another server, and the mail is held."""
    held = look(OWN, Owner.CUSTOMER, released)
    assert isinstance(held, Hold)
    assert held.reason is HoldReason.SERVER_NOT_RELEASED
    assert "mail.rat.example:587 is not released any more" in held.why
