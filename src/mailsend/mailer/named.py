"""Whoever does what is written down has a name."""

from __future__ import annotations

from mailsend.errors import StoreError

__all__ = ["named"]


def named(by: str, what: str) -> str:
    """Give back who does it; raises StoreError for a blank name: ``what`` needs one."""
    if not by.strip():
        raise StoreError(f"{what} needs a name of who does it", advice="It is written down: by=…")
    return by
