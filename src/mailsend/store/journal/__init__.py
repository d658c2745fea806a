"""The log: every mail that came to the store, searched, counted, and looked through case by case."""

from __future__ import annotations

from mailsend.store.journal.book import Journal

__all__ = ["Journal"]
