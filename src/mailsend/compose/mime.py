"""The MIME writer: a Letter becomes the bytes of a mail (RFC 5322, RFC 2045 to 2049, RFC 6532)."""

from __future__ import annotations

from mailsend.compose.carry import carried_content
from mailsend.compose.entity import Entity
from mailsend.compose.headers import address_list, date, message_id, structured, text
from mailsend.compose.letter import Letter
from mailsend.compose.structure import content_of
from mailsend.errors import InvalidMessage

__all__ = ["Letter", "compose"]

_WRITTEN_HERE = frozenset(
    (
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "resent-bcc",
        "subject",
        "date",
        "message-id",
        "mime-version",
    )
)
# What programs read: folded at blanks, never encoded.
_STRUCTURED = frozenset(
    (
        *("references", "in-reply-to", "feedback-id", "importance", "x-priority", "thread-index"),
        *("auto-submitted", "x-auto-response-suppress"),
    )
)


def compose(letter: Letter) -> bytes:
    """Give the finished, unsigned mail: 7-bit, every line ended by CRLF, no blank at a line's end.

    The header holds raw UTF-8 only in an address whose local part is not ASCII (RFC 6532). Equal
    letters give equal bytes. Raises InvalidMessage that names the field for control characters, lone
    surrogates, and values that their field cannot hold.
    """
    content = content_of(letter) if letter.original is None else carried_content(letter.original)
    chunks = [_header(letter, content).encode(), content.fields, b"\r\n", *content.body]
    if not content.closed and not chunks[-1].endswith(b"\r\n") and chunks[-1]:
        chunks.append(b"\r\n")
    return b"".join(chunks)


def _header(letter: Letter, content: Entity) -> str:
    fields = [address_list("From", (letter.from_,))]
    for name, mailboxes in (("Reply-To", letter.reply_to), ("To", letter.to), ("Cc", letter.cc)):
        if mailboxes:
            fields.append(address_list(name, mailboxes))
    if not letter.to and not letter.cc:
        fields.append("To: undisclosed-recipients:;\r\n")
    fields += (
        text("Subject", letter.subject),
        date("Date", letter.date),
        message_id("Message-ID", letter.message_id),
        "MIME-Version: 1.0\r\n",
    )
    fields += [_further(name, value) for name, value in letter.headers]
    if letter.content_language and b"content-language:" not in content.fields.lower():
        fields.append(structured("Content-Language", letter.content_language))
    return "".join(fields)


def _further(name: str, value: str) -> str:
    lowered = name.lower()
    if lowered in _WRITTEN_HERE or lowered.startswith("content-"):
        raise InvalidMessage(name, "this field is written from a value of its own")
    if lowered in _STRUCTURED or lowered.startswith("list-"):
        return structured(name, value)
    return text(name, value, for_people=not lowered.startswith("x-"))
