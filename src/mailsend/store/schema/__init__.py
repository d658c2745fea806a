"""The tables, as the newest revision has them; the migrations lead there.

Times are whole microseconds since 1970 in UTC, the same in every database; lists and mappings are
JSON in text. What is secret is encrypted, and its columns say so.
"""

from __future__ import annotations

from mailsend.store.schema import customers, lists, mails, servers, upkeep
from mailsend.store.schema.base import REVISION, REVISIONS, VERSION_TABLE, metadata

__all__ = [
    "REVISION",
    "REVISIONS",
    "VERSION_TABLE",
    "customers",
    "lists",
    "mails",
    "metadata",
    "servers",
    "upkeep",
]
