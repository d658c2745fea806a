"""Errands that wait for a connection, in an order that is fair between customers."""

from __future__ import annotations

from collections import deque

from mailsend.transport.smtp.errand import Errand

__all__ = ["WaitingLine"]


class WaitingLine:
    """First come, first served for one customer; customers take turns.

    So two thousand mails of one do not make another's single mail wait for them.
    """

    def __init__(self) -> None:
        self._of: dict[str, deque[Errand]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __bool__(self) -> bool:
        return bool(self._of)

    def put(self, errand: Errand) -> None:
        """Add one at the end."""
        self._of.setdefault(errand.options.customer, deque()).append(errand)

    def put_back(self, errand: Errand) -> None:
        """Add one that has waited before: it is the next of its customer."""
        self._of.setdefault(errand.options.customer, deque()).appendleft(errand)

    def next(self) -> Errand:
        """Take the next one; the customer whose it is goes to the end of the row. Raises StopIteration."""
        customer = next(iter(self._of))
        row = self._of.pop(customer)
        errand = row.popleft()
        if row:
            self._of[customer] = row
        return errand

    def remove(self, errand: Errand) -> None:
        """Take ``errand`` out; nothing happens where it is not here."""
        row = self._of.get(errand.options.customer)
        if row is None or errand not in row:
            return
        row.remove(errand)
        if not row:
            del self._of[errand.options.customer]

    def clear(self) -> list[Errand]:
        """Take all of them out."""
        left = [errand for row in self._of.values() for errand in row]
        self._of.clear()
        return left
