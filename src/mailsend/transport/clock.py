"""The one look at the calendar that transports take, to write down when an attempt was made."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["utc_now"]


def utc_now() -> datetime:
    """Give the present in UTC."""
    return datetime.now(UTC)  # noqa: TID251  an attempt's times are what happened, not a decision
