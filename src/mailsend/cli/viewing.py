"""Files to look at: the mail itself, and its HTML as a browser can show it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mailsend.cli.exits import CommandFailed, Exit
from mailsend.model.attachment import Attachment
from mailsend.model.submission import Submission

__all__ = ["viewable_html", "viewable_mail", "write_file"]

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


def write_file(file: Path, data: bytes) -> None:
    """Write what a command was told to write; the folder must be there."""
    try:
        file.write_bytes(data)
    except OSError as problem:
        raise CommandFailed(
            Exit.CANNOT_CREATE,
            f"{file} cannot be written: {problem.strerror}",
            advice="Name a file in a folder that exists and that you may write to.",
        ) from None
