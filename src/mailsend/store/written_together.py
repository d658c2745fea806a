"""What is written together with others of its kind: at once, or soon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic  # noqa: TID251 - how long something waits is seen by nobody else
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["LOST", "Group", "Item", "Kept", "Later", "Repeatable", "Together", "Waiting", "Work", "grouped"]

_log: Final = logging.getLogger("mailsend.store")
LOST: Final = "what was done could not be written down"

_LATEST: Final = 0.5  # seconds that what may wait waits at most

Work = Callable[["Transaction"], Any]
Together = Callable[["Transaction", "list[Any]"], Any]
Waiting = tuple[Work, "Future[Any]"]


class Repeatable:
    """A work that may be done ``again`` though it may be written already: then it answers as it had before."""

    __slots__ = ("_work", "again")

    def __init__(self, work: Work, *, again: Work | None = None) -> None:
        self._work = work
        self.again = again or work

    def __call__(self, transaction: Transaction) -> Any:
        """Do it for the first time."""
        return self._work(transaction)


class Item:
    """One thing that is written with others of its kind; by itself, it is a work like any other.

    ``alone`` does it in one statement, which needs no transaction around it. Written twice, it says
    the same as once.
    """

    __slots__ = ("alone", "item", "together")

    def __init__(self, together: Together, item: Any, *, alone: Work | None = None) -> None:
        self.together = together
        self.item = item
        self.alone = alone

    @property
    def again(self) -> Work:
        """What is done where it may be written already."""
        return self

    def __call__(self, transaction: Transaction) -> Any:
        """Write it by itself."""
        return self.together(transaction, [self.item])[0]


class Group:
    """Items of a kind as one work; ``done`` tells each of its waiters what became of it."""

    __slots__ = ("_items", "_several", "_together", "done")

    def __init__(self, several: Sequence[tuple[Item, Future[Any]]]) -> None:
        self._together = several[0][0].together
        self._several = several
        self._items = [one.item for one, _ in several]
        self.done: Future[list[Any]] = Future()
        self.done.add_done_callback(self._tell)

    @property
    def again(self) -> Work:
        """What is done where it may be written already."""
        return self

    def __call__(self, transaction: Transaction) -> Any:
        """Write all of them."""
        return self._together(transaction, self._items)

    def apart(self) -> list[Waiting]:
        """Give each by itself, with who waits for it."""
        return list(self._several)

    def _tell(self, done: Future[list[Any]]) -> None:
        problem = done.exception()
        answers = [None] * len(self._several) if problem is not None else done.result()
        for (_, future), told in zip(self._several, answers, strict=True):
            if future.set_running_or_notify_cancel():
                if problem is None:
                    future.set_result(told)
                else:
                    future.set_exception(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How things are kept while the database is away, and written once it is back.

    ``again`` writes several that may be there already, once; it may raise StoreError where it cannot
    tell which of them are, and is then asked for each by itself. ``named`` tells one from all others,
    ``weighed`` says how many bytes of memory it takes.
    """

    again: Together
    named: Callable[[Any], str]
    weighed: Callable[[Any], int]


class Later:
    """Things that are written together, soon; each is made once, though it may be written twice.

    Where the database is away they wait as ``kept`` says, if it does.
    """

    def __init__(
        self, together: Together, kept: Kept | None = None, *, made: list[Any] | None = None
    ) -> None:
        self.together = together
        self.kept = kept
        self.makers: list[Callable[[], Any]] = []
        self.due = monotonic() + _LATEST
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()  # several wait for it: none can cancel it for the others
        self.future.add_done_callback(self._tell_of_loss)
        self._made = made

    def __call__(self, transaction: Transaction) -> Any:
        """Write all of them."""
        return self.together(transaction, self.made())

    def made(self) -> list[Any]:
        """Give what its makers make; one that cannot is told of, and takes none of the others with it."""
        if self._made is None:
            self._made = []
            for make in self.makers:
                try:
                    self._made.append(make())
                except Exception:  # noqa: BLE001 - one that fails takes no other with it
                    _log.exception(LOST)
        return self._made

    def apart(self) -> list[Waiting]:
        """Give each of several by itself, and nothing where there is but one."""
        made = self.made()
        parts = [Later(self.together, self.kept, made=[one]) for one in made] if len(made) > 1 else []
        return [(part, part.future) for part in parts]

    def _tell_of_loss(self, done: Future[Any]) -> None:
        problem = done.exception()
        if problem is None:
            return
        if self.kept is None or not self._made:
            _log.error(LOST, exc_info=problem)  # nobody need wait for it
        else:
            names = ", ".join(map(self.kept.named, self._made))
            _log.error("%s: %s", LOST, names, exc_info=problem)


def grouped(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Make one work of all items of a kind."""
    kinds: dict[Together, list[tuple[Item, Future[Any]]]] = {}
    ready: list[Waiting] = []
    for work, future in waiting:
        if isinstance(work, Item):
            kinds.setdefault(work.together, []).append((work, future))
        else:
            ready.append((work, future))
    for several in kinds.values():
        if len(several) == 1:
            ready.append(several[0])
        else:
            group = Group(several)
            ready.append((group, group.done))
    return ready
