"""``mailer.limits``: what the limits of servers leave, for all processes together (M8, S2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mailsend.errors import NotInStore
from mailsend.mailer.clock import utc_now

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.limit_record import LimitRecord
    from mailsend.store.limits import LimitBook

__all__ = ["AsyncLimits", "Limits"]


class Limits:
    """The limits that the store counts; every method raises StoreError without a store."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def list(self) -> tuple[LimitRecord, ...]:
        """Give each limit from which anything was taken, and how much of each rate is out now."""
        return self._book.all(now=utc_now())

    def reset(self, name: str, *, reason: str, by: str) -> None:
        """Forget what was taken from a limit; ``reason`` and ``by`` are written down.

        Raises NotInStore that names the limits there are.
        """
        if self._book.reset(name, reason=reason, by=by, now=utc_now()):
            return
        known = ", ".join(one.name for one in self.list()) or "none yet"
        raise NotInStore(f"there is no limit {name!r}", advice=f"Known are: {known}.")

    @property
    def _book(self) -> LimitBook:
        return self._core.store_door.open("a limit").limits


class AsyncLimits:
    """The same, awaited; the store is asked in threads. See Limits for what each method does."""

    def __init__(self, core: Core) -> None:
        self._limits = Limits(core)

    async def list(self) -> tuple[LimitRecord, ...]:
        """Give each limit from which anything was taken."""
        return await asyncio.to_thread(self._limits.list)

    async def reset(self, name: str, *, reason: str, by: str) -> None:
        """Forget what was taken from a limit."""
        await asyncio.to_thread(self._limits.reset, name, reason=reason, by=by)
