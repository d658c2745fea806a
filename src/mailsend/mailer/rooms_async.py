"""The rooms of an AsyncMailer: the same names, awaited."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from mailsend.mailer.rooms import without_domains

# Each room is imported when it is entered, so that importing a Mailer costs little.
if TYPE_CHECKING:
    import asyncio

    from mailsend.mailer.core import Core
    from mailsend.mailer.customers import AsyncCustomers
    from mailsend.mailer.journal_async import AsyncJournal
    from mailsend.mailer.limits import AsyncLimits
    from mailsend.mailer.lists import AsyncLists
    from mailsend.mailer.outbox_async import AsyncOutbox
    from mailsend.mailer.privacy import AsyncPrivacy
    from mailsend.mailer.servers_async import AsyncServers
    from mailsend.mailer.test_dialogue import AsyncTestDialogue
    from mailsend.mailer.thinking import Asked, Thinking
    from mailsend.mailer.upkeep import Upkeep
    from mailsend.model.rules import Rules
    from mailsend.model.submission import Refusal

__all__ = ["AsyncRooms"]


class AsyncRooms:
    """What an AsyncMailer leads to; without a store those that need one raise StoreError."""

    _core: Core
    _rules: Callable[[Asked], Coroutine[Any, Any, Rules | Refusal]]
    _think: Callable[[Thinking[Any]], Awaitable[Any]]
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def servers(self) -> AsyncServers:
        """Customers' servers: list, add, set, remove, order, probe, verify, release, lock, unlock."""
        from mailsend.mailer.servers_async import AsyncServers

        return AsyncServers(self._core, self._rules)

    @property
    def test_mode(self) -> AsyncTestDialogue:
        """Test mode: status, on, off; question, confirm, keep_testing."""
        from mailsend.mailer.test_dialogue import AsyncTestDialogue

        return AsyncTestDialogue(self._core, self._think)

    @property
    def lists(self) -> AsyncLists:
        """The lists: suppress, block, allow, each with add, remove, show; ``suppressions`` is their view."""
        from mailsend.mailer.lists import AsyncLists

        self._core.store_door.need("a list")
        return AsyncLists(self._core)

    @property
    def limits(self) -> AsyncLimits:
        """The limits of servers that all processes share: list, reset."""
        from mailsend.mailer.limits import AsyncLimits

        self._core.store_door.need("a limit")
        return AsyncLimits(self._core)

    @property
    def customers(self) -> AsyncCustomers:
        """Customers whose rules the store keeps: list, show, history, set, change."""
        from mailsend.mailer.customers import AsyncCustomers

        self._core.store_door.need("a kept customer")
        return AsyncCustomers(self._core)

    @property
    def privacy(self) -> AsyncPrivacy:
        """What people may ask of whoever keeps their addresses: export, erase (M38)."""
        from mailsend.mailer.privacy import AsyncPrivacy

        self._core.store_door.need("what is kept of a person")
        return AsyncPrivacy(self._core)

    @property
    def outbox(self) -> AsyncOutbox:
        """The queue: search, get, content, stats, retry, force, hold, release, freeze, thaw, delete."""
        from mailsend.mailer.outbox_async import AsyncOutbox

        self._core.store_door.need("the queue")
        return AsyncOutbox(self._core)

    @property
    def journal(self) -> AsyncJournal:
        """The log: search, get, content, export, statistics, case, resend."""
        from mailsend.mailer.journal_async import AsyncJournal

        self._core.store_door.need("the log")
        return AsyncJournal(self._core, self._think)

    @property
    def upkeep(self) -> Upkeep:
        """What duties of care and workers do with the store; its methods wait, and belong into threads.

        A directory that is awaited is asked on the loop on which this was last read.
        """
        import asyncio

        from mailsend.mailer.upkeep import Upkeep

        with contextlib.suppress(RuntimeError):  # in a thread there is no loop, and the last one counts
            self._loop = asyncio.get_running_loop()

        def rules(asked: Asked) -> Rules | Refusal:
            if self._loop is None:
                return asyncio.run(self._rules(asked))
            return asyncio.run_coroutine_threadsafe(self._rules(asked), self._loop).result()

        return Upkeep(self._core, rules)

    @property
    def domains(self) -> NoReturn:
        """Raise StoreError: nothing is known of domains but what the rules say."""
        without_domains(self._core)
