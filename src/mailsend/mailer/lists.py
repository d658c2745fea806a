"""``mailer.lists``: who is not written to, who never is, and who is all the same (M17, P6)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from mailsend.errors import InvalidSettings
from mailsend.mailer.clock import utc_now
from mailsend.model.address import Address
from mailsend.model.list_entry import Entry, Level, ListName, ListPattern, Why

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.store.lists import ListBook

__all__ = ["AsyncListView", "AsyncLists", "ListView", "Lists"]

E = TypeVar("E", bound=StrEnum)


class ListView:
    """One list of a Mailer: ``suppress``, ``block`` or ``allow``.

    What is listed is an address, or ``@example.org`` for all of a domain; for one ``customer``, or for
    all where none is named. ``by`` says who does it, and is written down. Every method raises
    StoreError without a store, and InvalidAddress.
    """

    def __init__(self, core: Core, name: ListName) -> None:
        self._core = core
        self._name = name

    def add(
        self,
        pattern: Address | str,
        *,
        customer: str | None = None,
        reason: Why | str = Why.BY_HAND,
        note: str = "",
        until: datetime | None = None,
        level: Level | str = Level.ADMIN,
        by: str,
    ) -> Entry:
        """List an address or a domain, ``until`` a time or for good; listed for this reason, it counts once more.

        ``reason`` is ``by_hand``, ``no_such_user`` or ``complaint``; ``level`` whose word it is:
        ``user`` or ``admin``, or ``rule`` for a program's. Raises InvalidSettings for another word.
        """
        added = self._book.add(
            self._name,
            ListPattern.parse(pattern, field="pattern"),
            customer=customer or "",
            why=_one_of(Why, reason, "reason"),
            note=note,
            level=_one_of(Level, level, "level"),
            until=until,
            by=by,
            now=utc_now(),
        )
        self._core.listed.forget()
        return added

    def remove(
        self,
        pattern: Address | str,
        *,
        customer: str | None = None,
        reason: Why | str | None = None,
        note: str = "",
        by: str,
    ) -> int:
        """Take an address or a domain off the list; give how many entries went.

        With a ``reason`` only what is listed for that. ``note`` says why, and is written down.
        """
        gone = self._book.remove(
            self._name,
            ListPattern.parse(pattern, field="pattern"),
            customer=customer or "",
            why=None if reason is None else _one_of(Why, reason, "reason"),
            reason=note,
            by=by,
            now=utc_now(),
        )
        self._core.listed.forget()
        return gone

    def show(self, *, customer: str | None = None, after: int = 0, limit: int = 100) -> tuple[Entry, ...]:
        """Give the list's entries, the oldest first, at most ``limit`` behind the one with the id ``after``.

        Those of one ``customer`` (``""``: the application's own), or of all.
        """
        return self._book.page(list=self._name, customer=customer, after=after, limit=limit)

    def find(self, pattern: Address | str, *, customer: str | None = None) -> tuple[Entry, ...]:
        """Give all that is listed here for an address and its domain, what has ended too."""
        found = self._book.about(ListPattern.parse(pattern, field="pattern"), customer=customer)
        return tuple(one for one in found if one.list is self._name)

    @property
    def _book(self) -> ListBook:
        return self._core.store_door.open("a list").lists


class Lists:
    """The lists of a Mailer."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def __getitem__(self, name: ListName | str) -> ListView:
        """Give a list by its name; raises InvalidSettings for another word."""
        return ListView(self._core, _one_of(ListName, name, "list"))

    @property
    def suppress(self) -> ListView:
        """Who is left out for a reason that was met, for a while or for good."""
        return self[ListName.SUPPRESS]

    suppressions = suppress

    @property
    def block(self) -> ListView:
        """Who is never written to."""
        return self[ListName.BLOCK]

    @property
    def allow(self) -> ListView:
        """Who is written to although a lower level says otherwise."""
        return self[ListName.ALLOW]

    def find(self, pattern: Address | str, *, customer: str | None = None) -> tuple[Entry, ...]:
        """Give all that any list says of an address and its domain, what has ended too."""
        book = self._core.store_door.open("a list").lists
        return book.about(ListPattern.parse(pattern, field="pattern"), customer=customer)


class AsyncListView:
    """The same, awaited; the store is asked in threads. See ListView for what each method does."""

    def __init__(self, core: Core, name: ListName) -> None:
        self._view = ListView(core, name)

    async def add(
        self,
        pattern: Address | str,
        *,
        customer: str | None = None,
        reason: Why | str = Why.BY_HAND,
        note: str = "",
        until: datetime | None = None,
        level: Level | str = Level.ADMIN,
        by: str,
    ) -> Entry:
        """List an address or a domain."""
        return await asyncio.to_thread(
            self._view.add,
            pattern,
            customer=customer,
            reason=reason,
            note=note,
            until=until,
            level=level,
            by=by,
        )

    async def remove(
        self,
        pattern: Address | str,
        *,
        customer: str | None = None,
        reason: Why | str | None = None,
        note: str = "",
        by: str,
    ) -> int:
        """Take an address or a domain off the list."""
        return await asyncio.to_thread(
            self._view.remove, pattern, customer=customer, reason=reason, note=note, by=by
        )

    async def show(self, *, customer: str | None = None, after: int = 0, limit: int = 100) -> Sequence[Entry]:
        """Give the list's entries, the oldest first."""
        return await asyncio.to_thread(self._view.show, customer=customer, after=after, limit=limit)

    async def find(self, pattern: Address | str, *, customer: str | None = None) -> tuple[Entry, ...]:
        """Give all that is listed here for an address and its domain."""
        return await asyncio.to_thread(self._view.find, pattern, customer=customer)


class AsyncLists:
    """The lists of an AsyncMailer."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def __getitem__(self, name: ListName | str) -> AsyncListView:
        """Give a list by its name; raises InvalidSettings for another word."""
        return AsyncListView(self._core, _one_of(ListName, name, "list"))

    @property
    def suppress(self) -> AsyncListView:
        """Who is left out for a reason that was met."""
        return self[ListName.SUPPRESS]

    suppressions = suppress

    @property
    def block(self) -> AsyncListView:
        """Who is never written to."""
        return self[ListName.BLOCK]

    @property
    def allow(self) -> AsyncListView:
        """Who is written to although a lower level says otherwise."""
        return self[ListName.ALLOW]

    async def find(self, pattern: Address | str, *, customer: str | None = None) -> tuple[Entry, ...]:
        """Give all that any list says of an address and its domain."""
        return await asyncio.to_thread(Lists(self._core).find, pattern, customer=customer)


def _one_of(words: type[E], word: str, field: str) -> E:
    try:
        return words(word)
    except ValueError:
        known = ", ".join(words)
        raise InvalidSettings(field, f"there is no {word!r}", advice=f"Known are: {known}.") from None
