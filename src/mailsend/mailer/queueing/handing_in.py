"""What the tasks of one loop put in at the same moment goes to the store in one hand, and is answered so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from mailsend.store.attempting import is_the_databases
from mailsend.store.queue import Placed

if TYPE_CHECKING:
    from mailsend.mailer.queueing.desk import QueueDesk
    from mailsend.store.attempting import Failure
    from mailsend.store.queue import Deposit

__all__ = ["HandingIn"]

_MOST: Final = 100  # callers whose mails are put in with one commit

Loop: TypeAlias = asyncio.AbstractEventLoop
Handed: TypeAlias = "tuple[Sequence[Deposit], asyncio.Future[tuple[Placed, ...]]]"


class HandingIn:
    """Mails of several tasks on their way to the store: going to its thread and back costs as much as a mail."""

    def __init__(self) -> None:
        self._waiting: WeakKeyDictionary[Loop, list[Handed]] = WeakKeyDictionary()

    def put(self, desk: QueueDesk, deposits: Sequence[Deposit]) -> asyncio.Future[tuple[Placed, ...]]:
        """Put plain mails in, all or none, once every task that can run now has run."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = []
            loop.call_soon(self._hand_in_all, loop, desk)
        future: asyncio.Future[tuple[Placed, ...]] = loop.create_future()
        waiting.append((deposits, future))
        if len(waiting) == _MOST:
            self._hand_in_all(loop, desk)
        return future

    def _hand_in_all(self, loop: Loop, desk: QueueDesk) -> None:
        handed = [one for one in self._waiting.pop(loop, ()) if not one[1].cancelled()]
        if handed:
            self._hand_in(loop, desk, handed)

    def _hand_in(self, loop: Loop, desk: QueueDesk, handed: list[Handed]) -> None:
        def back_to_the_loop(done: Future[Any]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._answer, loop, desk, handed, done)

        try:
            match handed:
                case [([deposit], future)] if deposit.is_single and _by_loop(loop, desk, deposit, future):
                    return
            putting = desk.put_together([deposits for deposits, _ in handed])
        except Exception as problem:  # noqa: BLE001 - it is told to whoever waits
            _fail(handed, problem)
        else:
            putting.add_done_callback(back_to_the_loop)

    def _answer(self, loop: Loop, desk: QueueDesk, handed: list[Handed], done: Future[Any]) -> None:
        problem = done.exception()
        if problem is None:
            for (_, future), placed in zip(handed, done.result(), strict=True):
                if not future.done():
                    future.set_result(placed)
        elif len(handed) == 1 or is_the_databases(problem):
            _fail(handed, problem)
        else:
            for one in handed:  # one of them is to blame: each is tried by itself
                self._hand_in(loop, desk, [one])


def _by_loop(
    loop: Loop, desk: QueueDesk, deposit: Deposit, future: asyncio.Future[tuple[Placed, ...]]
) -> bool:
    """Begin to put in one mail that nobody shares a commit with; False: the store's thread has to."""

    def answered(failure: Failure | None) -> None:
        if failure is None:
            if not future.done():
                future.set_result((Placed(deposit.message["id"]),))
            return
        try:
            putting = loop.run_in_executor(None, desk.put_again, deposit, failure)
        except RuntimeError:  # the loop is at its end
            _fail([((deposit,), future)], failure.problem)
        else:
            putting.add_done_callback(told)

    def told(done: asyncio.Future[Placed]) -> None:
        problem = asyncio.CancelledError() if done.cancelled() else done.exception()
        if problem is not None:
            _fail([((deposit,), future)], problem)
        elif not future.done():
            future.set_result((done.result(),))

    return desk.put_by_loop(deposit, loop, answered)


def _fail(handed: list[Handed], problem: BaseException) -> None:
    for _, future in handed:
        if not future.done():
            future.set_exception(problem)
