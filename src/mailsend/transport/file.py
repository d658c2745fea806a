"""Mails written into a folder: ``file:///folder``."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from pathlib import Path
from typing import Final

from mailsend.decide.verdict import Reason
from mailsend.model.envelope import Envelope
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt
from mailsend.transport.base import (
    NO_OPTIONS,
    SubmitOptions,
    attempt_from,
    may_go_out,
    same_for_all,
    wire_data,
)
from mailsend.transport.clock import utc_now

__all__ = ["FileTransport"]

_COUNTER: Final = itertools.count(1)
_OWNER_ONLY_FOLDER: Final = 0o700
_OWNER_ONLY_FILE: Final = 0o600


class FileTransport:
    """Writes each mail as ``NAME.eml``, byte for byte, and its envelope beside it as ``NAME.json``.

    Names sort by time and are unique across processes. A mail appears whole or not at all, its
    envelope first. The folder is made where it is missing, for its owner alone.
    """

    def __init__(self, folder: str | Path, *, name: str = "") -> None:
        self.folder = Path(folder)
        self.name = name or f"file:{folder}"

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Write the mail; a folder that cannot be written to is a fault of the server, not an error.

        Raises InvalidMessage for what is no mail: a CR or LF that stands alone, or no bytes at all.
        """
        data = wire_data(data)
        started = utc_now()
        name = f"{started:%Y%m%dT%H%M%S.%f}Z-{os.getpid()}-{next(_COUNTER)}"
        reason: Reason
        reply: Reply | None
        try:
            if await may_go_out(options, self.name, envelope.recipients):
                await asyncio.to_thread(self._write, name, envelope, data)
                reason, reply = Reason.ACCEPTED, Reply(250, f"written as {name}.eml", "2.0.0")
            else:
                reason, reply = Reason.TAKEN_OVER, None
        except OSError as problem:
            reason = Reason.SERVER_FAULT
            reply = Reply(451, f"{self.folder}: {problem.strerror or problem}", "4.3.0")
        return attempt_from(
            same_for_all(envelope.recipients, reason, reply, server=self.name),
            server=self.name,
            queue_id=name if reason is Reason.ACCEPTED else None,
            started=started,
            ended=utc_now(),
        )

    def _write(self, name: str, envelope: Envelope, data: bytes) -> None:
        self.folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        written = {
            "reverse_path": str(envelope.reverse_path),
            "recipients": [str(one) for one in envelope.recipients],
        }
        self._place(f"{name}.json", (json.dumps(written, ensure_ascii=False, indent=2) + "\n").encode())
        self._place(f"{name}.eml", data)

    def _place(self, name: str, data: bytes) -> None:
        unfinished = self.folder / f".{name}.part"
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY_FILE)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.folder / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    async def aclose(self) -> None:
        """Do nothing: no file stays open."""
