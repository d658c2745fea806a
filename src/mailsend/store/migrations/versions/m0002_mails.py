"""Mails: the queue and the log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LOG = ("queued_at", "id", "subject", "sender", "requested", "message_id", "template", "actor", "tags")
_TABLES = (
    "mailsend_attempt",
    "mailsend_blob",
    "mailsend_content",
    "mailsend_content_blob",
    "mailsend_event",
    "mailsend_idempotency",
    "mailsend_message",
    "mailsend_recipient",
)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=False)


def _digest(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _time_of(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _where(condition: sa.TextClause) -> dict[str, Any]:
    return {"sqlite_where": condition, "postgresql_where": condition}


def upgrade() -> None:
    """Make the tables of mails and of what became of them."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mailsend_attempt",
        sa.Column("id", number, nullable=False),
        _word("message"),
        _whole("fence"),
        _time_of("started_at", nullable=False),
        _time_of("ended_at", nullable=False),
        _text("server"),
        _word("outcome"),
        _word("fault"),
        _word("reason"),
        sa.Column("code", sa.Integer(), nullable=True),
        _word("enhanced"),
        _text("reply"),
        _text("queue_id"),
        _text("source_ip"),
        _text("worker"),
        _text("recipients"),
        _text("conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_attempt"),
    )
    op.create_index("ix_mailsend_attempt_message", "mailsend_attempt", ["message"])
    op.create_index("ix_mailsend_attempt_queue_id", "mailsend_attempt", ["queue_id"])
    op.create_table(
        "mailsend_blob",
        _digest("digest"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _whole("size"),
        sa.PrimaryKeyConstraint("digest", name="pk_mailsend_blob"),
    )
    op.create_table(
        "mailsend_content",
        _word("message"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _text("cuts"),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        _whole("sealed"),
        _time_of("queued_at", nullable=False),
        sa.PrimaryKeyConstraint("message", name="pk_mailsend_content"),
    )
    op.create_table(
        "mailsend_content_blob",
        _word("message"),
        _digest("digest"),
        sa.PrimaryKeyConstraint("message", "digest", name="pk_mailsend_content_blob"),
    )
    op.create_index("ix_mailsend_content_blob_digest", "mailsend_content_blob", ["digest"])
    op.create_table(
        "mailsend_event",
        sa.Column("id", number, nullable=False),
        _time_of("at", nullable=False),
        _text("by"),
        _word("act"),
        _word("message"),
        _text("customer"),
        _text("reason"),
        _text("facts"),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_event"),
    )
    op.create_index("ix_mailsend_event_at", "mailsend_event", ["at"])
    op.create_index(
        "ix_mailsend_event_untold",
        "mailsend_event",
        ["id"],
        **_where(sa.text("act = 'gave_up' AND reason = ''")),
    )
    op.create_index("ix_mailsend_event_message", "mailsend_event", ["message"])
    op.create_table(
        "mailsend_idempotency",
        _text("customer"),
        _whole("in_test_mode"),
        _text("key"),
        _word("message"),
        _digest("request_digest"),
        _time_of("kept_until", nullable=False),
        sa.PrimaryKeyConstraint("customer", "in_test_mode", "key", name="pk_mailsend_idempotency"),
    )
    op.create_index("ix_mailsend_idempotency_message", "mailsend_idempotency", ["message"])
    op.create_table(
        "mailsend_message",
        _word("id"),
        _text("customer"),
        _text("business_unit"),
        _word("state"),
        _whole("frozen"),
        _word("reason"),
        _text("why"),
        _word("how"),
        _word("kind"),
        _whole("in_test_mode"),
        _time_of("due_at"),
        _time_of("rank"),
        _whole("priority"),
        _time_of("send_at"),
        _time_of("expires_at"),
        _time_of("gives_up_at"),
        _time_of("lease_until"),
        _whole("fence"),
        _text("worker"),
        _whole("attempts"),
        _time_of("queued_at", nullable=False),
        _time_of("prepared_at", nullable=False),
        _time_of("tried_at"),
        _time_of("done_at"),
        _text("message_id"),
        _text("subject"),
        _text("requested"),
        _text("sender"),
        _text("sender_mailbox"),
        _text("reply_to"),
        _text("reverse_path"),
        _text("template"),
        _text("actor"),
        _text("locale"),
        _text("tags"),
        _text("metadata"),
        _whole("size"),
        _whole("sensitive"),
        _whole("essential"),
        _whole("require_tls"),
        _digest("digest"),
        _digest("first_digest"),
        _digest("rules_version"),
        _text("decisions"),
        _text("routes"),
        _text("lane"),
        _text("envelopes"),
        _text("server"),
        _text("queue_id"),
        _text("idempotency_key"),
        _digest("request_digest"),
        _text("linked_to"),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_message"),
    )
    op.create_index("ix_mailsend_message_customer_queued_at", "mailsend_message", ["customer", "queued_at"])
    op.create_index(
        "ix_mailsend_message_due",
        "mailsend_message",
        ["rank"],
        **_where(sa.text("state = 'queued' AND frozen = 0")),
    )
    op.create_index(
        "ix_mailsend_message_held", "mailsend_message", ["queued_at"], **_where(sa.text("state = 'held'"))
    )
    op.create_index(
        "ix_mailsend_message_later",
        "mailsend_message",
        ["due_at"],
        **_where(sa.text("state = 'queued' AND frozen = 0")),
    )
    op.create_index(
        "ix_mailsend_message_lease",
        "mailsend_message",
        ["lease_until"],
        **_where(sa.text("state = 'sending'")),
    )
    op.create_index("ix_mailsend_message_message_id", "mailsend_message", ["message_id"])
    if op.get_context().dialect.name == "sqlite":
        op.create_index("ix_mailsend_message_log", "mailsend_message", list(_LOG))
    else:  # whose indexes take no long texts
        op.create_index("ix_mailsend_message_newest", "mailsend_message", ["queued_at", "id"])
    op.create_index(
        "ix_mailsend_message_requested",
        "mailsend_message",
        ["requested", "queued_at"],
        **_where(sa.text("requested != sender AND requested != ''")),
    )
    op.create_index(
        "ix_mailsend_message_reason",
        "mailsend_message",
        ["reason", "queued_at"],
        **_where(sa.text("reason != ''")),
    )
    op.create_index(
        "ix_mailsend_message_linked", "mailsend_message", ["linked_to"], **_where(sa.text("linked_to <> ''"))
    )
    op.create_index(
        "ix_mailsend_message_frozen", "mailsend_message", ["queued_at"], **_where(sa.text("frozen = 1"))
    )
    op.create_index("ix_mailsend_message_sender_queued_at", "mailsend_message", ["sender", "queued_at"])
    op.create_table(
        "mailsend_recipient",
        _word("message"),
        _whole("position"),
        _word("field"),
        _text("address"),
        _text("name"),
        _text("key"),
        _text("domain"),
        _text("envelope_address"),
        _whole("envelope"),
        _word("outcome"),
        _word("reason"),
        _word("fault"),
        _whole("lasting"),
        _whole("attempts"),
        _whole("resends"),
        _time_of("due_at"),
        _whole("marked"),
        _text("pinned"),
        sa.Column("code", sa.Integer(), nullable=True),
        _word("enhanced"),
        _text("reply"),
        _text("server"),
        _text("queue_id"),
        _time_of("updated_at", nullable=False),
        sa.PrimaryKeyConstraint("message", "position", name="pk_mailsend_recipient"),
    )
    op.create_index("ix_mailsend_recipient_domain_message", "mailsend_recipient", ["domain", "message"])
    op.create_index("ix_mailsend_recipient_key_message", "mailsend_recipient", ["key", "message"])
    op.create_index(
        "ix_mailsend_recipient_trouble",
        "mailsend_recipient",
        ["outcome", "reason", "code", "enhanced", "message"],
        **_where(sa.text("outcome != 'accepted'")),
    )


def downgrade() -> None:
    """Drop them, and all that they hold."""
    for one in reversed(_TABLES):
        op.drop_table(one)
