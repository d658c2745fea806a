"""A store in memory whose transactions fail as they are told to, with the errors of a real database."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError

from mailsend.errors import StoreError
from mailsend.store.database import Database
from mailsend.store.location import read_location


def database_error(
    *,
    state: str = "",
    kind: type[DBAPIError] = OperationalError,
    lost: bool = False,
    statement: str = "INSERT",
) -> StoreError:
    """Give an error of the database as a store tells it; without ``state`` it cannot be asked at all."""
    said: Any = Exception("on purpose")
    said.sqlstate = state
    told = StoreError("the store failed")
    told.__cause__ = kind(statement, None, said, connection_invalidated=lost)
    return told


class RefusingStore(Database):
    """Counts its transactions; ``refuses`` is raised instead of each while there is one."""

    def __init__(self) -> None:
        super().__init__(read_location("memory:"))
        self.asked = 0
        self.refuses: StoreError | None = None

    def writing(self, topic: str | None = None) -> Any:
        self.asked += 1
        if self.refuses is not None:
            raise self.refuses
        return super().writing(topic)
