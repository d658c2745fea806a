"""Whose turn it is: one after the other among customers, first come first served within each.

So a single mail waits for one of another customer's two thousand, and not for all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Turns"]

T = TypeVar("T", bound=Hashable)


class Turns(Generic[T]):
    """Those who wait, by customer, each of them once; no step takes longer where more of them wait.

    It belongs to one thread.
    """

    __slots__ = ("_count", "_waiting")

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, OrderedDict[T, None]] = OrderedDict()
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __len__(self) -> int:
        return self._count

    def join(self, customer: str, who: T) -> None:
        """Let ``who`` wait behind the others of ``customer``, and a new customer behind the others."""
        of_customer = self._waiting.setdefault(customer, OrderedDict())
        self._count += who not in of_customer
        of_customer[who] = None

    def rejoin(self, customer: str, who: T) -> None:
        """Let ``who``, whose turn came to nothing, wait before the others of ``customer``."""
        self.join(customer, who)
        self._waiting[customer].move_to_end(who, last=False)

    @property
    def first(self) -> T | None:
        """Whose turn it is; ``None`` where nobody waits."""
        return next(iter(next(iter(self._waiting.values())))) if self._waiting else None

    def pop(self) -> T | None:
        """Give whose turn it is and let the next customer have the one after it."""
        if not self._waiting:
            return None
        customer, of_customer = self._waiting.popitem(last=False)
        who, _ = of_customer.popitem(last=False)
        self._count -= 1
        if of_customer:
            self._waiting[customer] = of_customer
        return who

    def leave(self, customer: str, who: T) -> None:
        """Let ``who`` wait no longer; nobody's turn comes later for it."""
        of_customer = self._waiting.get(customer)
        if of_customer is None or who not in of_customer:
            return
        del of_customer[who]
        self._count -= 1
        if not of_customer:
            del self._waiting[customer]
