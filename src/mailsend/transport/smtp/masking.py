"""What may stand in a record: no secrets, and nothing that could act on a log or a terminal."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Mask", "printable"]

_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|\Z)")  # RFC 2034


class Mask:
    """The secrets of one connection, and how they are left out where a server repeats them."""

    __slots__ = ("_hidden",)

    def __init__(self) -> None:
        self._hidden: list[str] = []

    @property
    def hides(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self._hidden)

    def hide(self, *secrets: str) -> None:
        """Leave these out from now on."""
        found = {*self._hidden, *secrets} - {""}
        # The longer ones first: a shorter one may stand in them.
        self._hidden = sorted(found, key=len, reverse=True)

    def masked(self, line: str) -> str:
        """Mask secrets behind the enhanced status code, which a short one may look like."""
        if not self._hidden:
            return line
        status = _STATUS.match(line)
        start = status.end() if status else 0
        said = line[start:]
        for secret in self._hidden:
            said = said.replace(secret, "***")
        return line[:start] + said


def printable(octets: bytes) -> str:
    """Read what a server said; what is no text, or could move a cursor, is replaced."""
    text = octets.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
