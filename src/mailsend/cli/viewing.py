"""Files to look at: the mail itself, and its HTML as a browser can show it."""

from __future__ import annotations

import base64
import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mailsend.cli.exits import CommandFailed, Exit
from mailsend.model.attachment import Attachment
from mailsend.model.submission import Submission

__all__ = ["viewable_html", "viewable_mail", "write_file"]

_OWNER_ALONE: Final = 0o600
# Windows has no links in this sense, and two kinds of files.
_INTO: Final = os.O_WRONLY | getattr(os, "O_BINARY", 0)
_NEW: Final = _INTO | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_CID: Final = re.compile(r"cid:([^\"'\s)>]+)")


def viewable_mail(submission: Submission) -> str | None:
    """Give the HTML of a mail as a browser can show it, or None where it has none."""
    inline = (one for one in submission.message.attachments if one.inline)
    return viewable_html(submission.html, (*submission.rendered.related, *inline))


def viewable_html(html: str | None, related: Iterable[Attachment]) -> str | None:
    """Give HTML whose inline pictures, which a browser cannot find by cid, stand in it as data."""
    if html is None:
        return None
    pictures = {
        one.cid: f"data:{one.content_type};base64,{base64.b64encode(one.data).decode()}" for one in related
    }
    return _CID.sub(lambda found: pictures.get(found[1], found[0]), html)


def write_file(file: Path, data: bytes | Iterable[bytes]) -> None:
    """Write what a command was told to write, whole or in parts, for its owner alone; the folder must be there.

    A symbolic link to a file is not followed: whoever put it there does not choose what is written over.
    """
    try:
        with os.fdopen(_opened_for_the_owner(file), "wb") as opened:
            opened.writelines((data,) if isinstance(data, bytes) else data)
    except OSError as problem:
        if problem.errno == errno.ELOOP and file.is_symlink():
            raise CommandFailed(
                Exit.CANNOT_CREATE, f"{file} is a symbolic link", advice="Name the file itself."
            ) from None
        raise CommandFailed(
            Exit.CANNOT_CREATE,
            f"{file} cannot be written: {problem.strerror}",
            advice="Name a file in a folder that exists and that you may write to.",
        ) from None


def _opened_for_the_owner(file: Path) -> int:
    """Open a file that nobody else may read, also where it was there before; a device stays as it is."""
    no_file = file.exists() and not file.is_file()  # a device or a pipe, also behind a link: /dev/stdout
    opened = os.open(file, _INTO if no_file else _NEW, _OWNER_ALONE)
    try:
        if stat.S_ISREG(os.fstat(opened).st_mode):
            _empty(opened, is_link=no_file)
    except OSError:
        os.close(opened)
        raise
    return opened


def _empty(opened: int, *, is_link: bool) -> None:
    if is_link:  # it led elsewhere when it was looked at
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if os.name == "posix":
        os.fchmod(opened, _OWNER_ALONE)
    os.ftruncate(opened, 0)
