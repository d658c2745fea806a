"""A mail as the queue and the log tell of it: what was decided, what was tried, and who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailsend.model.decision import DecisionRecord
from mailsend.model.mail_state import MailState
from mailsend.model.report import Exchange, Outcome

__all__ = ["StoredAttempt", "StoredEvent", "StoredMail", "StoredRecipient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecipient:
    """One recipient; ``field`` says where it was named (``archive``: a copy for the archive).

    ``envelope_address`` is who stands in RCPT TO, empty for nobody. ``due_at`` is when it is tried next
    (UTC). ``code``, ``enhanced`` and ``reply`` are the last reply that it was told.
    """

    address: str
    name: str
    field: str
    envelope_address: str
    outcome: Outcome
    reason: str = ""
    fault: str = ""
    lasting: bool = False
    attempts: int = 0
    due_at: datetime | None = None
    code: int | None = None
    enhanced: str = ""
    reply: str = ""
    server: str = ""
    queue_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttempt:
    """One try at one server; times are UTC. ``recipients`` maps envelope addresses to what they were told."""

    started: datetime
    ended: datetime
    server: str
    outcome: Outcome
    fault: str = ""
    reason: str = ""
    code: int | None = None
    enhanced: str = ""
    reply: str = ""
    queue_id: str = ""
    source_ip: str = ""
    worker: str = ""
    recipients: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    conversation: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """What somebody did, or what happened; ``at`` is UTC."""

    at: datetime
    by: str
    act: str
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One mail in the store, without its content; times are UTC, ``size`` is in bytes.

    ``id`` is our own (H3), ``message_id`` RFC 5322's, ``queue_id`` that of the server which took it last.
    ``how`` says what brought it here. ``digest`` is that of the bytes that go out, ``first_digest`` of
    those first prepared: another one where Date and signatures were made anew (M34). ``recipients``,
    ``attempts`` and ``events`` are empty in lists.
    """

    id: str
    customer: str | None
    business_unit: str | None
    state: MailState
    frozen: bool
    reason: str
    why: str
    how: str
    kind: str
    in_test_mode: bool
    due_at: datetime | None
    priority: int
    send_at: datetime | None
    expires_at: datetime | None
    gives_up_at: datetime | None
    attempts_made: int
    queued_at: datetime
    prepared_at: datetime
    tried_at: datetime | None
    done_at: datetime | None
    message_id: str
    subject: str
    requested: str
    sender: str
    sender_mailbox: str
    reply_to: str
    reverse_path: str
    template: str
    actor: str
    locale: str
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    size: int
    sensitive: bool
    essential: bool
    require_tls: bool
    digest: str
    first_digest: str
    rules_version: str
    routes: tuple[tuple[str, str], ...]
    server: str
    queue_id: str
    idempotency_key: str | None
    linked_to: str | None
    decisions: tuple[DecisionRecord, ...] = field(default=(), repr=False)
    recipients: tuple[StoredRecipient, ...] = ()
    attempts: tuple[StoredAttempt, ...] = field(default=(), repr=False)
    events: tuple[StoredEvent, ...] = ()

    def why_it_waits(self, locale: str = "en") -> str:
        """Tell why it is held: as it was written down, else what the reason means; empty where it is not."""
        from mailsend.model.words import why_it_waits

        return self.why or why_it_waits(self.reason, locale)

    def explain(self, locale: str = "en") -> str:
        """Tell, like a person, which choices were made for this mail and why."""
        from mailsend.model.words import explain

        return "\n".join(explain(one, locale) for one in self.decisions)
