"""``mailer.privacy``: a person erased from the store, or all that it has of a person (M38)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mailsend.mailer.clock import utc_now
from mailsend.model.address import Address

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.erasure import Erasure
    from mailsend.store.privacy import PrivacyBook

__all__ = ["AsyncPrivacy", "Privacy"]


class Privacy:
    """What people may ask of whoever keeps their addresses.

    ``by`` says who does it, and is written down, without the address. Both methods raise StoreError
    and InvalidAddress.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def export(self, address: Address | str, *, by: str, with_content: bool = False) -> dict[str, Any]:
        """Give all that the store has of a person, as JSON takes it: mails, attempts, events, list entries.

        With ``with_content`` each mail itself is there in base64, but for sensitive ones (M37).
        """
        return self._book.export(_address(address), by=by, now=utc_now(), with_content=with_content)

    def erase(
        self,
        address: Address | str,
        *,
        reason: str,
        by: str,
        cancel_open: bool = False,
        dry_run: bool = False,
        compact: bool | None = None,
        progress: Callable[[int, int], object] = lambda _done, _all: None,
    ) -> Erasure:
        """Blank a person everywhere, and tell what was found; what suppresses the address goes on to hold.

        A mail that has not come to its end stands in the way, unless ``cancel_open`` has it cancelled.
        ``compact`` writes the store's files anew: of SQLite unless it is False, of PostgreSQL, whose
        tables that locks, where it is True. ``dry_run`` looks alone; ``progress`` is told how many mails
        of how many are done.
        """
        return self._book.erase(
            _address(address),
            reason=reason,
            by=by,
            now=utc_now(),
            cancel_open=cancel_open,
            dry_run=dry_run,
            compacting=compact,
            progress=progress,
        )

    @property
    def _book(self) -> PrivacyBook:
        return self._core.store_door.open("privacy").privacy


class AsyncPrivacy:
    """The same, awaited; the store is asked in threads. See Privacy for what each method does."""

    def __init__(self, core: Core) -> None:
        self._privacy = Privacy(core)

    async def export(self, address: Address | str, *, by: str, with_content: bool = False) -> dict[str, Any]:
        """Give all that the store has of a person."""
        return await asyncio.to_thread(self._privacy.export, address, by=by, with_content=with_content)

    async def erase(
        self,
        address: Address | str,
        *,
        reason: str,
        by: str,
        cancel_open: bool = False,
        dry_run: bool = False,
        compact: bool | None = None,
    ) -> Erasure:
        """Blank a person everywhere, and tell what was found."""
        return await asyncio.to_thread(
            self._privacy.erase,
            address,
            reason=reason,
            by=by,
            cancel_open=cancel_open,
            dry_run=dry_run,
            compact=compact,
        )


def _address(given: Address | str) -> Address:
    return given if isinstance(given, Address) else Address.parse(given, field="address")
