"""The shop of the specification as rules, and circumstances made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mailsend.decide.content import check_content
from mailsend.decide.recipients import resolve_recipients
from mailsend.decide.reply_to import resolve_reply_to
from mailsend.decide.return_path import choose_return_path
from mailsend.decide.route import choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.decide.signing import choose_signatures
from mailsend.mailer.facts import asked_domains, facts_of, offered_servers, stated_domains
from mailsend.model.circumstances import Circumstances
from mailsend.model.content import Content
from mailsend.model.envelope import Envelope
from mailsend.model.message import Message
from mailsend.model.rules import Rules
from mailsend.model.submission import Submission

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class NoTemplates:
    """A renderer for tests that decide and do not render."""

    def render(self, name: str, values: object, **more: object) -> Any:
        raise AssertionError("nothing is rendered here")


@pytest.fixture
def shop() -> dict[str, Any]:
    """Give the settings of the specification's example; tests change their own copy."""
    return {
        "application": {
            "name": "Acme Suite",
            "fallback_sender": "Acme Suite <no-reply@suite.example>",
            "allowed_domains": ["suite.example"],
            "admin_address": "postmaster@suite.example",
            "smarthosts": ["smtp://relay1.suite.example:587", "smtp://relay2.suite.example:587"],
        },
        "customers": {
            "ratcatcher": {
                "allowed_domains": ["operations-the-rat.example"],
                "alias_domains": {"rat.example": "operations-the-rat.example"},
                "fallback_sender": "Operations the Rat <office@operations-the-rat.example>",
                "admin_address": "it@operations-the-rat.example",
                "business_units": {
                    "zurich": {
                        "fallback_sender": "Zurich <zurich@operations-the-rat.example>",
                        "locale": "de-CH",
                    },
                    "bern": {},
                },
            }
        },
    }


@pytest.fixture
def circumstances(shop: dict[str, Any]) -> Callable[..., Circumstances]:
    """Give the circumstances of a message under ``shop``, with any of their fields replaced."""

    def build(message: Message, **other: Any) -> Circumstances:
        rules = Rules.from_dict(shop)
        scope = rules.scope(message.customer, message.business_unit)
        domains = (*asked_domains(message, scope), *stated_domains(scope))
        made = Circumstances(
            rules=rules,
            scope=scope,
            now=NOW,
            id="01test",
            locale=message.locale or "en",
            test_mode=scope.test_mode,
            servers=offered_servers(scope),
            domain_facts={one: facts_of(one, scope) for one in domains},
            renderer=NoTemplates(),
        )
        return replace(made, **other)

    return build


@pytest.fixture
def submission(circumstances: Callable[..., Circumstances]) -> Callable[..., Submission]:
    """Give a decided mail with stand-in bytes: what the last look and the words read."""

    def build(**fields: Any) -> Submission:
        message = Message(
            **{
                "customer": "ratcatcher",
                "from_": "ann@operations-the-rat.example",
                "to": "bob@example.org",
                "subject": "Hello",
                "text": "Hello",
                **fields,
            }
        )
        found = circumstances(message)
        content = Content(subject="Hello", text="Hello")
        sender = resolve_sender(message, found)
        reply_to = resolve_reply_to(message, sender, found)
        recipients = resolve_recipients(message, found)
        routes = choose_routes(message, sender, recipients.envelope_addresses, found)
        return_path = choose_return_path(message, sender, reply_to, recipients, routes, found)
        envelope = Envelope(reverse_path=return_path.address, recipients=recipients.envelope_addresses)
        return Submission(
            id=found.id,
            message_id="01test@operations-the-rat.example",
            message=message,
            sender=sender,
            reply_to=reply_to,
            recipients=recipients,
            routes=routes,
            return_path=return_path,
            content=check_content(message, content, "en", found),
            signatures=choose_signatures(sender, routes, found)[0],
            envelopes=(envelope,),
            rendered=content,
            data=b"From: ann@operations-the-rat.example\r\n\r\nHello\r\n",
            digest="0",
            rules_version=found.rules.version,
            prepared=found.now,
            in_test_mode=found.test_mode.enabled,
            expires_at=message.expires_at,
        )

    return build
