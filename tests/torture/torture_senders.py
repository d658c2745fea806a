"""The processes on the other side of the torture run's server: which one it is, and what befalls it there."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["Senders"]

_LOOKS = 5  # where one of several processes ends just now, the kernel's list may lack others


class Senders:
    """Finds, kills, and lets stand still; ``killed`` says who was killed here, and when."""

    def __init__(self, dice: random.Random, *, still_for: float) -> None:
        self.family: Callable[[], list[int]] = list  # the processes that may be on the other side
        self.killed: dict[int, float] = {}
        self.stood_still: list[tuple[int, float, float]] = []  # process id, from when, until when
        self._dice = dice
        self._still_for = still_for

    def owner(self, port: int, mine: int) -> int:
        """Give which of the family has the connection from ``port`` to ``mine``; 0 where nobody has it any more."""
        inode = _inode(port, mine)
        for _ in range(_LOOKS if inode else 0):
            if found := [one for one in self.family() if _has(one, inode)]:
                return found[0]
        return 0

    def kill(self, pid: int) -> None:
        """Kill a sender, unless it is gone."""
        if pid in self.killed or pid not in self.family():
            return
        self.killed[pid] = time.monotonic()
        if not _signal(pid, signal.SIGKILL):
            del self.killed[pid]

    def let_stand_still(self, pid: int) -> None:
        """Let a sender do nothing for a while, as where its machine is overloaded, or asleep."""
        if pid not in self.killed and pid in self.family() and _signal(pid, signal.SIGSTOP):
            seconds, now = self._dice.random() * self._still_for, time.monotonic()
            self.stood_still.append((pid, now, now + seconds))
            asyncio.get_running_loop().call_later(seconds, _signal, pid, signal.SIGCONT)

    def stood_still_between(self, pid: int, began: float, ended: float) -> bool:
        """Whether a sender was let stand still after ``began``, and went on before ``ended``."""
        return any(who == pid and began <= since and until <= ended for who, since, until in self.stood_still)


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _inode(port: int, mine: int) -> str:
    here, there = f"0100007F:{port:04X}", f"0100007F:{mine:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == here and fields[2] == there:
            return fields[9]
    return ""


def _has(pid: int, inode: str) -> bool:
    try:
        return any(str(one.readlink()) == f"socket:[{inode}]" for one in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
