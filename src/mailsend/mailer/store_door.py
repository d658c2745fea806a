"""The store of one Mailer: opened when it is first needed, or said to be missing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mailsend.errors import NoStore

if TYPE_CHECKING:
    from mailsend.model.rules import Application
    from mailsend.store import Store

__all__ = ["StoreDoor"]


class StoreDoor:
    """The way to the store that ``application.store`` names. Any thread may come through."""

    def __init__(self, application: Application) -> None:
        self._url = application.store
        self._keys = application.secret_keys
        self._lock = threading.Lock()
        self._store: Store | None = None

    @property
    def is_there(self) -> bool:
        """Whether the settings name a store."""
        return self._url is not None

    @property
    def is_open(self) -> bool:
        """Whether it has been opened, and not closed since."""
        return self._store is not None

    def need(self, what: str) -> None:
        """Raise NoStore where the settings name no store for ``what``."""
        if self._url is None:
            raise NoStore(
                f"{what} needs a store, and this Mailer has none",
                advice='Set application.store, as in store = "sqlite:///mailsend.db",'
                " then run: mailsend store upgrade",
            )

    def open(self, what: str) -> Store:
        """Give the store; raises NoStore where there is none for ``what``, and what opening raises."""
        self.need(what)
        with self._lock:
            if self._store is None:
                from mailsend.store import open_store

                assert self._url is not None  # need said so
                self._store = open_store(self._url, secret_keys=self._keys)
            return self._store

    def close(self) -> None:
        """Close the store where it is open; it is opened anew when it is needed again, as connections are."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()
