"""A finished mail becomes a Message whose From is the requested sender (M32)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Mailbox
from mailsend.model.address_list import read_address_list
from mailsend.model.attachment import safe_filename
from mailsend.model.encoded_words import decode_words
from mailsend.model.header_rules import header_fault
from mailsend.model.lines import crlf, is_seven_bit
from mailsend.model.message import Message
from mailsend.model.mime_fields import HeaderField, read_header
from mailsend.model.mime_parts import Part, leaves, read_parts, readable
from mailsend.model.original import LoopReason, Original, OriginalFinding

__all__ = ["read_mime"]

MOST_RECEIVED: Final = 30

_ADDRESSES = {"from": "from_", "to": "to", "cc": "cc", "bcc": "bcc", "reply-to": "reply_to"}
_HANDLED = frozenset((*_ADDRESSES, "subject", "date", "message-id", "mime-version", "auto-submitted"))
# It goes with Auto-Submitted, and some of its values switch a server's bounces off (M28).
_WRITTEN_ANEW = "x-auto-response-suppress"
# Read by programs as they stand; encoded words in them are not text.
_NOT_TEXT = frozenset(("references", "in-reply-to", "feedback-id", "importance", "x-priority"))
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<([!-;=?A-~]+@[!-;=?A-~]+)>\Z")
_LONGEST_MESSAGE_ID = 900
# A field without a blank for so long could not be folded.
_LONGEST_STRETCH = 900


def read_mime(data: bytes, **fields: Any) -> Message:
    """Give the Message that a finished mail asks for; ``fields`` go before what the mail says.

    Line endings may be CRLF, LF or CR. Bcc become recipients. Raises InvalidAddress that names the
    field for what is no mailbox and for more than one in From; InvalidMessage where the bytes are no
    mail, or one with more than 1000 parts, parts nested deeper than 30, or a header over 256 KB.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise InvalidMessage(
            "data",
            f"a mail is bytes, not {type(data).__name__}",
            advice="Give its bytes; mail.as_bytes() gives those of an email.message.Message.",
        )
    octets = bytes(data)
    start = _after_envelope_line(octets)
    header, body, parted = read_header(octets, start, len(octets))
    if not header:
        raise InvalidMessage("data", "it begins with no header field", advice="Give a whole mail (RFC 5322).")
    reading = _Reading(header)
    if not parted:
        reading.find(OriginalFinding.HEADER_ENDED_EARLY)
    said: dict[str, Any] = {name: reading.mailboxes(key) for key, name in _ADDRESSES.items()}
    said["from_"] = _one_sender(header, said["from_"])
    said["subject"] = reading.text("subject")
    said["auto_submitted"] = reading.auto_submitted()
    said["headers"] = reading.further()
    if isinstance(fields.get("headers"), Mapping):
        fields["headers"] = _merged(said["headers"], fields["headers"])
    return Message(**{**said, "original": reading.original(octets, body), **fields})


