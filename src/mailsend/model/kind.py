"""What kinds of mail there are: what people's doings cause, and mail of our own (S3, house rule 12)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Kind", "is_own"]


class Kind(StrEnum):
    """A mail's kind. Callers may send the first alone."""

    TRANSACTIONAL = "transactional"
    STATUS = "status"  # delivery status notices, under a null reverse-path
    NOTICE = "notice"  # alerts and reports, under a real one


def is_own(kind: str) -> bool:
    """Whether mail of this kind is made by us: it causes no further notice, and knows no limits or holds."""
    return kind in (Kind.STATUS, Kind.NOTICE)
