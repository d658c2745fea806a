"""The store room: what mailsend keeps, in SQLite or PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsend.store.opening import open_store, upgrade, upgrade_sql
from mailsend.store.vault import Vault

if TYPE_CHECKING:
    from mailsend.store.servers import ServerBook
    from mailsend.store.store import Store
else:

    def __getattr__(name: str) -> Any:
        # They need SQLAlchemy, and who lacks that shall be told so by open_store.
        match name:
            case "ServerBook":
                from mailsend.store.servers import ServerBook

                return ServerBook
            case "Store":
                from mailsend.store.store import Store

                return Store
            case _:
                raise AttributeError(f"module 'mailsend.store' has no attribute {name!r}")


__all__ = ["ServerBook", "Store", "Vault", "open_store", "upgrade", "upgrade_sql"]
