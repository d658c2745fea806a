"""Everything that is written into one mail: decided, rendered, ready for the writer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailsend.model.address import Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.frozen import by_slots
from mailsend.model.message import Invitation
from mailsend.model.original import Original

__all__ = ["Letter"]


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail before it becomes bytes; equal letters become equal bytes.

    ``date`` is aware; ``message_id`` comes without angle brackets. ``related`` are the inline parts
    that ``html`` shows by ``cid:``; without ``html`` they are written as attachments. ``calendar``
    with an empty method is written as a part that asks for nothing. ``headers`` are further fields
    in their order. MIME boundaries are made from ``boundary_seed``. Where there is an ``original``,
    its content is written, and text, html, related, attachments and calendar are not.
    """

    from_: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str
    date: datetime
    message_id: str
    text: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    related: tuple[Attachment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    calendar: Invitation | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    content_language: str | None = None
    boundary_seed: str
    original: Original | None = field(default=None, repr=False)
