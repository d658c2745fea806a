"""Customers' servers and their history. No column but ``sealed`` holds anything secret, and that is encrypted."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from mailsend.store.schema.base import NUMBER, metadata, number, text, time

__all__ = ["refused_log_in", "server", "server_step"]

server: Final = Table(
    "mailsend_server",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("definition", Text),  # JSON; none where the definition stands in the rules
    Column("sealed", Text),  # the account, encrypted
    Column("senders", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("account", String(64), nullable=False),  # the fingerprint without password and TLS
    Column("steps", Text, nullable=False),
    Column("findings", Text, nullable=False),
    UniqueConstraint("customer", "name"),
)

# It refers to no row of the other: history outlives what it tells of.
server_step: Final = Table(
    "mailsend_server_step",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("act", String(16), nullable=False),
    Column("before", String(16)),
    Column("after", String(16)),
    Column("note", Text, nullable=False),
    Index(None, "customer", "id"),
)

# An account that a log-in was refused to, or is being tried on for the first time; it goes with a success.
refused_log_in: Final = Table(
    "mailsend_refused_log_in",
    metadata,
    Column("account", Text, primary_key=True),  # a fingerprint; without a secret key the name of its lane
    number("refusals"),
    time("at", nullable=False),  # of the last one; 0 where none came yet
    text("holder"),  # whose turn it is to try
    time("turn_until", nullable=False),
)
