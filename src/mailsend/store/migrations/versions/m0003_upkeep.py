"""Lists, customers, and what keeps the store going."""

from __future__ import annotations

import time
import uuid

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    "mailsend_confirmation",
    "mailsend_customer",
    "mailsend_customer_version",
    "mailsend_duty",
    "mailsend_limit",
    "mailsend_list_entry",
    "mailsend_provider",
    "mailsend_standing_hold",
    "mailsend_store",
    "mailsend_test_switch",
    "mailsend_worker",
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


def upgrade() -> None:
    """Make their tables, and say which store this is."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mailsend_confirmation",
        _digest("digest"),
        _text("messages"),
        _time_of("made_at", nullable=False),
        _time_of("until", nullable=False),
        _time_of("used_at"),
        _text("by"),
        _word("answer"),
        sa.PrimaryKeyConstraint("digest", name="pk_mailsend_confirmation"),
    )
    op.create_table(
        "mailsend_customer",
        _text("name"),
        _whole("version"),
        _text("rules"),
        _text("sealed"),
        _text("by"),
        _time_of("at", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mailsend_customer"),
    )
    op.create_table(
        "mailsend_customer_version",
        _text("name"),
        _whole("version"),
        _text("rules"),
        _text("sealed"),
        _text("by"),
        _time_of("at", nullable=False),
        _text("note"),
        sa.PrimaryKeyConstraint("name", "version", name="pk_mailsend_customer_version"),
    )
    op.create_table(
        "mailsend_duty",
        _text("name"),
        _time_of("ran_at"),
        _time_of("due_at"),
        _time_of("lease_until"),
        _text("worker"),
        _text("told"),
        sa.PrimaryKeyConstraint("name", name="pk_mailsend_duty"),
    )
    op.create_table(
        "mailsend_limit",
        _text("name"),
        _text("rates"),
        _text("bucket"),
        _time_of("at", nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mailsend_limit"),
    )
    op.create_table(
        "mailsend_list_entry",
        sa.Column("id", number, nullable=False),
        _word("list"),
        _text("customer"),
        _text("pattern"),
        _digest("hashed"),
        _word("reason"),
        _text("note"),
        _text("source"),
        _text("by"),
        _word("level"),
        _whole("times"),
        _time_of("made_at", nullable=False),
        _time_of("until"),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_list_entry"),
        sa.UniqueConstraint(
            "list",
            "customer",
            "hashed",
            "reason",
            name="uq_mailsend_list_entry_list_customer_hashed_reason",
        ),
    )
    op.create_index("ix_mailsend_list_entry_hashed", "mailsend_list_entry", ["hashed"])
    op.create_table(
        "mailsend_provider",
        _text("domain"),
        _text("provider"),
        _word("source"),
        _time_of("at", nullable=False),
        _time_of("until", nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_mailsend_provider"),
    )
    op.create_table(
        "mailsend_standing_hold",
        sa.Column("id", number, nullable=False),
        _text("query"),
        _text("customer"),
        _text("reason"),
        _text("by"),
        _time_of("at", nullable=False),
        _time_of("until"),
        _time_of("lifted_at"),
        _text("lifted_by"),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_standing_hold"),
    )
    op.create_table(
        "mailsend_store",
        _whole("id"),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        _time_of("made_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_store"),
    )
    op.create_table(
        "mailsend_test_switch",
        _text("scope"),
        _whole("enabled"),
        _text("recipient"),
        _text("by"),
        _time_of("at", nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_mailsend_test_switch"),
    )
    op.create_table(
        "mailsend_worker",
        _text("id"),
        _text("host"),
        _whole("process"),
        _time_of("began_at", nullable=False),
        _time_of("seen_at", nullable=False),
        _text("told"),
        sa.PrimaryKeyConstraint("id", name="pk_mailsend_worker"),
    )
    op.execute(
        sa.table(
            "mailsend_store",
            sa.column("id", sa.Integer()),
            sa.column("uuid", sa.String()),
            sa.column("made_at", sa.BigInteger()),
        )
        .insert()
        .values(id=1, uuid=str(uuid.uuid4()), made_at=time.time_ns() // 1000)  # noqa: TID251 - it is made once
    )


def downgrade() -> None:
    """Drop them, and all that they hold."""
    for one in reversed(_TABLES):
        op.drop_table(one)
