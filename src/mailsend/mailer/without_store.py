"""What only a store can do, and says so where there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from mailsend.errors import StoreError

__all__ = ["WithoutStore"]


def _no_store(what: str) -> NoReturn:
    raise StoreError(
        f"{what} needs a store, and this Mailer has none",
        advice="Use send, or preview and deliver; they need no store.",
    )


class WithoutStore:
    """The queue, the log and the lists of a Mailer that has no store: each raises StoreError."""

    def enqueue(self, message: Any, connection: Any = None) -> NoReturn:
        """Raise StoreError: without a store there is no queue."""
        _no_store("enqueue")

    def keep(self, submission: Any) -> NoReturn:
        """Raise StoreError: without a store nothing is kept."""
        _no_store("keep")

    def deliver_due(self, limit: int = 100) -> NoReturn:
        """Raise StoreError: without a store nothing is due."""
        _no_store("deliver_due")

    @property
    def outbox(self) -> NoReturn:
        """Raise StoreError: without a store there is no queue."""
        _no_store("the queue")

    @property
    def journal(self) -> NoReturn:
        """Raise StoreError: without a store there is no log."""
        _no_store("the log")

    @property
    def lists(self) -> NoReturn:
        """Raise StoreError: without a store there are no lists."""
        _no_store("a list")

    @property
    def domains(self) -> NoReturn:
        """Raise StoreError: without a store nothing is known of domains but what the rules say."""
        _no_store("the state of domains")

    @property
    def limits(self) -> NoReturn:
        """Raise StoreError: without a store no limit is shared."""
        _no_store("a limit")
