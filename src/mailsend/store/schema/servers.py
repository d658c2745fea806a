"""Customers' servers and their history. No column but ``sealed`` holds anything secret, and that is encrypted."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from mailsend.store.schema.base import NUMBER, metadata

__all__ = ["server", "server_step"]

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
