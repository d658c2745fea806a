"""The MIME writer: a Letter becomes the bytes of a mail (RFC 5322, RFC 2045 to 2049, RFC 6532)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from mailsend.compose.carry import carried_content
from mailsend.compose.entity import Entity
from mailsend.compose.headers import address_list, date, message_id, structured, text
from mailsend.compose.letter import Letter
from mailsend.compose.structure import content_of
from mailsend.errors import InvalidMessage

__all__ = ["Letter", "compose", "written"]

_LARGE = 1 << 16
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
    ("references", "in-reply-to", "feedback-id", "importance", "x-priority", "thread-index")
)
_OF_OUR_OWN = frozenset(("auto-submitted", "x-auto-response-suppress"))


# Of fields that say the same in many mails.
_remembered = lru_cache(maxsize=256)(structured)
_senders = lru_cache(maxsize=256)(address_list)


def compose(letter: Letter) -> bytes:
    """Give the finished, unsigned mail as ``written`` does, in one piece."""
    return b"".join(written(letter))


def written(letter: Letter) -> tuple[bytes, ...]:
    """Give the finished, unsigned mail: 7-bit, every line ended by CRLF, no blank at a line's end.

    The header holds raw UTF-8 only in an address whose local part is not ASCII (RFC 6532). Equal
    letters give equal bytes. Raises InvalidMessage that names the field for control characters, lone
    surrogates, and values that their field cannot hold.

    It comes in pieces that each end with a line; the first holds the header. A large body, as that
    of an attachment, is a piece of its own and the same object in every mail: it is not copied.
    """
    content = content_of(letter) if letter.original is None else carried_content(letter.original)
    head = b"".join((_header(letter, content).encode(), content.fields, b"\r\n"))
    pieces = _pieces(head, content.body)
    if not content.closed and not pieces[-1].endswith(b"\r\n"):
        pieces[-1] += b"\r\n"
    return tuple(pieces)


def _pieces(head: bytes, body: Iterable[bytes]) -> list[bytes]:
    """Join what is small, and leave what is large as it is where it ends with a line."""
    pieces: list[bytes] = []
    small = [head]
    for chunk in body:
        if len(chunk) >= _LARGE and chunk.endswith(b"\r\n"):
            pieces += (b"".join(small), chunk)
            small = []
        else:
            small.append(chunk)
    if small:
        pieces.append(b"".join(small))
    return pieces


def _header(letter: Letter, content: Entity) -> str:
    fields = [_senders("From", (letter.from_,))]
    if letter.reply_to:
        fields.append(_senders("Reply-To", letter.reply_to))
    for name, mailboxes in (("To", letter.to), ("Cc", letter.cc)):
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
        fields.append(_remembered("Content-Language", letter.content_language))
    return "".join(fields)


def _further(name: str, value: str) -> str:
    lowered = name.lower()
    if lowered in _OF_OUR_OWN:
        return _remembered(name, value)
    if lowered in _WRITTEN_HERE or lowered.startswith("content-"):
        raise InvalidMessage(name, "this field is written from a value of its own")
    if lowered in _STRUCTURED or lowered.startswith("list-"):
        return structured(name, value)
    return text(name, value, for_people=not lowered.startswith("x-"))
