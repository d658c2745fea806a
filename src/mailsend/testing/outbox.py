"""What would have been sent: the final messages, private to one test."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from mailsend.model.attachment import Attachment
from mailsend.model.envelope import Envelope

if TYPE_CHECKING:
    from mailsend.model.report import Report
    from mailsend.model.submission import Submission

__all__ = ["Outbox", "OutboxMessage", "diverted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One mail as it left: final content, final bytes, final envelopes.

    ``to``, ``cc`` and ``bcc`` are the addr-specs that it went to; ``from_`` is the effective sender as
    text; ``data`` is what a server would have got; ``submission`` holds every decision.
    """

    subject: str
    text: str | None
    html: str | None
    from_: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    envelopes: tuple[Envelope, ...]
    attachments: tuple[Attachment, ...]
    data: bytes = field(repr=False)
    submission: Submission = field(repr=False)

    @classmethod
    def of(cls, submission: Submission) -> OutboxMessage:
        """Show a finished mail the way a test wants to read it."""
        message = submission.message
        to, cc, bcc = (_reached(submission, field) for field in ("to", "cc", "bcc"))
        return cls(
            subject=submission.subject,
            text=submission.text,
            html=submission.html,
            from_=str(submission.sender.mailbox),
            to=to,
            cc=cc,
            bcc=bcc,
            envelopes=submission.envelopes,
            attachments=message.attachments,
            data=submission.data,
            submission=submission,
        )


def _reached(submission: Submission, field: str) -> tuple[str, ...]:
    """Give who was reached for those named in ``field``: in test mode, the test address."""
    reached = (one.envelope_address for one in submission.recipients.values() if one.field == field)
    return tuple(dict.fromkeys(str(one) for one in reached if one is not None))


class Outbox(Sequence[OutboxMessage]):
    """The mails of one test in the order in which they left."""

    def __init__(self) -> None:
        self._messages: list[OutboxMessage] = []
        self._lock = threading.Lock()

    @overload
    def __getitem__(self, index: int) -> OutboxMessage: ...
    @overload
    def __getitem__(self, index: slice) -> list[OutboxMessage]: ...
    def __getitem__(self, index: int | slice) -> OutboxMessage | list[OutboxMessage]:
        return self._messages[index]

    def __len__(self) -> int:
        return len(self._messages)

    def __repr__(self) -> str:
        return f"Outbox({[one.subject for one in self._messages]!r})"

    def clear(self) -> None:
        """Forget what was sent so far."""
        with self._lock:
            self._messages.clear()

    def take(self, submission: Submission, report: Report) -> None:
        """Keep a mail that a server would have accepted; held and dropped ones never left."""
        if report.accepted or report.queued:
            with self._lock:
                self._messages.append(OutboxMessage.of(submission))


@contextmanager
def diverted() -> Iterator[Outbox]:
    """Divert every Mailer and AsyncMailer of the process into an Outbox, one made earlier too."""
    from mailsend.mailer.diversion import Diversion, divert, restore
    from mailsend.transport.capture import CaptureTransport

    outbox = Outbox()
    diversion = Diversion(CaptureTransport("outbox:"), outbox.take)
    divert(diversion)
    try:
        yield outbox
    finally:
        restore(diversion)