def _merged(said: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    names = {str(name).lower() for name in given}
    return {**{name: value for name, value in said.items() if name.lower() not in names}, **given}


def _after_envelope_line(data: bytes) -> int:
    """Mailbox files put a line of their own before the header (RFC 4155)."""
    if not data.startswith(b"From "):
        return 0
    return data.find(b"\n") + 1


def _one_sender(header: Iterable[HeaderField], mailboxes: Sequence[Mailbox]) -> Mailbox | None:
    if len(mailboxes) > 1 or sum(field.key == "from" for field in header) > 1:
        shown = ", ".join(str(one) for one in mailboxes)
        raise InvalidAddress(
            shown, "From names more than one sender, and one is asked for", field="from_", position=0
        )
    return mailboxes[0] if mailboxes else None


class _Reading:
    """A header while it is read, with what was found on the way."""

    def __init__(self, header: Sequence[HeaderField]) -> None:
        self._header = header
        self._findings: dict[str, None] = {}

    def find(self, finding: OriginalFinding, name: str = "") -> None:
        self._findings[f"{finding}:{name}" if name else str(finding)] = None

    def mailboxes(self, key: str) -> tuple[Mailbox, ...]:
        """Give the mailboxes of all fields of this name."""
        field = _ADDRESSES[key]
        values = [one.value for one in self._header if one.key == key]
        return tuple(box for value in values for box in read_address_list(value, field=field))

    def first(self, key: str) -> HeaderField | None:
        """Give the first field of this name; further ones are a finding."""
        found = [one for one in self._header if one.key == key]
        if len(found) > 1:
            self.find(OriginalFinding.FIELD_REPEATED, key)
        return found[0] if found else None

    def text(self, key: str) -> str | None:
        """Give a field of free text."""
        field = self.first(key)
        return None if field is None else self._cleaned(key, decode_words(field.value))

    def _cleaned(self, key: str, text: str) -> str:
        cleaned = _UNWRITABLE.sub(" ", text)
        if cleaned != text:
            self.find(OriginalFinding.FIELD_MENDED, key)
        return cleaned

    def auto_submitted(self) -> bool | None:
        """Give what Auto-Submitted says (RFC 3834, section 5), None where there is none."""
        field = self.first("auto-submitted")
        return None if field is None else field.value.partition(";")[0].strip().lower() != "no"

    def further(self) -> dict[str, str]:
        """Give the fields that a caller may set too (M27); each other one is a finding."""
        kept: dict[str, str] = {}
        seen: set[str] = set()
        for field in self._header:
            key = field.key
            if key in _HANDLED or key.startswith("content-"):
                continue
            value = field.value
            if key not in _NOT_TEXT and not key.startswith("list-"):
                value = self._cleaned(key, decode_words(value))
            if key == _WRITTEN_ANEW or header_fault(field.name, value) is not None:
                self.find(OriginalFinding.FIELD_DROPPED, key)
            elif key in seen:
                self.find(OriginalFinding.FIELD_REPEATED, key)
            else:
                seen.add(key)
                kept[field.name] = value
        return kept

    def original(self, data: bytes, start: int) -> Original:
        """Give the content as it came, with views of it."""
        content = tuple(self._content_fields())
        fields = tuple(HeaderField(name, value, b"") for name, value in content)
        whole = read_parts(data, fields, start)
        parts = tuple(leaves(whole))
        body = data[start:]
        if not is_seven_bit(crlf(body)):
            signed = b"multipart/signed" in body.lower() or whole.content_type == "multipart/signed"
            self.find(
                OriginalFinding.SIGNED_CONTENT_REENCODED if signed else OriginalFinding.CONTENT_REENCODED
            )
        return Original(
            content_fields=content,
            body=body,
            text=_first(data, parts, "text/plain"),
            html=_first(data, parts, "text/html"),
            attachments=tuple(name for one in parts if _is_file(one) for name in _filenames(one)),
            date=self._date(),
            message_id=self._message_id(),
            findings=tuple(self._findings),
            loop=self._loop(),
        )

    def _content_fields(self) -> Iterable[tuple[str, str]]:
        seen: set[str] = set()
        for field in self._header:
            key = field.key
            if not key.startswith("content-"):
                continue
            if key in seen:
                self.find(OriginalFinding.FIELD_REPEATED, key)
                continue
            seen.add(key)
            value = self._cleaned(key, field.value)
            if value and max(map(len, value.split(" "))) <= _LONGEST_STRETCH:
                yield field.name, value
            elif key == "content-type" and value:
                raise InvalidMessage(
                    "data",
                    "its Content-Type holds a stretch that no line can hold",
                    advice=f"A line holds 998 octets: have blanks in it, or at most {_LONGEST_STRETCH}.",
                )
            else:
                self.find(OriginalFinding.FIELD_DROPPED, key)

    def _date(self) -> datetime | None:
        from email.utils import parsedate_to_datetime

        field = self.first("date")
        if field is None:
            return None
        try:
            when = parsedate_to_datetime(field.value)
            # -0000 means that the zone is not told (RFC 5322, section 3.3).
            return when.replace(tzinfo=UTC) if when.tzinfo is None else when
        except (ValueError, TypeError, OverflowError, IndexError):
            self.find(OriginalFinding.DATE_INVALID)
            return None

    def _message_id(self) -> str | None:
        field = self.first("message-id")
        if field is None:
            return None
        found = _MESSAGE_ID.match(field.value) if len(field.value) <= _LONGEST_MESSAGE_ID else None
        if found is None:
            self.find(OriginalFinding.MESSAGE_ID_INVALID)
            return None
        return found[1]

    def _loop(self) -> str:
        if any(field.key == "x-mailsend-id" for field in self._header):
            return LoopReason.OWN_MAIL
        received = sum(field.key == "received" for field in self._header)
        return LoopReason.TOO_MANY_RECEIVED if received > MOST_RECEIVED else ""


def _is_file(part: Part) -> bool:
    return part.disposition == "attachment" or bool(part.names)


def _filenames(part: Part) -> tuple[str, ...]:
    return tuple(dict.fromkeys(safe_filename(name) for name in part.names or ("",)))


def _first(data: bytes, parts: Iterable[Part], content_type: str) -> str | None:
    for part in parts:
        if part.content_type == content_type and not _is_file(part):
            return readable(data, part)
    return None
