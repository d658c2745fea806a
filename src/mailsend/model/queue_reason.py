"""Why the queue itself keeps a mail, or lets one of its recipients wait."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["QueueReason"]


class QueueReason(StrEnum):
    """A code that stands in the rows of a mail and its recipients, beside those of decisions and verdicts."""

    KEPT = "kept"  # a preview, for a later request
    TEST_QUESTION = "test_question"
    ROUTE_GONE = "route_gone"
    UNREADABLE = "unreadable"
    NOT_READY = "not_ready"
