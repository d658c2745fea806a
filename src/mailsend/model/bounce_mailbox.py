"""The mailbox from which bounces are read, as the settings name it (M9, M15)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from mailsend.model.reading import Place

__all__ = ["BounceMailbox", "bounce_mailbox"]

_URL: Final = re.compile(r"maildir://(?P<folder>/[^?#]*)\Z", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:")
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ADVICE: Final = "Write maildir:///path with three slashes; what is special in the path is percent-encoded."


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceMailbox:
    """A maildir on this machine; ``folder`` holds its ``new`` and ``cur``."""

    folder: str

    def __str__(self) -> str:
        return f"maildir://{self.folder}"


def bounce_mailbox(value: Any, place: Place) -> BounceMailbox | None:
    """Read ``maildir:///path``; nothing of what cannot be read is told, for it may hold a password."""
    if isinstance(value, BounceMailbox):
        return value
    text = value.strip() if isinstance(value, str) else ""
    found = _URL.match(text)
    folder = None if found is None else _decoded(found["folder"])
    if folder is None or "\x00" in folder:
        other = found is None and _SCHEME.match(text) is not None
        why = "only a maildir can be read" if other and not text.lower().startswith("maildir:") else ""
        place.refuse(why or "expected a maildir", _ADVICE)
        return None
    return BounceMailbox(folder=folder)


def _decoded(written: str) -> str | None:
    if _BAD_PERCENT.search(written):
        return None
    try:
        return unquote_to_bytes(written).decode()
    except UnicodeDecodeError:
        return None
