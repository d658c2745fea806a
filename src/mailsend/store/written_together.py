"""What is written together with others of its kind: at once, or soon."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from time import monotonic  # noqa: TID251 - how long something waits is seen by nobody else
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["LOST", "Item", "Later", "Together", "Work", "tell_of_loss"]

_log: Final = logging.getLogger("mailsend.store")
LOST: Final = "what was done could not be written down"

_LATEST: Final = 0.5  # seconds that what may wait waits at most

Work = Callable[["Transaction"], Any]
Together = Callable[["Transaction", "list[Any]"], Any]


class Item:
    """One thing that is written with others of its kind; by itself, it is a work like any other.

    ``alone`` does it in one statement, which needs no transaction around it.
    """

    __slots__ = ("alone", "item", "together")

    def __init__(self, together: Together, item: Any, *, alone: Work | None = None) -> None:
        self.together = together
        self.item = item
        self.alone = alone

    def __call__(self, transaction: Transaction) -> Any:
        """Write it by itself."""
        return self.together(transaction, [self.item])[0]


class Later:
    """Things that are written together, soon; what it writes is made once, though it may be done twice."""

    def __init__(self, together: Together) -> None:
        self.together = together
        self.makers: list[Callable[[], Any]] = []
        self.due = monotonic() + _LATEST
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()  # several wait for it: none can cancel it for the others
        self.future.add_done_callback(tell_of_loss)
        self._made: list[Any] | None = None

    def __call__(self, transaction: Transaction) -> Any:
        """Write all of them."""
        if self._made is None:
            self._made = self._make()
        return self.together(transaction, self._made)

    def apart(self) -> list[Work]:
        """Give a work for each of them."""
        return [partial(self._write, one) for one in self._made or ()]

    def _write(self, one: Any, transaction: Transaction) -> None:
        self.together(transaction, [one])

    def _make(self) -> list[Any]:
        """Give what its makers make; one that cannot is told of, and takes none of the others with it."""
        made = []
        for make in self.makers:
            try:
                made.append(make())
            except Exception:  # noqa: BLE001 - one that fails takes no other with it
                _log.exception(LOST)
        return made


def tell_of_loss(done: Future[Any]) -> None:
    """Log it where what was done could not be written down."""
    problem = done.exception()
    if problem is not None:  # nobody need wait for it
        _log.error(LOST, exc_info=problem)
