"""What keeps the store itself going: limits, switches, holds, duties, workers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, String, Table, Text

from mailsend.store.schema.base import NUMBER, flag, metadata, number, text, time, word

__all__ = ["confirmation", "duty", "identity", "limit", "provider", "standing_hold", "test_switch", "worker"]

# One row: which store this is, so that a transaction in another database is not taken for ours.
identity: Final = Table(
    "mailsend_store",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(36), nullable=False),
    time("made_at", nullable=False),
)

# The bucket of a server's limits, shared by all processes.
limit: Final = Table(
    "mailsend_limit",
    metadata,
    Column("name", Text, primary_key=True),
    text("rates"),  # JSON: [[amount, seconds, per recipient], …]
    text("bucket"),  # JSON: what was taken and has not come back
    time("at", nullable=False),
)

test_switch: Final = Table(
    "mailsend_test_switch",
    metadata,
    Column("scope", Text, primary_key=True),  # empty: the application, else a customer
    flag("enabled"),
    text("recipient"),
    text("by"),
    time("at", nullable=False),
)

confirmation: Final = Table(
    "mailsend_confirmation",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the token, which is nowhere kept
    text("messages"),  # JSON: the ids that it names
    time("made_at", nullable=False),
    time("until", nullable=False),
    time("used_at"),
    text("by"),
    word("answer"),  # confirmed, kept_testing; empty while it is open
)

standing_hold: Final = Table(
    "mailsend_standing_hold",
    metadata,
    Column("id", NUMBER, primary_key=True),
    text("query"),
    text("customer"),
    text("reason"),
    text("by"),
    time("at", nullable=False),
    time("until"),
    time("lifted_at"),
    text("lifted_by"),
)

# Which provider receives mail for a domain, as a duty looked it up.
provider: Final = Table(
    "mailsend_provider",
    metadata,
    Column("domain", Text, primary_key=True),
    text("provider"),
    word("source"),  # table, mx, none
    time("at", nullable=False),
    time("until", nullable=False),
)

duty: Final = Table(
    "mailsend_duty",
    metadata,
    Column("name", Text, primary_key=True),
    time("ran_at"),
    time("due_at"),
    time("lease_until"),
    text("worker"),
    text("told"),  # JSON: what it told of its last run
)

worker: Final = Table(
    "mailsend_worker",
    metadata,
    Column("id", Text, primary_key=True),
    text("host"),
    number("process"),
    time("began_at", nullable=False),
    time("seen_at", nullable=False),
    text("told"),  # JSON: its counts
)
