"""Marks and endings of one event loop, handed to the store's thread together: each crossing costs, both ways."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from mailsend.mailer.clock import utc_now
from mailsend.store.attempting import is_the_databases
from mailsend.store.queue import Mark
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.model.address import Address
    from mailsend.store.queue import Ending, Queue
    from mailsend.transport.base import BeforeContent

__all__ = ["Crossing", "Crossings"]

_LATEST: Final = 0.01  # seconds that anything waits for company

_Wanted: TypeAlias = "list[tuple[Mark | tuple[Ending, int], asyncio.Future[bool]]]"


class Crossing:
    """What of the running loop waits for a commit.

    Where marks were answered, as many are soon wanted again: those whose server took their content. For
    them a commit waits as long as the last one lasted, but no longer.
    """

    def __init__(self, queue: Callable[[], Queue]) -> None:
        self.process = os.getpid()
        self._queue = queue
        self._loop = asyncio.get_running_loop()
        self._waiting: _Wanted = []
        self._marks = 0  # of those that wait
        self._enough = 1  # marks that wait for no more
        self._begins: asyncio.Handle | None = None
        self._under_way = self._hurried = False
        self._began = 0.0

    def marking(
        self, id: str, fence: int, standing: Mapping[int, str], *, confirmed: bool = False
    ) -> BeforeContent:
        """Give what says, before content goes out, to whom; False where the mail is no longer ours.

        Nor is it where its lease ended before that was written down and answered: somebody else may have it.
        ``standing`` are the envelope addresses of those who are tried, by their positions; ``confirmed``:
        a person let it out in spite of test mode.
        """

        def mark(server: str, addresses: Sequence[Address]) -> asyncio.Future[bool]:
            going = {str(one) for one in addresses}
            who = tuple([position for position, address in standing.items() if address in going])
            future = self._join(Mark(id, fence, who, server, moment(utc_now()), confirmed))
            self._marks += 1
            if self._marks == self._enough and not self._under_way:
                self.hurry()
            return future

        return mark

    def finish(self, ending: Ending) -> asyncio.Future[bool]:
        """Write down what became of a mail; False where it is no longer in these hands, or StoreError.

        It goes with the next marks, or shortly by itself.
        """
        future = self._join((ending, moment(utc_now())))
        self._begin_in(_LATEST)
        return future

    def hurry(self) -> None:
        """Let what waits wait for no more than the commit that is under way."""
        if self._under_way:
            self._hurried = True
        else:
            self._stop_waiting()
            self._begins = self._loop.call_soon(self._begin)  # what else this turn brings comes along

    def hand_over(self) -> None:
        """Hand over what waits now: the loop may end."""
        self._stop_waiting()
        self._begin()

    def _join(self, wanted: Mark | tuple[Ending, int]) -> asyncio.Future[bool]:
        future: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((wanted, future))
        return future

    def _begin_in(self, seconds: float) -> None:
        if not self._under_way and self._begins is None:
            self._begins = self._loop.call_later(seconds, self._begin)

    def _stop_waiting(self) -> None:
        if self._begins is not None:
            self._begins.cancel()
            self._begins = None

    def _begin(self) -> None:
        together = [one for one in self._waiting if not one[1].done()]  # the others were cancelled
        self._waiting, self._begins = [], None
        self._marks, self._enough, self._hurried = 0, 1, False
        if together:
            self._under_way = True
            self._began = self._loop.time()
            self._cross(together)

    def _cross(self, together: _Wanted, queue: Queue | None = None) -> None:
        try:
            queue = queue or self._queue()
            writing = queue.write([one for one, _ in together])
        except Exception as problem:  # noqa: BLE001 - a store that takes nothing any more: who waits is told
            writing = Future()
            writing.set_exception(problem)
        writing.add_done_callback(partial(self._cross_back, together, queue))

    def _cross_back(self, together: _Wanted, queue: Queue | None, writing: Future[list[int]]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, together, writing)
        elif len(together) > 1 and writing.exception() is not None:
            for one in together:  # nobody waits any more, but what became of a mail is known here alone
                if not isinstance(one[0], Mark):
                    self._cross([one], queue)

    def _tell(self, together: _Wanted, writing: Future[list[int]]) -> None:
        problem = writing.exception()
        if problem is not None and len(together) > 1 and not is_the_databases(problem):
            for one in together:  # one of them may be to blame
                if not one[1].done():
                    self._cross([one])
        elif problem is not None:
            for _, future in together:
                if not future.done():
                    future.set_exception(problem)
        else:
            now = moment(utc_now())
            for (wanted, future), answer in zip(together, writing.result(), strict=True):
                if not future.done():
                    # Of a mark it is when the lease ends, and the commit, or this process, may have been slow.
                    future.set_result(answer > now if isinstance(wanted, Mark) else bool(answer))
        self._under_way = False
        told = sum(isinstance(one, Mark) for one, _ in together)
        if told and not self._hurried:
            self._enough = self._marks + told
            self._begin_in(min(self._loop.time() - self._began, _LATEST))
        elif self._waiting:
            self.hurry()


class Crossings:
    """The crossing of each loop; a forked child begins with none."""

    def __init__(self, queue: Callable[[], Queue]) -> None:
        self._queue = queue
        self._of: dict[asyncio.AbstractEventLoop, Crossing] = {}

    @property
    def here(self) -> Crossing:
        """The crossing of the running loop."""
        loop = asyncio.get_running_loop()
        found = self._of.get(loop)
        if found is None or found.process != os.getpid():
            for ended in [one for one in tuple(self._of) if one.is_closed()]:
                self._of.pop(ended, None)
            found = self._of[loop] = Crossing(self._queue)
        return found
