"""The one place of thought that reads the disk: files to attach."""

from __future__ import annotations

import os
import stat
from typing import TypeAlias

from mailsend.errors import InvalidAttachment

__all__ = ["FilePath", "path_text", "read_file"]

FilePath: TypeAlias = "str | os.PathLike[str]"

_ADVICE = "Give the path of an ordinary file that this process may read."
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def path_text(path: FilePath) -> str:
    """Give a path as the text that the file system knows."""
    return os.fspath(path)


def read_file(path: FilePath) -> bytes:
    """Give the bytes of an ordinary file; raises InvalidAttachment for anything else.

    Devices and pipes are refused rather than read, since they may never end.
    """
    try:
        data = _read(path)
    except (OSError, ValueError) as fault:
        raise InvalidAttachment(path_text(path), _why(fault), advice=_ADVICE) from None
    if data is None:
        why = "this is a device or a pipe, not a file"
        raise InvalidAttachment(path_text(path), why, advice=_ADVICE)
    return data


def _read(path: FilePath) -> bytes | None:
    # Opened without waiting, then asked what it is: a pipe would block, and a name could change.
    descriptor = os.open(path, os.O_RDONLY | _NEVER_WAIT)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError
        if not stat.S_ISREG(kind):
            return None
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read()
    finally:
        os.close(descriptor)


def _why(fault: OSError | ValueError) -> str:
    if isinstance(fault, IsADirectoryError):
        return "this is a directory, not a file"
    if isinstance(fault, (FileNotFoundError, NotADirectoryError)):
        return "there is no such file"
    if isinstance(fault, PermissionError):
        return "the file may not be read by this process"
    if isinstance(fault, OSError) and fault.strerror:
        return f"the file cannot be read: {fault.strerror}"
    return "this is no path"
