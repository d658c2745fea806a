"""One line that moves, on a terminal only."""

from __future__ import annotations

import sys


class Progress:
    """Says on standard error what is being done and how much of it is over."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._at = 0
        self._shown = sys.stderr.isatty()

    def step(self, what: str) -> None:
        """Go on to ``what``."""
        self._at += 1
        if self._shown:
            share = min(self._at, self._total) * 20 // max(self._total, 1)
            bar = "█" * share + "░" * (20 - share)
            sys.stderr.write(f"\r\x1b[K{bar} {self._at}/{self._total} {what[:80]}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
