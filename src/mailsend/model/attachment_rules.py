"""File names that receivers refuse unseen (Q10)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["BLOCKED_EXTENSIONS", "bare_letters", "blocked_extension"]

# The types that Gmail refuses in attachments (support.google.com/mail/answer/6590, read 2026-11).
BLOCKED_EXTENSIONS: tuple[str, ...] = tuple(
    (
        "ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe "
        "hta img ins iso isp jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 "
        "scr sct shb sys vb vbe vbs vhd vxd wsc wsf wsh xll"
    ).split()
)


def blocked_extension(filename: str, blocked: tuple[str, ...]) -> str | None:
    """Give the extension of ``filename`` where it is in ``blocked`` (lower case, no dots), else None.

    It counts as it is written, and as it is once marks and compatibility forms are gone.
    """
    refused = _refused(blocked)
    for name in (filename, bare_letters(filename)):
        _, dot, extension = _lowered(name).rstrip(" .").rpartition(".")
        if dot and extension in refused:
            return extension
    return None


@lru_cache(maxsize=256)
def _refused(blocked: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_lowered(one).lstrip(".") for one in blocked)


def bare_letters(text: str) -> str:
    """Give text as older programs show it: plain forms, no marks, nothing invisible (UAX #15, NFKD)."""
    return "".join([one for one in unicodedata.normalize("NFKD", text) if not _is_added(one)])


def _is_added(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("M") or category in ("Cc", "Cf")


def _lowered(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower()
