"""Customers' rules in tables (T4): what holds now, and every version before it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, Table, Text

from mailsend.store.schema.base import metadata, number, text, time

__all__ = ["customer", "customer_version"]

customer: Final = Table(
    "mailsend_customer",
    metadata,
    Column("name", Text, primary_key=True),
    number("version"),
    text("rules"),  # JSON: the shape of [customers.NAME], without its secrets
    text("sealed"),  # those, encrypted
    text("by"),
    time("at", nullable=False),
)

customer_version: Final = Table(
    "mailsend_customer_version",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    text("rules"),
    text("sealed"),
    text("by"),
    time("at", nullable=False),
    text("note"),
)
