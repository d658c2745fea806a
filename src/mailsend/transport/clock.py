"""The looks that transports take at clocks: when an attempt was made, and how long ago a log-in failed."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["steady_seconds", "utc_now"]


def utc_now() -> datetime:
    """Give the present in UTC."""
    return datetime.now(UTC)  # noqa: TID251  an attempt's times are what happened, not a decision


def steady_seconds() -> float:
    """Give seconds on a clock that never goes back, the same for all threads and event loops."""
    return time.monotonic()  # noqa: TID251  a pause after a refused log-in belongs to the process
