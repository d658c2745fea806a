"""What people do to the queue: look, hold, release, retry, and all of it written down."""

from __future__ import annotations

from mailsend.store.outbox.book import Outbox

__all__ = ["Outbox"]
