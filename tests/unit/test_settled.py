"""What is settled for mail after mail alike is settled once, and never for a mail that differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from mail_strategies import shop

from mailsend.decide.reply_to import resolve_reply_to
from mailsend.decide.return_path import choose_return_path
from mailsend.decide.route import choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.decide.signing import choose_signatures
from mailsend.mailer.gather import find_scope, gather
from mailsend.model.address import Address, read_mailbox
from mailsend.model.message import Message
from mailsend.model.rules import Rules, TestMode
from mailsend.prepare import settled
from mailsend.prepare.addressing import Addressed, address
from mailsend.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SENDER = read_mailbox("Ann <ann@operations-the-rat.example>")
RULES = Settings.model_validate(shop()).rules


@pytest.fixture(autouse=True)
def _nothing_settled(monkeypatch):
    monkeypatch.setattr(settled, "_kept", {})


def _asked(to: str = "bob@example.org", **fields: Any) -> Message:
    return Message(**{"customer": "ratcatcher", "from_": SENDER, "to": to, "text": "Hello", **fields})


def _found(message: Message, rules: Rules = RULES, **other: Any):
    scope = find_scope(message.customer, message.business_unit, rules)
    test_mode = other.pop("test_mode", scope.test_mode)
    return replace(gather(message, scope, rules, now=NOW, id="01test", test_mode=test_mode), **other)


def _settled(message: Message, rules: Rules = RULES, **other: Any) -> settled.Settled:
    addressed = address(message, _found(message, rules, **other), recipients_needed=True)
    assert isinstance(addressed, Addressed)
    return addressed.settled


def test_mails_that_differ_in_recipients_and_content_share_their_decisions():
    """The decisions of the first mail are those of the second: the same objects."""
    first = _settled(_asked(subject="One"))

    assert _settled(_asked("eve@elsewhere.example", subject="Two", bcc="x@example.org")) is first


@pytest.mark.parametrize(
    "fields",
    [
        {"from_": "Eve <eve@operations-the-rat.example>"},
        {"from_": read_mailbox("Ann <ann@operations-the-rat.example>")},
        {"from_": None},
        {"actor": "ann"},
        {"require_tls": True},
        {"reply_to": "other@example.org"},
        {"reply_to_verified": True},
        {"bounce_to": "bounces@operations-the-rat.example"},
        {"customer": None, "from_": "no-reply@suite.example"},
    ],
)
def test_a_mail_that_asks_for_something_else_is_settled_anew(fields):
    """Another sender, another Reply-To, an actor: nothing of the mail before is taken over."""
    first = _settled(_asked())
    message = _asked(**fields)

    addressed = address(message, _found(message), recipients_needed=True)

    assert getattr(addressed, "settled", None) is not first
    assert _settled(_asked()) is first


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_a_recipient_in_a_special_domain_has_its_servers_chosen_for_it(field):
    """Servers are chosen by such a recipient, so what was settled for others is not asked."""
    _settled(_asked())
    message = _asked(**{field: "root@mail.internal"})

    assert settled.known(message, _found(message)) is None


@pytest.mark.parametrize(
    "other",
    [
        {"suppressed": {"ann@operations-the-rat.example": "bounced"}},
        {"test_mode": TestMode(enabled=True, recipient=Address.parse("test@suite.example"))},
        {"signers": (object(),)},
        {"domain_facts": {}},
    ],
)
def test_other_circumstances_are_looked_at_anew(other):
    """Lists, test mode, other facts and other keys: what was settled without them is not asked."""
    _settled(_asked())

    assert settled.known(_asked(), _found(_asked())) is not None
    assert settled.known(_asked(), _found(_asked(), **other)) is None


def test_other_rules_are_obeyed_at_once():
    """What was settled by other rules is not believed, though they carry the same version."""
    first = _settled(_asked())
    ours = RULES.customers["ratcatcher"]
    changed = replace(RULES, customers={"ratcatcher": replace(ours, allowed_domains=())})

    assert first.sender.mailbox == SENDER
    assert _settled(_asked(), changed).sender.mailbox != SENDER


def test_what_is_kept_has_a_limit(monkeypatch):
    """A program with senders without end takes bounded room."""
    monkeypatch.setattr(settled, "_MOST", 2)
    for number in range(5):
        _settled(_asked(from_=f"ann{number}@operations-the-rat.example"))

    assert len(settled._kept) <= 2


class _Watched:
    """Notes what is read of a value, by name."""

    def __init__(self, value: object, read: set[str]) -> None:
        self._value = value
        self._read = read

    def __getattr__(self, name: str) -> Any:
        self._read.add(name)
        return getattr(self._value, name)


@pytest.mark.parametrize("asked", ["ann@operations-the-rat.example", "ann@rat.example", "x@foreign.example"])
def test_the_decisions_that_are_shared_read_nothing_but_what_is_compared(asked):
    """Whoever lets one of them read more of a message has to compare that, too."""
    message = _asked(from_=asked)
    found = _found(message)
    of_message: set[str] = set()
    of_circumstances: set[str] = set()
    watched: Any = _Watched(message, of_message)
    around: Any = _Watched(found, of_circumstances)

    sender = resolve_sender(watched, around)
    reply_to = resolve_reply_to(watched, sender, around)
    recipients = address(message, found, recipients_needed=True).recipients
    routes = choose_routes(watched, sender, recipients.reached, around)
    choose_return_path(watched, sender, reply_to, recipients, routes, around)
    choose_signatures(sender, routes, around)

    assert of_message <= {"from_", "actor", "reply_to", "reply_to_verified", "bounce_to", "require_tls"}
    assert of_circumstances <= {
        *("scope", "servers", "signers", "domain_facts"),  # the same objects
        *("test_mode", "suppressed", "of_our_own"),  # off, empty, no
        *("facts_of", "is_suppressed"),  # which read these
    }
