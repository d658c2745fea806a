"""Refused log-ins told to all processes by the store, so that together they try no more than one would (M12)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary

from mailsend.decide.refusals import Refusals
from mailsend.errors import MailsendError
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.ids import new_id
from mailsend.model.log_in_pause import LogInPause
from mailsend.transport.clock import steady_seconds
from mailsend.transport.log_ins import KnownLogIns
from mailsend.transport.smtp.memory import gate_for

if TYPE_CHECKING:
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.model.server import Server
    from mailsend.store.log_ins import LogInBook, LogInTurn

__all__ = ["StoreLogIns"]

T = TypeVar("T")

_log: Final = logging.getLogger("mailsend")

FRESH: Final = 2.0  # seconds until another process's refusal, or a person's release, counts here
PATIENCE: Final = 3.0  # seconds that a log-in waits for the store
LEFT_ALONE: Final = 10.0  # seconds for which a store that could not be asked is not asked again
_MOST: Final = 10_000  # accounts of which the last answer is remembered


class StoreLogIns:
    """What the store of one Mailer knows of log-ins; while it is away each process goes by its own memory.

    It is asked in threads, and of an account that is proven or closed every two seconds at most.
    """

    def __init__(
        self,
        door: StoreDoor,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._door = door
        self._clock = clock
        self._now = now
        self._since = now()  # without a secret key nobody knows whose password was refused before
        self._last: dict[str, tuple[float, KnownLogIns]] = {}
        self._not_before = 0.0
        self._going: set[asyncio.Future[Any]] = set()
        # Log-ins that succeeded and that nobody else knows of yet, by account.
        self._untold: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, tuple[Server, datetime]]] = (
            WeakKeyDictionary()
        )

    def new_holder(self) -> str:
        """Give a name for one log-in, that no other has."""
        return new_id()

    async def known(self, server: Server, *, fresh: bool) -> KnownLogIns | None:
        """Say what is known of an account; unless it has to be ``fresh`` an answer may be two seconds old."""
        asked, which = self._clock(), server.fingerprint
        last = self._last.get(which)
        if not fresh and last is not None and asked - last[0] < FRESH:
            return last[1]
        now, since = self._now(), self._since
        found = await self._asked(lambda book: book.look(server, since=since, now=now))
        if found is None:
            return None
        if len(self._last) >= _MOST:
            self._last.clear()
        told = self._told(found)
        self._last[which] = asked, told
        return told

    async def take_turn(self, server: Server, holder: str, *, by_person: bool) -> KnownLogIns | None:
        """Take the turn to log in where it is free and no pause lasts, and say what is known."""
        now, since = self._now(), self._since
        self._last.pop(server.fingerprint, None)
        found = await self._asked(
            lambda book: book.take(server, holder, by_person=by_person, since=since, now=now)
        )
        return None if found is None else self._told(found)

    async def refused(self, server: Server, holder: str) -> Refusals | None:
        """Tell all of a 535, and leave the turn; give the refusals that count now."""
        now = self._now()
        self._last.pop(server.fingerprint, None)
        found = await self._asked(lambda book: book.refused(server, holder, now=now))
        return None if found is None else self._steadily(found)

    async def passed(self, server: Server, *, wait: bool) -> None:
        """Tell all that a log-in succeeded, in a moment; with ``wait`` before this returns, if the store answers.

        While the store is away it is told later, as long as the loop runs.
        """
        self._last.pop(server.fingerprint, None)
        telling = self._tell_passed(server, self._now())
        if wait and telling is not None:
            await asyncio.wait((telling,), timeout=PATIENCE)

    def leave_turn(self, server: Server, holder: str) -> None:
        """Leave the turn, in a moment, after what was neither."""
        self._soon(lambda book: book.leave(server, holder))

    def begin_anew(self, server: Server) -> None:
        """Forget what was refused: a person answers for the account. It asks the store on this thread."""
        if server.credentials is not None:
            gate_for(server.fingerprint).reopen()
            self._last.pop(server.fingerprint, None)
            self._try(lambda book: book.forget(server))

    def pause(self, server: Server) -> LogInPause | None:
        """Give the pause that lasts for an account; None where there is none. It asks the store on this thread."""
        if server.credentials is None:
            return None
        now = self._now()
        found = self._try(lambda book: book.look(server, since=datetime.fromtimestamp(0, UTC), now=now))
        if found is None or not found.refusals.closed(now.timestamp()):
            return None
        known = found.refusals
        since = datetime.fromtimestamp(known.at, UTC)
        until = None if known.locked else datetime.fromtimestamp(known.until, UTC)
        return LogInPause(refused=known.count, since=since, until=until)

    async def _asked(self, work: Callable[[LogInBook], T]) -> T | None:
        """Give what the store says in a thread; None where it does not say it in time."""
        if self._clock() < self._not_before:
            return None
        asking = asyncio.get_running_loop().run_in_executor(None, self._try, work)
        self._keep(asking)
        done, _ = await asyncio.wait((asking,), timeout=PATIENCE)
        if done:
            return asking.result()
        self._leave_alone("it does not answer")
        return None

    def _tell_passed(self, server: Server, at: datetime) -> asyncio.Future[Any] | None:
        """Begin to tell of a log-in that succeeded ``at`` that time; None where the store is left alone."""

        def tell(book: LogInBook) -> bool:
            book.forget(server, until=at)
            return True

        telling = self._soon(tell)
        if telling is None:
            self._tell_later(server, at)
        else:
            telling.add_done_callback(partial(self._was_told, server, at))
        return telling

    def _was_told(self, server: Server, at: datetime, telling: asyncio.Future[Any]) -> None:
        if not telling.cancelled() and not telling.result():
            self._tell_later(server, at)

    def _tell_later(self, server: Server, at: datetime) -> None:
        loop = asyncio.get_running_loop()
        untold = self._untold.setdefault(loop, {})
        if server.fingerprint not in untold:
            loop.call_later(LEFT_ALONE, self._tell_untold, untold, server.fingerprint)
        untold[server.fingerprint] = server, at

    def _tell_untold(self, untold: dict[str, tuple[Server, datetime]], which: str) -> None:
        self._tell_passed(*untold.pop(which))

    def _soon(self, work: Callable[[LogInBook], object]) -> asyncio.Future[Any] | None:
        """Begin to ask the store, for whom nobody has to wait; None where it is left alone."""
        if self._clock() < self._not_before:
            return None
        with contextlib.suppress(RuntimeError):  # the loop ends: a turn ends by itself
            asking = asyncio.get_running_loop().run_in_executor(None, self._try, work)
            self._keep(asking)
            return asking
        return None

    def _keep(self, going: asyncio.Future[Any]) -> None:
        """Keep hold of what is at work in a thread, though nobody waits for it."""
        self._going.add(going)
        going.add_done_callback(self._going.discard)

    def _try(self, work: Callable[[LogInBook], T]) -> T | None:
        try:
            return work(self._door.open("refused log-ins").log_ins)
        except MailsendError as problem:  # no mail fails by it
            self._leave_alone(str(problem))
        except Exception as problem:  # noqa: BLE001 - nor by what nobody thought of
            _log.exception("refused log-ins could not be looked up")
            self._leave_alone(type(problem).__name__)
        return None

    def _leave_alone(self, why: str) -> None:
        if self._clock() >= self._not_before:
            _log.warning("refused log-ins are counted by this process alone for now: %s", why)
        self._not_before = self._clock() + LEFT_ALONE

    def _told(self, found: LogInTurn) -> KnownLogIns:
        return KnownLogIns(
            refusals=self._steadily(found.refusals), noted=found.known, mine=found.mine, others=found.others
        )

    def _steadily(self, refusals: Refusals) -> Refusals:
        """Give refusals by the steady clock that the gates of this process go by."""
        if not refusals.count:
            return refusals
        ago = self._now().timestamp() - refusals.at
        return Refusals(refusals.count, steady_seconds() - ago)
