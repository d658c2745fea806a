"""Mails shown to whoever watches: ``console:``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

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

if TYPE_CHECKING:
    from email.message import MIMEPart

__all__ = ["ConsoleTransport"]

_RULE = "-" * 72


class ConsoleTransport:
    """Prints envelope, subject and text of each mail on ``stream`` (standard error by default)."""

    def __init__(self, stream: TextIO | None = None, *, name: str = "console:") -> None:
        self.name = name
        self._stream = stream

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Print the mail for people: decoded text, parts by name and size, not the exact bytes.

        Raises InvalidMessage for what is no mail: a CR or LF that stands alone, or no bytes at all.
        """
        data = wire_data(data)
        started = utc_now()
        # Looked up for each mail, so that it is found where a test or a program has replaced it.
        stream = self._stream or sys.stderr
        reason: Reason
        reply: Reply | None
        try:
            if await may_go_out(options, self.name, envelope.recipients):
                stream.write(_readable(envelope, data))
                stream.flush()
                reason, reply = Reason.ACCEPTED, Reply(250, "shown", "2.0.0")
            else:
                reason, reply = Reason.TAKEN_OVER, None
        except (OSError, ValueError) as problem:  # a closed pipe, a closed stream
            reason, reply = Reason.SERVER_FAULT, Reply(451, f"cannot be shown: {problem}", "4.3.0")
        return attempt_from(
            same_for_all(envelope.recipients, reason, reply, server=self.name),
            server=self.name,
            started=started,
            ended=utc_now(),
        )

    async def aclose(self) -> None:
        """Leave the stream open: it belongs to somebody else."""


def _readable(envelope: Envelope, data: bytes) -> str:
    try:
        inside = _decoded(data)
    except Exception:  # noqa: BLE001  Python's parser stumbles over some header fields in many ways
        inside = [_plain(line) for line in data.decode("utf-8", "replace").split("\r\n")]
    lines = [
        _RULE,
        f"MAIL FROM:<{envelope.reverse_path}>",
        *(f"RCPT TO:<{one}>" for one in envelope.recipients),
        "",
        *inside,
    ]
    return "\n".join([*lines, _RULE, ""])


def _decoded(data: bytes) -> list[str]:
    """Give what people read of a mail, line by line."""
    from email import message_from_bytes, policy
    from email.message import EmailMessage

    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # policy.default makes these
    lines = [
        *(
            f"{name}: {_plain(str(mail[name]))}"
            for name in ("From", "To", "Cc", "Reply-To", "Subject", "Date")
            if mail[name] is not None
        ),
        "",
    ]
    body = mail.get_body(("plain", "html"))
    if body is not None:
        lines += [_plain(line) for line in _text(body).splitlines()]
    for part in mail.walk():
        if part.get_filename():
            size = len(part.get_payload(decode=True) or b"")
            lines.append(f"[{_plain(str(part.get_filename()))}, {part.get_content_type()}, {size} bytes]")
    return lines


def _text(body: MIMEPart) -> str:
    try:
        return str(body.get_content())
    except LookupError:  # a character set that Python does not know
        return str(body.get_payload())


def _plain(text: str) -> str:
    """Take out what would move a terminal's cursor or change its colours."""
    return "".join(one if one.isprintable() or one == "\t" else "\N{REPLACEMENT CHARACTER}" for one in text)
