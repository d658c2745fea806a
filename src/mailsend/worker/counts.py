"""What a worker has done since it began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from mailsend.model.done import Done

__all__ = ["Counts"]

_COUNTED: Final = ("claimed", "accepted", "deferred", "rejected", "unknown", "held", "expired")


class Counts:
    """Mails claimed, and their recipients by outcome; rounds that failed, duties done."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()

    def add(self, done: Done) -> None:
        """Count one round."""
        for name in _COUNTED:
            self._counted[name] += getattr(done, name)

    def more(self, name: str, number: int = 1) -> None:
        """Count something else: ``failed_rounds``, ``duties``, ``failed_duties``."""
        self._counted[name] += number

    def __getitem__(self, name: str) -> int:
        return self._counted[name]

    def told(self) -> Mapping[str, int]:
        """Give all counts, those of rounds always."""
        return {**dict.fromkeys(_COUNTED, 0), **self._counted}
