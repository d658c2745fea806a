"""Records that wait in memory while the database is away, and are written once it is back."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from itertools import islice, takewhile
from math import inf
from threading import Event
from time import monotonic  # noqa: TID251 - how long something waits is seen by nobody else
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mailsend.store.attempting import Failure, attempt
from mailsend.store.written_together import LOST, Kept

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction

__all__ = ["MOST_BYTES", "MOST_RECORDS", "Backlog"]

_log: Final = logging.getLogger("mailsend.store")

MOST_RECORDS: Final = 10_000
MOST_BYTES: Final = 64 << 20
_MOST_AT_ONCE: Final = 100
_SHORTEST: Final = 0.5  # seconds between two tries
_LONGEST: Final = 30.0
_LAST: Final = 10.0  # seconds that a store that is closed goes on trying
_LAST_PAUSE: Final = 0.3
_pause: Final = Event().wait  # it is never set


class _Record(NamedTuple):
    item: Any
    kept: Kept
    size: int


class Backlog:
    """What waits, oldest first: at most ``MOST_RECORDS`` records and ``MOST_BYTES`` bytes.

    What comes when there is no room, or still waits when the store is closed, is lost, and told of.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Record] = deque()
        self._bytes = 0
        self._pause = _SHORTEST
        self._at_once = _MOST_AT_ONCE
        self._written = 0
        self._is_away = False  # no connection could be had
        self._why = ""
        self.due = inf  # by the clock that only goes forward

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._waiting)

    @property
    def is_due(self) -> bool:
        """Whether something waits that is to be tried now."""
        return self.due <= monotonic()

    def keep(self, items: Sequence[Any], kept: Kept, told: Failure | None = None) -> None:
        """Let ``items`` wait behind all others; ``told`` is why, where none waited before."""
        if told is not None and not self._waiting:
            self._pause, self._written, self._why = _SHORTEST, 0, str(told.problem)
            self._is_away = not told.has_begun
            self.due = monotonic() + self._pause
            _log.warning("%s: what is done waits in memory to be written down", told.problem)
        lost = []
        for one in items:
            size = kept.weighed(one)
            if len(self._waiting) >= MOST_RECORDS or self._bytes + size > MOST_BYTES:
                lost.append(kept.named(one))
                continue
            self._waiting.append(_Record(one, kept, size))
            self._bytes += size
        if not self._waiting:
            self.due = inf
        if lost:
            _tell_of(
                lost, f"as there is no room beside the {len(self._waiting)} that wait until the store is back"
            )

    def hurry(self) -> None:
        """Let it be tried now, where it only waits for a database that can be reached: it has just been."""
        if self._waiting and self._is_away:
            self._pause, self.due = _SHORTEST, 0.0

    def put_off(self) -> None:
        """Let it not be tried now: the database has just been asked in vain."""
        if self._waiting:
            self.due = max(self.due, monotonic() + self._pause)

    def write(self, database: Database) -> None:
        """Try to write the first that wait; where that fails, it is due after a pause that grows."""
        if self._write_some(database):
            self._pause = _SHORTEST
            self.due = 0.0 if self._waiting else inf
            if not self._waiting:
                _log.warning("what waited in memory is written down, of so many mails: %d", self._written)
        else:
            self.due = monotonic() + self._pause
            self._pause = min(self._pause * 2, _LONGEST)

    def end(self, database: Database) -> None:
        """Try for the last time, for some seconds; tell of all that is lost."""
        ends = monotonic() + _LAST
        while self._waiting and monotonic() < ends:
            if not self._write_some(database):
                _pause(_LAST_PAUSE)
        lost = [one.kept.named(one.item) for one in self._waiting]
        self._waiting.clear()
        self._bytes, self.due = 0, inf
        if lost:
            _tell_of(lost, f"as the store was not back when it was closed ({self._why})")

    def _write_some(self, database: Database) -> bool:
        """Write some of the first; False where it is better tried later."""
        kept = self._waiting[0].kept
        some = [*takewhile(lambda one: one.kept is kept, islice(self._waiting, self._at_once))]

        def work(transaction: Transaction) -> Any:
            return kept.again(transaction, [one.item for one in some])

        told = attempt(database, [work])
        if not isinstance(told, Failure):
            self._drop(len(some))
            self._at_once = min(self._at_once * 2, _MOST_AT_ONCE)
            self._written += len(some)
            return True
        self._is_away, self._why = not told.has_begun, str(told.problem)
        if told.has_begun and len(some) > 1:
            self._at_once = 1  # one of them may be to blame
            return not told.passes
        if told.passes:
            if told.has_begun:  # were it to blame, it would keep all others waiting
                self._waiting.rotate(-1)
            return False
        _log.error("%s: %s", LOST, kept.named(some[0].item), exc_info=told.problem)
        self._drop(1)
        return True

    def _drop(self, many: int) -> None:
        for _ in range(many):
            self._bytes -= self._waiting.popleft().size


def _tell_of(lost: Sequence[str], why: str) -> None:
    _log.error("%s, %s: %s", LOST, why, ", ".join(lost))
