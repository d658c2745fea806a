"""Fixtures for the tests of applications; nothing of mailsend is loaded before one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailsend.mailer import AsyncMailer, Mailer
    from mailsend.testing.outbox import Outbox
    from mailsend.testing.server import ScriptedServer

__all__ = [
    "mailsend_async_mailer",
    "mailsend_mailer",
    "mailsend_outbox",
    "mailsend_settings",
    "mailsend_smtp",
]


@pytest.fixture
def mailsend_outbox() -> Iterator[Outbox]:
    """Divert every Mailer of the process for this test, and hold what would have been sent."""
    from mailsend.testing.outbox import diverted

    with diverted() as outbox:
        yield outbox


@pytest.fixture
def mailsend_settings() -> dict[str, Any]:
    """Give the settings of ``mailsend_mailer``; override this fixture to give others."""
    return {
        "application": {
            "name": "Test",
            "fallback_sender": "Test <no-reply@app.example>",
            "allowed_domains": ["app.example"],
            "admin_address": "admin@app.example",
            "smarthosts": ["memory:"],
        }
    }


@pytest.fixture
def mailsend_mailer(mailsend_settings: dict[str, Any], mailsend_outbox: Outbox) -> Iterator[Mailer]:
    """Give a Mailer with ``mailsend_settings`` whose mail lands in ``mailsend_outbox``."""
    from mailsend.mailer import Mailer
    from mailsend.settings import Settings

    with Mailer(Settings.model_validate(mailsend_settings)) as mailer:
        yield mailer


@pytest.fixture
def mailsend_async_mailer(mailsend_settings: dict[str, Any], mailsend_outbox: Outbox) -> AsyncMailer:
    """Give an AsyncMailer with ``mailsend_settings`` whose mail lands in ``mailsend_outbox``."""
    from mailsend.mailer import AsyncMailer
    from mailsend.settings import Settings

    return AsyncMailer(Settings.model_validate(mailsend_settings))


@pytest.fixture
def mailsend_smtp() -> Iterator[ScriptedServer]:
    """Give a real SMTP server on loopback, with TLS and AUTH on request and faults by name."""
    from mailsend.testing.server import ScriptedServer

    with ScriptedServer() as server:
        yield server
