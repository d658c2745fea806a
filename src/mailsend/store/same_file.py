"""Whether the file that a store has open is still the one that its path leads to.

Linux lets a file that was deleted be written as before, and everything in it is gone with the last who
has it open: what is acknowledged must not go there.
"""

from __future__ import annotations

import errno
import os
from typing import final

from mailsend.errors import StoreError
from mailsend.store.location import Location, StoreKind

__all__ = ["SameFile"]


@final
class SameFile:
    """The file of one store, as the first of its connections found it; of other stores nothing is asked."""

    __slots__ = ("_known", "_path")

    def __init__(self, location: Location) -> None:
        self._path = (
            str(location.path.absolute()) if location.kind is StoreKind.SQLITE and location.path else ""
        )
        self._known: tuple[int, int] | None = None

    def know(self) -> None:
        """Take note of what was just opened."""
        if self._path:
            found = os.stat(self._path)  # noqa: PTH116 - Path.stat takes twice the time of it, each time
            self._known = found.st_dev, found.st_ino

    def check(self) -> None:
        """Raise StoreError where the path leads elsewhere, or nowhere, by now."""
        if self._known is None:
            return
        try:
            found = os.stat(self._path)  # noqa: PTH116 - as above
        except OSError as missing:
            problem = missing
        else:
            if (found.st_dev, found.st_ino) == self._known:
                return
            problem = OSError(errno.ESTALE, os.strerror(errno.ESTALE), self._path)
        raise StoreError(
            f"the store's file {self._path} was deleted, moved or replaced while it was open",
            advice="Put that very file back; or end this program, and begin anew with the file that is there.",
        ) from problem
