"""At a fork no import of ours is under way: in the child nobody would finish it, and all would wait for it.

Our modules, and what they need, are imported when they are first needed, on whichever thread that is.
Python holds a lock for each module that is being imported, and opens none of them in a forked child.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final

__all__: list[str] = []

_LOOKS: Final = 2000
_BETWEEN: Final = 0.001  # seconds
_NEEDED: Final = frozenset(
    {"mailsend", "aiosmtplib", "alembic", "cryptography", "css_inline", "jinja2", "psycopg", "sqlalchemy"}
)


def _wait() -> None:
    """Wait for the imports of other threads, two seconds at most."""
    pause = threading.Event()
    for _ in range(_LOOKS):
        if not _others_import():
            return
        pause.wait(_BETWEEN)


def _others_import() -> bool:
    """Say whether another thread holds the lock of a module that is ours, or that we need."""
    locks: Mapping[str, Any] = getattr(sys.modules["_frozen_importlib"], "_module_locks", {})
    this = threading.get_ident()
    for name, reference in tuple(locks.items()):
        if name.partition(".")[0] in _NEEDED:
            owner = getattr(reference(), "owner", None)
            if owner not in (None, this):
                return True
    return False


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_wait)
