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

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, OrderedDict[T, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def join(self, customer: str, who: T) -> None:
        """Let ``who`` wait behind the others of ``customer``, and a new customer behind the others."""
        self._waiting.setdefault(customer, OrderedDict())[who] = None

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
        if of_customer:
            self._waiting[customer] = of_customer
        return who

    def leave(self, customer: str, who: T) -> None:
        """Let ``who`` wait no longer; nobody's turn comes later for it."""
        of_customer = self._waiting.get(customer)
        if of_customer is None:
            return
        of_customer.pop(who, None)
        if not of_customer:
            del self._waiting[customer]
