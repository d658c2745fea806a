"""A finished mail that was handed over to be sent: what is kept of it (M32)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["LoopReason", "Original", "OriginalFinding"]


class OriginalFinding(StrEnum):
    """What a person should know about a finished mail; a field's name follows after a colon."""

    FIELD_DROPPED = "field_dropped"
    FIELD_REPEATED = "field_repeated"
    FIELD_MENDED = "field_mended"
    DATE_INVALID = "date_invalid"
    MESSAGE_ID_INVALID = "message_id_invalid"
    HEADER_ENDED_EARLY = "header_ended_early"
    CONTENT_REENCODED = "content_reencoded"
    SIGNED_CONTENT_REENCODED = "signed_content_reencoded"


class LoopReason(StrEnum):
    """Why a finished mail is taken for one that goes round in a circle."""

    TOO_MANY_RECEIVED = "too_many_received"
    OWN_MAIL = "own_mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The content of a finished mail, and what was found in its header.

    ``content_fields`` are its own Content-* fields, unfolded; ``body`` is what followed its header,
    as it came. ``text``, ``html`` and ``attachments`` (every name that a file is given) are views
    for people.
    ``message_id`` comes without angle brackets. ``findings`` are codes, as in ``field_dropped:sender``;
    ``loop`` is the code of why it must not go out again, or empty.
    """

    content_fields: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    text: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    attachments: tuple[str, ...] = ()
    date: datetime | None = None
    message_id: str | None = None
    findings: tuple[str, ...] = ()
    loop: str = ""
