"""Searching queue and log: a parsed query as SQL, and what it finds page by page."""

from mailsend.store.cursor import Cursor
from mailsend.store.search.conditions import condition
from mailsend.store.search.paging import OPEN, Page, count, first_queued, page

__all__ = ["OPEN", "Cursor", "Page", "condition", "count", "first_queued", "page"]
