"""The store room: what mailsend keeps, in SQLite or PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsend.store.opening import Store, open_store, upgrade, upgrade_sql
from mailsend.store.vault import Vault

if TYPE_CHECKING:
    from mailsend.store.servers import ServerBook
else:

    def __getattr__(name: str) -> Any:
        # It needs SQLAlchemy, and who lacks that shall be told so by open_store.
        if name != "ServerBook":
            raise AttributeError(f"module 'mailsend.store' has no attribute {name!r}")
        from mailsend.store.servers import ServerBook

        return ServerBook


__all__ = ["ServerBook", "Store", "Vault", "open_store", "upgrade", "upgrade_sql"]
