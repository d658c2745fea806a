"""What a forked child inherits and may not touch."""

from __future__ import annotations

import ctypes

__all__ = ["forgotten"]


def forgotten(inherited: object) -> None:
    """Keep ``inherited`` for the rest of this process's life, its end included.

    SQLite forbids a child even to close what its parent opened (https://sqlite.org/howtocorrupt.html,
    2.6), and an object that nobody holds is closed when Python ends. So it is held for good.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
