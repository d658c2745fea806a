"""Counting work against the clock, in the contender's own process."""

from __future__ import annotations

import itertools
import resource
import sys
import time
from pathlib import Path
from typing import Any

numbers = itertools.count()  # of mails: each its own, warm-up and all


class Meter:
    """Lets work begin until ``seconds`` have passed or ``most`` pieces were handed out."""

    def __init__(self, seconds: float, most: int = 0) -> None:
        self.count = 0
        self._handed_out = 0
        self._most = most or sys.maxsize
        self._before = _used()
        self._began = time.perf_counter()
        self._ends = self._began + seconds

    def take(self) -> bool:
        """Whether one more piece of work may begin."""
        if self._handed_out >= self._most or time.perf_counter() >= self._ends:
            return False
        self._handed_out += 1
        return True

    def goes_on(self) -> bool:
        """Whether there is time left, for work that hands itself out."""
        return time.perf_counter() < self._ends

    def done(self, count: int = 1) -> None:
        """Count what is finished: accepted by the server, or written, or signed, or stored."""
        self.count += count

    def read(self) -> dict[str, Any]:
        """Give pieces, seconds, processor seconds of this process with all its threads, and peak memory."""
        seconds = time.perf_counter() - self._began
        return {
            "count": self.count,
            "seconds": seconds,
            "cpu": _used() - self._before,
            "rss": peak_rss(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
        }


def _used() -> float:
    """Give the processor seconds of this process with all its threads, and of its children that have ended."""
    all_of_them = (resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in all_of_them)


def peak_rss(of_kernel: int) -> int:
    """Give the peak resident size of this program in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # bytes on macOS, kibibytes elsewhere
        return of_kernel if sys.platform == "darwin" else of_kernel * 1024
    # Linux counts what stood here before exec, the parent's memory, into ru_maxrss, but not into VmHWM.
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
