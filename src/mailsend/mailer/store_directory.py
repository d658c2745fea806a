"""Customers' rules from the store's own tables, behind the application's settings (T4)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from mailsend.errors import InvalidSettings, UnknownCustomer
from mailsend.mailer.clock import monotonic
from mailsend.mailer.store_door import StoreDoor
from mailsend.model.rules_reader import read_customer

if TYPE_CHECKING:
    from mailsend.model.rules import Rules

__all__ = ["StoreDirectory"]

FRESH: Final = 1.0  # seconds until another process's change counts here
MOST_CUSTOMERS: Final = 10_000  # whose rules are remembered


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    version: int
    rules: Rules


@final
class StoreDirectory:
    """A Directory whose customers stand in the store: what ``application.directory = "store"`` means.

    ``rules`` are those of the settings, which name the store. An answer is used for at most a second;
    then the version is asked for, and rules are read where it is another one. Raises InvalidSettings
    where the settings name no store.
    """

    def __init__(self, rules: Rules, door: StoreDoor | None = None) -> None:
        self._application = rules.application
        self._door = StoreDoor(rules.application) if door is None else door
        self._kept: dict[str, _Kept] = {}
        if not self._door.is_there:
            raise InvalidSettings(
                "application.store",
                "customers shall come from the store, and there is none",
                advice='Set one: store = "sqlite:///mailsend.db".',
            )

    def rules_for(self, customer: str, business_unit: str | None = None) -> Rules:
        """Give a customer's rules; raises UnknownCustomer, InvalidSettings and StoreError."""
        kept = self._kept.get(customer)
        return kept.rules if kept is not None and _is_fresh(kept) else self._read(customer, kept)

    async def rules_for_async(self, customer: str, business_unit: str | None = None) -> Rules:
        """Give the same without keeping a loop waiting for a database."""
        kept = self._kept.get(customer)
        if kept is not None and _is_fresh(kept):
            return kept.rules
        return await asyncio.to_thread(self._read, customer, kept)

    def forget(self, customer: str | None = None) -> None:
        """Ask anew for ``customer``, or for all of them: something has just been changed."""
        if customer is None:
            self._kept.clear()
        else:
            self._kept.pop(customer, None)

    def _read(self, customer: str, kept: _Kept | None) -> Rules:
        at, book = monotonic(), self._door.open("a customer in the store").customers
        version = book.version(customer)
        if version is None:
            self.forget(customer)
            raise UnknownCustomer(
                customer,
                advice="The store has no such customer: mailsend customer list shows those there are.",
            )
        rules = None if kept is None or kept.version != version else kept.rules
        if rules is None:
            version, data = book.rules(customer)
            rules = read_customer(customer, data, self._application)
        if len(self._kept) >= MOST_CUSTOMERS:
            self._kept.clear()
        self._kept[customer] = _Kept(at, version, rules)
        return rules


def _is_fresh(kept: _Kept) -> bool:
    return monotonic() - kept.at <= FRESH
