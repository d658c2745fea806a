"""File names that receivers refuse unseen (Q10)."""

from __future__ import annotations

__all__ = ["BLOCKED_EXTENSIONS", "blocked_extension"]

# The types that Gmail refuses in attachments (support.google.com/mail/answer/6590, read 2026-11).
BLOCKED_EXTENSIONS: tuple[str, ...] = tuple(
    (
        "ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe "
        "hta img ins iso isp jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 "
        "scr sct shb sys vb vbe vbs vhd vxd wsc wsf wsh xll"
    ).split()
)


def blocked_extension(filename: str, blocked: tuple[str, ...]) -> str | None:
    """Give the extension of ``filename`` where it is in ``blocked`` (lower case, no dots), else None."""
    _, dot, extension = filename.rstrip(" .").rpartition(".")
    lowered = extension.lower()
    return lowered if dot and lowered in {one.lower().lstrip(".") for one in blocked} else None
