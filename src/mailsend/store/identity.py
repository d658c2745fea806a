"""Which store it is: a name that every database has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from mailsend.errors import StoreError
from mailsend.store.schema.upkeep import identity
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["uuid_of"]

_UUID: Final = Statement(select(identity.c.uuid))


def uuid_of(transaction: Transaction) -> str:
    """Give the store's own name; raises StoreError where somebody has taken it out."""
    found = transaction.run(_UUID)
    if not found:
        raise StoreError(
            "the store has lost its name", advice="Put a backup of the table mailsend_store back."
        )
    return str(found[0].uuid)
