"""The clock: the one place from which ``now`` is handed down."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["monotonic", "utc_now"]


def utc_now() -> datetime:
    """Give this moment in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - time is an argument everywhere below


def monotonic() -> float:
    """Give seconds that only ever grow."""
    return time.monotonic()  # noqa: TID251 - time is an argument everywhere below
