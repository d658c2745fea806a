"""One writer for a process: what waits together is committed together, and answered after the commit."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic  # noqa: TID251 - how long something waits is seen by nobody else
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailsend.errors import StoreError
from mailsend.store.attempting import Failure, attempt_surely
from mailsend.store.backlog import Backlog
from mailsend.store.written_together import Group, Item, Kept, Later, Together, Waiting, Work, grouped

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction

__all__ = ["Writer"]

T = TypeVar("T")

_MOST_AT_ONCE: Final = 200  # works in one commit
_IDLE: Final = 30.0  # seconds after which a thread without work ends
_MANY: Final = 100  # of what may wait, that are not let wait any longer
_TOO_MANY: Final = 500
_HELD_UP: Final = 10.0  # seconds that works wait for what others hold, where each is tried by itself
_all: weakref.WeakSet[Writer] = weakref.WeakSet()


class Writer:
    """Gives works to one thread, which commits those that wait in one transaction.

    A work may be done twice: where one of several fails, all are undone, and each is done again by
    itself. Where the database itself fails, all of them fail at once. Any thread may hand in works; what
    was handed in before ``close`` is still done.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # held by whoever commits
        self._later: dict[Together, Later] = {}
        self._backlog = Backlog()
        self._thread: threading.Thread | None = None
        self._closed = False

    def forget(self) -> None:
        """Know of no work, as in a forked child: the parent's thread does not exist there."""
        self._begin()

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Do ``work`` in the next transaction; the future is done after its commit."""
        future: Future[T] = Future()
        with self._changed:
            self._refuse_closed()
            self._waiting.append((work, future))
            self._wake()
        return future

    def submit_with(self, item: Any, together: Callable[[Transaction, list[Any]], list[Any]]) -> Future[Any]:
        """Write ``item`` in the next transaction, by one call of ``together`` for all of its kind that wait.

        ``together`` gives an answer for each item, in order, and the same were they written already. Where
        one of them makes it fail, each is tried by itself.
        """
        future: Future[Any] = Future()
        with self._changed:
            self._refuse_closed()
            self._waiting.append((Item(together, item), future))
            self._wake()
        return future

    def submit_lazily(
        self, make: Callable[[], Any], together: Together, kept: Kept | None = None
    ) -> Future[Any]:
        """Write what ``make`` gives with others of its kind by ``together``, half a second later at most.

        ``make`` is called on the writer's thread. The future is done after the commit; see ``behind``. While
        the database is away it waits in memory, as ``kept`` says, and the future is done at once.
        """
        with self._changed:
            self._refuse_closed()
            later = self._later.get(together)
            if later is None:
                later = self._later[together] = Later(together, kept)
                self._wake()
            later.makers.append(make)
            if len(later.makers) == _MANY:
                self._wake()
            return later.future

    @property
    def behind(self) -> bool:
        """Whether so much waits that whoever hands in more should wait for it."""
        return any(len(one.makers) >= _TOO_MANY for one in tuple(self._later.values()))

    def _refuse_closed(self) -> None:
        # What its own thread is told of a commit may lead to another: that was handed in before, too.
        if self._closed and threading.current_thread() is not self._thread:
            raise StoreError("the store is closed", advice="Open it anew.")

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mailsend store", daemon=True)
            self._thread.start()
            atexit.register(self.close)
        self._changed.notify()

    def do(self, work: Callable[[Transaction], T]) -> T:
        """Do ``work``, and wait for its commit; raises what it raises, and StoreError.

        Where nobody else writes it is done here and now: waiting for another thread costs more.
        """
        if self._turn.acquire(blocking=False):
            try:
                if not self._waiting:
                    self._refuse_closed()
                    done: T = self._do_here(work)
                    return done
            finally:
                self._turn.release()
        return self.submit(work).result()

    def do_again(self, work: Work, unsure: Failure | None) -> Any:
        """Do what was asked of the database in another way, and wait; ``unsure``: it may be written already."""
        with self._turn:
            return self._do_here(work, unsure)

    def _do_here(self, work: Work, unsure: Failure | None = None) -> Any:
        told = attempt_surely(self._database, [work], unsure)
        if not isinstance(told, Failure):
            self._has_answered()
            return told[0]
        try:
            raise told.problem
        finally:
            del told  # else it and this frame hold each other

    def close(self) -> None:
        """Finish what was handed in, and end the thread; a second time it does nothing.

        What waits since the database is away is tried for the last time, for some seconds.
        """
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is threading.current_thread():
            return  # it ends soon
        if thread is not None:
            thread.join()
        if self._backlog:  # its thread is gone for some other reason
            with self._turn:
                self._backlog.end(self._database)

    def _run(self) -> None:
        try:
            while (works := self._next()) is not None:
                with self._turn:
                    self._commit(works)
                    if self._backlog.is_due and not self._closed:
                        self._backlog.write(self._database)
            if self._closed:
                with self._turn:
                    self._backlog.end(self._database)
        except BaseException:
            with self._changed:
                self._thread = None  # the next work begins another
            raise

    def _next(self) -> list[Waiting] | None:
        """Wait for what is to be committed next: nothing where the backlog is due, None at the end."""
        with self._changed:
            while not (ready := self._ready()):
                if self._closed:
                    return None
                if self._backlog.is_due:
                    return []
                dues = [self._backlog.due, *[one.due for one in self._later.values()]]
                pause = min(*dues, monotonic() + _IDLE) - monotonic()
                if not self._changed.wait(max(pause, 0.0)) and not (
                    self._waiting or self._later or self._backlog
                ):
                    self._thread = None
                    atexit.unregister(self.close)
                    return None
            return ready

    def _ready(self) -> list[Waiting]:
        """Give what is to be committed next; nothing where all of it may wait."""
        waiting = [self._waiting.popleft() for _ in range(min(_MOST_AT_ONCE, len(self._waiting)))]
        ready = grouped(waiting)
        now = monotonic()
        for together, later in tuple(self._later.items()):
            if ready or self._closed or later.due <= now or len(later.makers) >= _MANY:
                del self._later[together]
                ready.append((later, later.future))
        return ready

    def _commit(self, works: list[Waiting]) -> None:
        works = [one for one in works if one[1].running() or one[1].set_running_or_notify_cancel()]
        if self._backlog:
            works = [one for one in works if not self._queues_up(*one)]
        if works:
            self._try(works)

    def _queues_up(self, work: Work, future: Future[Any]) -> bool:
        """Let a record wait behind those that wait already."""
        if not isinstance(work, Later) or work.kept is None:
            return False
        self._backlog.keep(work.made(), work.kept)
        future.set_result(None)
        return True

    def _try(self, works: list[Waiting], unsure: Failure | None = None) -> Failure | None:
        """Do works with one commit, and answer; where one of them makes it fail, each by itself.

        Gives why the rest of its company need not be tried, or None.
        """
        told = attempt_surely(self._database, [work for work, _ in works], unsure)
        if not isinstance(told, Failure):
            for (_, future), answer in zip(works, told, strict=True):
                future.set_result(answer)
            self._backlog.hurry()
            return None
        if told.is_unsure and unsure is None:
            sure = [one for one in works if hasattr(one[0], "again")]
            if sure and len(sure) < len(works):
                for one in works:
                    if one not in sure:
                        self._fail(*one, told)
                return self._try(sure, told)
        first = works[0][0]
        parts = works if len(works) > 1 else first.apart() if isinstance(first, (Group, Later)) else []
        if told.is_whole:
            self._backlog.put_off()
        if told.is_whole or not parts:
            for one in works:
                self._fail(*one, told)
            return told
        stopped = self._try_each(parts)
        if isinstance(first, Later) and len(works) == 1:
            works[0][1].set_result(None)  # each part that is lost was told of
        return stopped

    def _try_each(self, works: list[Waiting]) -> Failure | None:
        """Do each work by itself, until the database fails, or too long was waited for what others hold."""
        stop, waited = None, 0.0
        for work, future in works:
            if not future.running() and not future.set_running_or_notify_cancel():
                continue
            if stop is not None:
                self._fail(work, future, stop)
                continue
            began = monotonic()
            told = self._try([(work, future)])
            if told is not None and told.is_held_up:
                waited += monotonic() - began
            if told is not None and (told.is_whole or waited > _HELD_UP):
                stop = told
        return stop

    def _fail(self, work: Work, future: Future[Any], told: Failure) -> None:
        """Tell whoever waits what went wrong; a record waits itself where that passes."""
        if isinstance(work, Later) and work.kept is not None and told.passes:
            self._backlog.keep(work.made(), work.kept, told)
            future.set_result(None)
        else:
            future.set_exception(told.problem)

    def _has_answered(self) -> None:
        """Let what waits in memory be written: the database is there."""
        if self._backlog:
            self._backlog.hurry()
            with self._changed:
                self._changed.notify()


def _after_fork() -> None:
    for one in list(_all):
        one.forget()


os.register_at_fork(after_in_child=_after_fork)
