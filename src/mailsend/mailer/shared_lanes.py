"""Lanes whose limits are counted in the store, so that all processes together keep to them (M8, S2)."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from mailsend.decide.limit import Taken, Wait, is_limited, limit_of
from mailsend.decide.verdict import Reason
from mailsend.deliver.lane import Entered, Kept, Lane, Sleep, was_not_seen
from mailsend.errors import MailsendError
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.lanes import ServerLanes, lanes_of_this_process
from mailsend.model.report import Attempt
from mailsend.model.server import Server

if TYPE_CHECKING:
    from datetime import datetime

    from mailsend.decide.turns import Turns
    from mailsend.deliver.lane import Clock
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.store.limits import LimitBook

__all__ = ["SharedLane", "SharedLanes"]

_log: Final = logging.getLogger("mailsend.limits")

_LONGEST_WAIT: Final = 3600.0  # seconds, where there is no deadline
_LONGEST_SLEEP: Final = 10.0  # seconds until somebody who waits sees that the limit was reset
_FRESH: Final = 1.0  # seconds for which an answer of the store is remembered
_OVER_LIMIT: Final = Kept(Reason.OVER_LIMIT)
_MICROSECONDS: Final = 1_000_000


class SharedLane(Lane):
    """The lane to a limited server: what its limits leave is asked of the store, its health is this process's."""

    def __init__(self, server: Server, clock: Clock, door: StoreDoor, now: Callable[[], datetime]) -> None:
        super().__init__(server, clock)
        self._server = server
        self._rates = limit_of(server)
        self._door = door
        self._now = now
        self._name = ""
        self._asked = self._not_before = 0.0  # when the store was asked, and when it said that more is left

    async def enter(
        self, customer: str, recipients: int, *, left: float | None, wait_out_pause: bool, sleep: Sleep
    ) -> Entered | Kept:
        """Wait for the turn of a mail to ``recipients``, at most ``left`` seconds, as every lane does."""
        now = self._clock()
        ends = now + (_LONGEST_WAIT if left is None else left)
        turns = self._turns()
        pause = self.health.pause(now)
        if pause > 0:
            if not wait_out_pause or now + pause >= ends:
                return Kept(Reason.RATE)
        else:
            if not turns:
                found = await self._ask(recipients)
                if found is None or isinstance(found, Entered):
                    return found or _OVER_LIMIT
            if self._not_before >= ends:
                return _OVER_LIMIT
        turn = asyncio.get_running_loop().create_future()
        turns.join(customer, turn)
        try:
            return await self._in_shared_turn(turns, turn, recipients, ends, sleep)
        finally:
            turns.leave(customer, turn)
            first = turns.first
            if first is not None and not first.done():
                first.set_result(None)

    def leave(self, entered: Entered) -> None:
        """Let a mail go that entered and was not offered after all."""
        self._put_back(entered)

    def learn(self, attempt: Attempt | None, entered: Entered | None = None) -> None:
        """Take over what an attempt says of the server; what no server has seen is put back."""
        if entered is not None and attempt is not None and was_not_seen(attempt):
            self._put_back(entered)
        super().learn(attempt)

    async def _in_shared_turn(
        self,
        turns: Turns[asyncio.Future[None]],
        turn: asyncio.Future[None],
        recipients: int,
        ends: float,
        sleep: Sleep,
    ) -> Entered | Kept:
        if turns.first is not turn:
            try:
                await asyncio.wait_for(turn, ends - self._clock())
            except TimeoutError:
                return _OVER_LIMIT
        while True:
            now = self._clock()
            pause = self.health.pause(now)
            if now + pause >= ends:
                return Kept(Reason.RATE) if pause > 0 else _OVER_LIMIT
            if pause > 0:
                await sleep(pause)
                continue
            found = await self._ask(recipients)
            if found is None:
                return _OVER_LIMIT
            if isinstance(found, Entered):
                turns.pop()
                return found
            if self._clock() + found >= ends:
                return _OVER_LIMIT
            await sleep(min(found, _LONGEST_SLEEP))

    async def _ask(self, recipients: int) -> Entered | float | None:
        """Take what a mail needs; give the seconds to wait where it cannot be had, None where nobody knows."""
        asked = self._clock()
        if asked - self._asked < _FRESH and self._not_before > asked:
            return self._not_before - asked
        try:
            book = await self._book()
            now = self._now()
            found = await self._answer(book, now, recipients)
        except MailsendError as problem:  # a limit that cannot be counted is not passed
            _log.warning("the limit of %s cannot be counted: %s", self._server.name, problem)
            return None
        if isinstance(found, Taken):
            return Entered(_seconds(now), recipients)
        self._asked, self._not_before = asked, asked + (found.seconds or 0.0)
        return max(self._not_before - self._clock(), 0.0)

    async def _answer(self, book: LimitBook, now: datetime, recipients: int) -> Taken | Wait:
        taking = book.taking(self._name, self._rates, now, recipients)
        try:
            return await asyncio.wrap_future(taking)
        except asyncio.CancelledError:
            entered = Entered(_seconds(now), recipients)
            taking.add_done_callback(lambda done: self._put_back(entered) if _was_taken(done) else None)
            raise

    async def _book(self) -> LimitBook:
        if not self._door.is_open or not self._name:
            await asyncio.to_thread(self._open)
        return self._door.open("a limit").limits

    def _open(self) -> None:
        from mailsend.store.limits import lane_name

        self._door.open("a limit")
        self._name = lane_name(self._server)

    def _put_back(self, entered: Entered) -> None:
        from mailsend.store.times import time_of

        at = time_of(round(entered.at * _MICROSECONDS))
        self._not_before = 0.0
        try:
            book = self._door.open("a limit").limits
            book.giving_back(self._name, self._rates, at, entered.recipients)
        except MailsendError as problem:  # it comes back by itself, a whole period later
            _log.warning("what %s was not offered is not put back: %s", self._server.name, problem)


class SharedLanes:
    """The lanes of one Mailer with a store: those of limited servers are counted there.

    What is known of other servers is this process's, as without a store.
    """

    def __init__(
        self,
        door: StoreDoor,
        clock: Clock = monotonic,
        now: Callable[[], datetime] = utc_now,
        others: Callable[[], ServerLanes] = lanes_of_this_process,
    ) -> None:
        self.clock = clock
        self._door = door
        self._now = now
        self._others = others
        self._begin()

    def _begin(self) -> None:
        self._shared: dict[Server, SharedLane] = {}
        self._process = os.getpid()

    def known(self, server: Server) -> Lane | None:
        """Give the lane to ``server`` where it has limits or is not well; ``None`` where it is free."""
        return self.to(server) if is_limited(server) else self._others().known(server)

    def to(self, server: Server) -> Lane:
        """Give the lane to ``server``."""
        if not is_limited(server):
            return self._others().to(server)
        if os.getpid() != self._process:
            self._begin()  # nobody releases the parent's locks here
        lane = self._shared.get(server)
        if lane is None:
            made = SharedLane(server, self.clock, self._door, self._now)
            lane = self._shared.setdefault(server, made)
        return lane


def _seconds(now: datetime) -> float:
    """Give a time as limits are counted: seconds since 1970, to the microsecond."""
    from mailsend.store.times import moment

    return moment(now) / _MICROSECONDS


def _was_taken(done: Future[Taken | Wait]) -> bool:
    return not done.cancelled() and done.exception() is None and isinstance(done.result(), Taken)
