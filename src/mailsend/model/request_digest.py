"""The digest of a request: whether the same idempotency key asks for the same mail again (M36)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from mailsend.model.plain_form import plain_form

if TYPE_CHECKING:
    from mailsend.model.attachment import Attachment
    from mailsend.model.message import Message
    from mailsend.model.original import Original

__all__ = ["request_digest"]

VERSION: Final = 1

# Not asked: the key itself; and when it is to go out, since that is often counted from now.
_ASKED: Final = (
    "customer",
    "business_unit",
    "template",
    "values",
    "locale",
    "subject",
    "text",
    "html",
    "headers",
    "tags",
    "metadata",
    "kind",
    "actor",
    "sensitive",
    "essential",
    "auto_submitted",
    "require_tls",
    "reply_to_verified",
    "priority",
)
_MAILBOXES: Final = ("to", "cc", "bcc", "reply_to")


def request_digest(message: Message) -> str:
    """Give the SHA-256, in hexadecimal, of what ``message`` asks for.

    Equal requests have equal digests in every process. ``send_at``, ``expires_at``, the idempotency
    key and the Date and Message-ID of a finished mail have no part in it. Values of a template count
    by what they hold: of objects their type and public attributes, to a bounded depth and number.
    """
    from_, bounce_to, calendar, original = (
        message.from_,
        message.bounce_to,
        message.calendar,
        message.original,
    )
    asked = (
        VERSION,
        [getattr(message, name) for name in _ASKED],
        from_ and (from_.name, str(from_.address)),
        [[(one.name, str(one.address)) for one in getattr(message, name)] for name in _MAILBOXES],
        bounce_to and str(bounce_to),
        [_file(one) for one in message.attachments],
        calendar and (calendar.ics, calendar.method),
        original and _finished(original),
    )
    return hashlib.sha256(plain_form(asked)).hexdigest()


def _file(file: Attachment) -> tuple[Any, ...]:
    return file.filename, file.content_type, file.inline, file.cid, file.digest


def _finished(original: Original) -> tuple[Any, ...]:
    return original.content_fields, hashlib.sha256(original.body).hexdigest()
