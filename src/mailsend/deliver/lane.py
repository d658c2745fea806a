"""The lane to one server: how well it is, what its limits leave, and whose turn it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from mailsend.decide.health import after
from mailsend.decide.limit import FULL, Taken, Wait, ended, give_back, limit_of, take
from mailsend.decide.retry import hint_in
from mailsend.decide.turns import Turns
from mailsend.decide.verdict import Reason
from mailsend.model.health import WELL, Health
from mailsend.model.report import Attempt, Outcome
from mailsend.model.server import Server

__all__ = ["Entered", "Kept", "Lane", "Lanes", "Sleep"]

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[Any]]

_LONGEST_WAIT: Final = 3600.0  # where there is no deadline: what waits longer belongs into a queue


@dataclass(frozen=True, slots=True)
class Entered:
    """The mail may be offered now; ``at`` is when, ``recipients`` to how many."""

    at: float
    recipients: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The mail may not be offered in time: the limit's ``reason``, or the server's own wish."""

    reason: Reason


class Lane:
    """What a process remembers of one server; used from any thread and any event loop.

    ``clock`` gives seconds that never go back and are the same for all who use the lane.
    """

    def __init__(self, server: Server, clock: Clock) -> None:
        self.health: Health = WELL
        self._clock = clock
        self._limit = limit_of(server)
        self._bucket = FULL
        self._lock = threading.Lock()
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns[asyncio.Future[None]]] = (
            WeakKeyDictionary()
        )

    @property
    def matters(self) -> bool:
        """Whether there is anything to look at before a mail is offered."""
        return self.health is not WELL or bool(self._limit.rates)

    @property
    def idle(self) -> bool:
        """Whether a new lane would be as good as this one."""
        now = self._clock()
        with self._lock:
            out = any(back > now for one in self._bucket.out for back, _ in one)
            return self.health is WELL and not (out or self._bucket.under_way or any(self._waiting.values()))

    async def enter(
        self, customer: str, recipients: int, *, left: float | None, wait_out_pause: bool, sleep: Sleep
    ) -> Entered | Kept:
        """Wait for the turn of a mail to ``recipients``, at most ``left`` seconds.

        Those who wait take turns by ``customer``. A pause that the server asked for is waited out
        only with ``wait_out_pause``. What cannot be in time is kept at once, without waiting.
        """
        now = self._clock()
        turns = self._turns()
        seconds, kept = self._look(now, recipients) if turns else self._take(now, recipients)
        if not seconds and not turns:
            return Entered(now, recipients)
        ends = now + (_LONGEST_WAIT if left is None else left)
        if now + seconds >= ends or (kept.reason is Reason.RATE and not wait_out_pause):
            return kept
        turn = asyncio.get_running_loop().create_future()
        turns.join(customer, turn)
        try:
            return await self._in_turn(turns, turn, recipients, ends, sleep)
        finally:
            turns.leave(customer, turn)
            _call(turns)

    def leave(self, entered: Entered) -> None:
        """Let a mail go that entered and was not offered after all."""
        with self._lock:
            self._bucket = give_back(self._bucket, self._limit, entered.at, entered.recipients)

    def learn(self, attempt: Attempt | None, entered: Entered | None = None) -> None:
        """Take over what an attempt says of the server; ``None`` where it was cut short."""
        now = self._clock()
        with self._lock:
            if entered is not None and attempt is not None and was_not_seen(attempt):
                self._bucket = give_back(self._bucket, self._limit, entered.at, entered.recipients)
            elif entered is not None:
                self._bucket = ended(self._bucket)
            if attempt is not None:
                self.health = after(self.health, attempt, now, _hint(attempt))

    async def _in_turn(
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
                return self._look(self._clock(), recipients)[1]
        while True:
            now = self._clock()
            seconds, kept = self._take(now, recipients)
            if not seconds:
                turns.pop()
                return Entered(now, recipients)
            if now + seconds >= ends:
                return kept
            await sleep(seconds)

    def _take(self, now: float, recipients: int) -> tuple[float, Kept]:
        """Take what a mail needs; give the seconds to wait where it cannot be had, and why."""
        with self._lock:
            pause = self.health.pause(now)
            if pause > 0:
                return pause, Kept(Reason.RATE)
            found = take(self._bucket, self._limit, now, recipients)
            self._bucket = found.bucket
        return _seconds(found), Kept(Reason.OVER_LIMIT)

    def _look(self, now: float, recipients: int) -> tuple[float, Kept]:
        """Say what ``_take`` would, and take nothing."""
        pause = self.health.pause(now)
        if pause > 0:
            return pause, Kept(Reason.RATE)
        return _seconds(take(self._bucket, self._limit, now, recipients)), Kept(Reason.OVER_LIMIT)

    def _turns(self) -> Turns[asyncio.Future[None]]:
        loop = asyncio.get_running_loop()
        with self._lock:
            turns = self._waiting.get(loop)
            if turns is None:
                turns = self._waiting[loop] = Turns()
            return turns


class Lanes(Protocol):
    """The lanes to all servers."""

    def known(self, server: Server) -> Lane | None:
        """Give the lane to ``server`` where there is anything to look at on it."""
        ...

    def to(self, server: Server) -> Lane:
        """Give the lane to ``server``; a new one where nothing is known of it."""
        ...


def _seconds(found: Taken | Wait) -> float:
    return (found.seconds or 0.0) if isinstance(found, Wait) else 0.0


def _call(turns: Turns[asyncio.Future[None]]) -> None:
    """Wake whose turn it is now."""
    first = turns.first
    if first is not None and not first.done():
        first.set_result(None)


def was_not_seen(attempt: Attempt) -> bool:
    """Say whether no server has seen anything of the attempt."""
    return all(one.outcome is Outcome.DEFERRED and one.reply is None for one in attempt.recipients.values())


def _hint(attempt: Attempt) -> float | None:
    """Give how long the server itself wants to be left alone, where it says so."""
    asked = (
        hint_in(one.reply)
        for one in attempt.recipients.values()
        if one.reason == Reason.RATE and one.reply is not None
    )
    return max((one for one in asked if one is not None), default=None)
