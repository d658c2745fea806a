"""Rules from the application's own object instead of a file (T4)."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from mailsend.errors import UnknownCustomer

if TYPE_CHECKING:
    from mailsend.model.rules import Rules

__all__ = ["CachedDirectory", "Directory"]


class Directory(Protocol):
    """What an application gives as ``directory=``: its customers' rules, asked for when needed.

    ``rules_for`` is called once per message, on the caller's thread; for AsyncMailer it may be
    ``async``. It raises UnknownCustomer for a customer that it does not know. Nothing it gives is
    cached unless it is wrapped in a CachedDirectory. It may have a second method,
    ``server_state(customer, server) -> ServerState | None``, ``async`` likewise, which says how far a
    server of its rules has come where no store keeps that; ``None`` leaves it to the rules. It is
    asked before every mail and never cached.
    """

    def rules_for(self, customer: str, business_unit: str | None) -> Rules | Awaitable[Rules]:
        """Give the rules of one customer; raises UnknownCustomer."""
        ...


class CachedDirectory:
    """A directory that remembers what another one gave.

    An answer is used for ``seconds``; where the other one then fails with anything but
    UnknownCustomer, the old answer is used for ``stale_seconds`` more.
    """

    def __init__(self, directory: Directory, seconds: float = 60.0, stale_seconds: float = 0.0) -> None:
        self._directory = directory
        self._seconds = seconds
        self._stale_seconds = stale_seconds
        self._known: dict[tuple[str, str | None], tuple[float, Rules]] = {}

    @property
    def wrapped(self) -> Directory:
        """The directory behind it, which is asked itself for what is not to be remembered."""
        return self._directory

    def rules_for(self, customer: str, business_unit: str | None) -> Rules | Awaitable[Rules]:
        """Give the rules, from memory where they are fresh enough."""
        kept = self._kept(customer, business_unit)
        if kept is not None and kept[0] <= self._seconds:
            return kept[1]
        try:
            given = self._directory.rules_for(customer, business_unit)
        except UnknownCustomer:
            raise
        except Exception:  # noqa: BLE001 - whatever fails behind the cache, the old answer may serve
            return self._stale(kept)
        if isinstance(given, Awaitable):
            return self._awaited(customer, business_unit, given, kept)
        return self._keep(customer, business_unit, given)

    def forget(self, customer: str | None = None) -> None:
        """Ask anew for ``customer``, or for all of them."""
        for key in [one for one in list(self._known) if customer in (None, one[0])]:
            self._known.pop(key, None)

    async def _awaited(
        self,
        customer: str,
        business_unit: str | None,
        given: Awaitable[Rules],
        kept: tuple[float, Rules] | None,
    ) -> Rules:
        try:
            rules = await given
        except UnknownCustomer:
            raise
        except Exception:  # noqa: BLE001 - whatever fails behind the cache, the old answer may serve
            return self._stale(kept)
        return self._keep(customer, business_unit, rules)

    def _kept(self, customer: str, business_unit: str | None) -> tuple[float, Rules] | None:
        """Give the age in seconds and the rules of what is remembered."""
        found = self._known.get((customer, business_unit))
        return None if found is None else (_clock() - found[0], found[1])

    def _keep(self, customer: str, business_unit: str | None, rules: Rules) -> Rules:
        self._known[customer, business_unit] = (_clock(), rules)
        return rules

    def _stale(self, kept: tuple[float, Rules] | None) -> Rules:
        """Give what is remembered where that may still be used; called while an error is handled."""
        if kept is not None and kept[0] <= self._seconds + self._stale_seconds:
            return kept[1]
        raise  # noqa: PLE0704 - the error being handled is the caller's to see


def _clock() -> float:
    return time.monotonic()  # noqa: TID251 - a cache's age is an effect of this room
