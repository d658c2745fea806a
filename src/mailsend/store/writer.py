"""One writer for a process: what waits together is committed together, and answered after the commit."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic  # noqa: TID251 - how long something waits is seen by nobody else
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy.exc import OperationalError

from mailsend.errors import StoreError
from mailsend.store.written_together import Item, Later, Together, Work, tell_of_loss

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction

__all__ = ["Writer"]

T = TypeVar("T")

_MOST_AT_ONCE: Final = 200  # works in one commit
_log: Final = logging.getLogger("mailsend.store")

_IDLE: Final = 30.0  # seconds after which a thread without work ends
_MANY: Final = 100  # of what may wait, that are not let wait any longer
_TOO_MANY: Final = 500
# PostgreSQL's classes of errors that only some of what was written may have made: a transaction undone for
# another's sake, and a row too large for an index (PostgreSQL's manual, appendix A).
_OWN_FAULTS: Final = ("40", "54")
_all: weakref.WeakSet[Writer] = weakref.WeakSet()


class Writer:
    """Gives works to one thread, which commits those that wait in one transaction.

    A work may be done twice: where one of several fails, all are undone, and each is done again by
    itself. Any thread may hand in works; what was handed in before ``close`` is still done.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._waiting: deque[tuple[Work, Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # held by whoever commits
        self._later: dict[Together, Later] = {}
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

        ``together`` gives an answer for each item, in order. Where it fails, each is tried by itself.
        """
        future: Future[Any] = Future()
        with self._changed:
            self._refuse_closed()
            self._waiting.append((Item(together, item), future))
            self._wake()
        return future

    def submit_lazily(self, make: Callable[[], Any], together: Together) -> Future[Any]:
        """Write what ``make`` gives with others of its kind by ``together``, half a second later at most.

        ``make`` is called on the writer's thread. The future is done after the commit; see ``behind``.
        """
        with self._changed:
            self._refuse_closed()
            later = self._later.get(together)
            if later is None:
                later = self._later[together] = Later(together)
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
                    done: T = self._write(work)
                    return done
            finally:
                self._turn.release()
        return self.submit(work).result()

    def close(self) -> None:
        """Finish what was handed in, and end the thread; a second time it does nothing."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        try:
            while works := self._next():
                with self._turn:
                    self._commit(works)
        except BaseException:
            with self._changed:
                self._thread = None  # the next work begins another
            raise

    def _next(self) -> list[tuple[Work, Future[Any]]]:
        with self._changed:
            while not (ready := self._ready()):
                if self._closed:
                    return []
                pause = min((one.due - monotonic() for one in self._later.values()), default=_IDLE)
                if not self._changed.wait(max(pause, 0.0)) and not (self._waiting or self._later):
                    self._thread = None
                    atexit.unregister(self.close)
                    return []
            return ready

    def _ready(self) -> list[tuple[Work, Future[Any]]]:
        """Give what is to be committed next; nothing where all of it may wait."""
        waiting = [self._waiting.popleft() for _ in range(min(_MOST_AT_ONCE, len(self._waiting)))]
        ready = self._grouped(waiting)
        now = monotonic()
        for together, later in tuple(self._later.items()):
            if ready or self._closed or later.due <= now or len(later.makers) >= _MANY:
                del self._later[together]
                ready.append((later, later.future))
        return ready

    def _grouped(self, waiting: list[tuple[Work, Future[Any]]]) -> list[tuple[Work, Future[Any]]]:
        """Make one work of all items of a kind."""
        kinds: dict[Together, list[tuple[Item, Future[Any]]]] = {}
        ready: list[tuple[Work, Future[Any]]] = []
        for work, future in waiting:
            if isinstance(work, Item):
                kinds.setdefault(work.together, []).append((work, future))
            else:
                ready.append((work, future))
        for together, several in kinds.items():
            ready.append(several[0] if len(several) == 1 else self._group(together, several))
        return ready

    def _group(self, together: Together, several: list[tuple[Item, Future[Any]]]) -> tuple[Work, Future[Any]]:
        items = [one.item for one, _ in several]
        done: Future[list[Any]] = Future()

        def answer(done: Future[list[Any]]) -> None:
            if done.exception() is None:
                for (_, future), told in zip(several, done.result(), strict=True):
                    if future.set_running_or_notify_cancel():
                        future.set_result(told)
                return
            for one, future in several:  # one of them is to blame: each is tried by itself
                if future.set_running_or_notify_cancel():
                    self._commit_alone(one, future)

        done.add_done_callback(answer)
        return (lambda transaction: together(transaction, items)), done

    def _commit(self, works: list[tuple[Work, Future[Any]]]) -> None:
        works = [one for one in works if one[1].running() or one[1].set_running_or_notify_cancel()]
        if not works:
            return
        if len(works) == 1:
            self._commit_alone(*works[0])
            return
        try:
            with self._database.writing() as transaction:
                answers = [work(transaction) for work, _ in works]
        except BaseException:  # noqa: BLE001 - it is told to whoever waits
            for one in works:
                self._commit_alone(*one)
            return
        for (_, future), answer in zip(works, answers, strict=True):
            future.set_result(answer)

    def _write(self, work: Work) -> Any:
        """Do one work by itself, with a commit; a server is asked once where one statement does it."""
        if self._database.is_far and isinstance(work, Item) and work.alone is not None:
            return self._database.at_one_stroke(work.alone)
        with self._database.writing() as transaction:
            return work(transaction)

    def _commit_alone(self, work: Work, future: Future[Any]) -> None:
        try:
            answer = self._write(work)
        except BaseException as problem:  # noqa: BLE001 - it is told to whoever waits
            self._fail(work, future, problem)
        else:
            future.set_result(answer)

    def _fail(self, work: Work, future: Future[Any], problem: BaseException) -> None:
        """Tell what went wrong; of things written together each that can be written is."""
        apart = work.apart() if isinstance(work, Later) else []
        if len(apart) < 2 or _is_away(problem):
            future.set_exception(problem)
            return
        for one in apart:
            alone: Future[Any] = Future()
            alone.add_done_callback(tell_of_loss)
            self._commit_alone(one, alone)
        future.set_result(None)


def _is_away(problem: BaseException) -> bool:
    """Whether it is the database itself that failed, and so would for each."""
    cause = problem.__cause__
    if not isinstance(cause, OperationalError):
        return False
    state: str = getattr(cause.orig, "sqlstate", None) or ""
    return not state.startswith(_OWN_FAULTS)


def _after_fork() -> None:
    for one in list(_all):
        one.forget()


os.register_at_fork(after_in_child=_after_fork)
