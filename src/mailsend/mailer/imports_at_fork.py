"""At a fork no import of ours is under way: in the child nobody would finish it, and all would wait for it.

Our modules are imported when they are first needed, on whichever thread that is. Python holds a lock for
each module that is being imported, and opens none of them in a forked child.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Final

__all__: list[str] = []

_LOOKS: Final = 2000
_BETWEEN: Final = 0.001  # seconds


def _wait() -> None:
    """Wait for the imports of other threads, two seconds at most: this thread may be in one itself."""
    pause = threading.Event()
    for _ in range(_LOOKS):
        if not any(_is_being_imported(name) for name in tuple(sys.modules) if name.startswith("mailsend.")):
            return
        pause.wait(_BETWEEN)


def _is_being_imported(name: str) -> bool:
    return getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False) is True


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_wait)
