"""Lists of addresses: who is not written to, who may be, and who may never."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, String, Table, UniqueConstraint

from mailsend.store.schema.base import NUMBER, metadata, number, text, time, word

__all__ = ["entry"]

entry: Final = Table(
    "mailsend_list_entry",
    metadata,
    Column("id", NUMBER, primary_key=True),
    word("list"),  # suppress block allow
    text("customer"),  # empty: the application's
    text("pattern"),  # an address, @domain for all of one; empty where a person was erased
    Column("hashed", String(64), nullable=False),  # keyed, so that the entry outlives the address (M38)
    word("reason"),
    text("note"),
    text("source"),  # the mail or notice that it comes from
    text("by"),
    word("level"),  # whose word it is (H7)
    number("times"),  # how often the reason was met
    time("made_at", nullable=False),
    time("until"),  # none: for good
    UniqueConstraint("list", "customer", "hashed", "reason"),  # each reason has an end of its own
    Index(None, "hashed"),
)
