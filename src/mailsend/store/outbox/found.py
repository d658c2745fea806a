"""What a query finds, remembered in little room: a million ids take 27 MB, as text four times as much."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from mailsend.model.query import All, Query
from mailsend.store.schema.mails import message
from mailsend.store.search import OPEN, page

if TYPE_CHECKING:
    from mailsend.store.cursor import Cursor
    from mailsend.store.database import Database, Transaction

__all__ = ["Found"]

_PAGE: Final = 1_000  # ids read at once
_BETWEEN: Final = "\0"  # no database takes it as text


@final
class Found:
    """The ids of all open mails that a query finds now, newest first, for one round through them.

    What is found later is not among them: whoever acts on what a query finds acts on nothing else.
    """

    def __init__(self, database: Database, query: Query, *, now: datetime, at_once: int) -> None:
        self._parts: deque[bytes] = deque()
        after: Cursor | None = None
        while True:

            def look(
                transaction: Transaction, after: Cursor | None = after
            ) -> tuple[list[str], Cursor | None]:
                asked, columns = All((OPEN, query)), (message.c.id,)
                found = page(transaction, asked, now=now, limit=_PAGE, after=after, columns=columns)
                return [one.id for one in found.rows], found.next

            ids, after = database.looking(look)
            for start in range(0, len(ids), at_once):
                self._parts.append(_BETWEEN.join(ids[start : start + at_once]).encode())
            if after is None:
                break

    def taken(self) -> Iterator[list[str]]:
        """Give them in parts, and forget each part that was given."""
        while self._parts:
            yield self._parts.popleft().decode().split(_BETWEEN)
