"""Times as the store keeps them: whole microseconds since 1970 in UTC, the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from mailsend.errors import StoreError

__all__ = ["MICROSECONDS", "moment", "moment_or_none", "time_of", "time_or_none"]

MICROSECONDS: Final = 1_000_000  # in a second
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def moment(time: datetime) -> int:
    """Give a time as the store keeps it: whole microseconds since 1970, UTC."""
    if time.tzinfo is None:
        raise StoreError("a time without its zone cannot be kept", advice="Give it in UTC.")
    return (time - _EPOCH) // _MICROSECOND


def time_of(kept: int) -> datetime:
    """Give the time that ``moment`` wrote."""
    return _EPOCH + kept * _MICROSECOND


def moment_or_none(time: datetime | None) -> int | None:
    """Give ``moment`` of a time, where there is one."""
    return None if time is None else moment(time)


def time_or_none(kept: int | None) -> datetime | None:
    """Give ``time_of`` a moment, where there is one."""
    return None if kept is None else time_of(kept)
