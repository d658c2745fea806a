"""A place in a list of mails, as a value that needs no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from mailsend.errors import StoreError

__all__ = ["Cursor"]

_CURSOR: Final = re.compile(r"(-?[0-9]{1,18})\.([0-9A-Za-z_-]{1,32})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last mail of a page, behind which the next one begins."""

    queued_at: int
    id: str

    def __str__(self) -> str:
        return f"{self.queued_at}.{self.id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``str`` wrote; raises StoreError."""
        found = _CURSOR.match(text)
        if found is None:
            raise StoreError("this is no place in a list", advice="Begin with the first page.")
        return cls(int(found[1]), found[2])
