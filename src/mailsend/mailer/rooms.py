"""The rooms of a Mailer: servers, test mode, and all that is kept in its store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

# Each room is imported when it is entered, so that importing a Mailer costs little.
if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.customers import Customers
    from mailsend.mailer.journal import Journal
    from mailsend.mailer.limits import Limits
    from mailsend.mailer.lists import Lists
    from mailsend.mailer.outbox import Outbox
    from mailsend.mailer.privacy import Privacy
    from mailsend.mailer.servers import Servers
    from mailsend.mailer.test_dialogue import TestDialogue
    from mailsend.mailer.thinking import Asked, Thinking
    from mailsend.mailer.upkeep import Upkeep
    from mailsend.model.rules import Rules
    from mailsend.model.submission import Refusal

__all__ = ["Rooms", "without_domains"]


class Rooms:
    """What a Mailer leads to; without a store those that need one raise StoreError."""

    _core: Core
    _rules: Callable[[Asked], Rules | Refusal]
    _think: Callable[[Thinking[Any]], Any]

    @property
    def servers(self) -> Servers:
        """Customers' servers: list, add, set, remove, order, probe, verify, release, lock, unlock."""
        from mailsend.mailer.servers import Servers

        return Servers(self._core, self._rules)

    @property
    def test_mode(self) -> TestDialogue:
        """Test mode: status, on, off; question, confirm, keep_testing."""
        from mailsend.mailer.test_dialogue import TestDialogue

        return TestDialogue(self._core, self._think)

    @property
    def lists(self) -> Lists:
        """The lists: suppress, block, allow, each with add, remove, show; ``suppressions`` is their view."""
        from mailsend.mailer.lists import Lists

        self._core.store_door.need("a list")
        return Lists(self._core)

    @property
    def limits(self) -> Limits:
        """The limits of servers that all processes share: list, reset."""
        from mailsend.mailer.limits import Limits

        self._core.store_door.need("a limit")
        return Limits(self._core)

    @property
    def customers(self) -> Customers:
        """Customers whose rules the store keeps: list, show, history, set, change."""
        from mailsend.mailer.customers import Customers

        self._core.store_door.need("a kept customer")
        return Customers(self._core)

    @property
    def privacy(self) -> Privacy:
        """What people may ask of whoever keeps their addresses: export, erase (M38)."""
        from mailsend.mailer.privacy import Privacy

        self._core.store_door.need("what is kept of a person")
        return Privacy(self._core)

    @property
    def outbox(self) -> Outbox:
        """The queue: search, get, content, stats, retry, force, hold, release, freeze, thaw, delete."""
        from mailsend.mailer.outbox import Outbox

        self._core.store_door.need("the queue")
        return Outbox(self._core)

    @property
    def journal(self) -> Journal:
        """The log: search, get, content, export, statistics, case, resend."""
        from mailsend.mailer.journal import Journal

        self._core.store_door.need("the log")
        return Journal(self._core, self._think)

    @property
    def upkeep(self) -> Upkeep:
        """What duties of care and workers do with the store: duties, workers, retention, notices."""
        from mailsend.mailer.upkeep import Upkeep

        return Upkeep(self._core, self._rules)

    @property
    def domains(self) -> NoReturn:
        """Raise StoreError: nothing is known of domains but what the rules say."""
        without_domains(self._core)


def without_domains(core: Core) -> NoReturn:
    """Raise StoreError: no store keeps the state of domains yet."""
    from mailsend.errors import StoreError

    core.store_door.need("the state of domains")
    raise StoreError(
        "the store keeps no state of domains yet",
        advice="The rules say which domains are allowed, and which are proved.",
    )
