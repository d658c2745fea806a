"""The content of a finished mail, carried over byte for byte where it is 7-bit, else mended (M32).

Only what cannot travel as it is becomes quoted-printable or base64; everything beside it stays.
"""

from __future__ import annotations

from dataclasses import replace

from mailsend.compose.bodies import base64_lines, encode_octets, is_utf8
from mailsend.compose.calendar import ATTACHED_MAILS, calendar_octets, is_calendar, without_method
from mailsend.compose.entity import Entity
from mailsend.compose.headers import structured, text
from mailsend.compose.parameters import parameterised
from mailsend.errors import InvalidMessage
from mailsend.model.lines import crlf, is_seven_bit
from mailsend.model.mime_fields import HeaderField, read_header, read_parameters
from mailsend.model.mime_parts import Part, decoded, read_parts, readable
from mailsend.model.original import Original

__all__ = ["carried_content", "disarmed"]

_OCTETS = "application/octet-stream"
_TYPE = "content-type"
_ENCODING = "content-transfer-encoding"


def carried_content(original: Original) -> Entity:
    """Give the content as 7-bit lines; raises InvalidMessage for a field that no line can hold."""
    return _Mender(original, harmless=False).whole()


def disarmed(original: Original) -> Original:
    """Give the same content with every calendar object without METHOD (test mode, M35).

    An attached mail may hold one, and goes as a mere file.
    """
    whole = _Mender(original, harmless=True).whole()
    fields, _, _ = read_header(whole.fields, 0, len(whole.fields))
    return replace(
        original,
        content_fields=tuple((field.name, field.value) for field in fields),
        body=b"".join(whole.body),
    )


class _Mender:
    def __init__(self, original: Original, *, harmless: bool) -> None:
        self._data = original.body
        self._fields = tuple(HeaderField(name, value, b"") for name, value in original.content_fields)
        self._harmless = harmless
        self._boundaries: list[bytes] = []

    def whole(self) -> Entity:
        body = crlf(self._data)
        # Where line endings had to be changed, a part may say that its own are data.
        safe = body is self._data or b"binary" not in self._labels()
        if safe and not self._harmless and is_seven_bit(body):
            fields = self._fields or (HeaderField("Content-Type", "text/plain; charset=us-ascii", b""),)
            return Entity(_written(fields, {}), (body,))
        return self._mended(read_parts(self._data, self._fields, 0))

    def _labels(self) -> bytes:
        said = "".join([field.value for field in self._fields if field.key == _ENCODING])
        return said.lower().encode() + self._data.lower()

    def _mended(self, part: Part) -> Entity:
        octets = self._data[part.start : part.end]
        lines = crlf(octets)
        if part.children:
            if not self._harmless and lines == octets and is_seven_bit(lines):
                return Entity(_written(part.fields, {}), (lines,))
            return self._multipart(part)
        if self._harmless and is_calendar(part.content_type, part.names):
            return self._without_method(part)
        binary = part.encoding == "binary"
        # Nobody looks into a mere file for the invitation that an attached mail may hold.
        closed = self._harmless and part.content_type in ATTACHED_MAILS
        if is_seven_bit(lines) and not (binary and lines != octets) and not closed:
            return Entity(_written(part.fields, {}), (lines,))
        content = octets if binary else lines
        if part.content_type.startswith(("message/", "multipart/")):
            changed = {_TYPE: structured("Content-Type", _OCTETS), _ENCODING: _encoding("base64")}
            return Entity(_written(part.fields, changed), (base64_lines(content),))
        content = decoded(part.encoding, content)
        encoding, body = self._encoded(part, content)
        changed = {_ENCODING: _encoding(encoding)}
        if not any(field.key == _TYPE for field in part.fields):
            charset = "utf-8" if is_utf8(content) else "windows-1252"
            changed = {_TYPE: f"Content-Type: text/plain; charset={charset}\r\n", **changed}
        return Entity(_written(part.fields, changed), (body,))

    def _multipart(self, part: Part) -> Entity:
        delimiter = b"--" + part.boundary
        before = crlf(self._data[part.start : part.preamble_end])
        after = crlf(self._data[part.epilogue_start : part.end])
        body = [before, b"\r\n"] if before and is_seven_bit(before) else []
        self._boundaries.append(delimiter)
        for child in part.children:
            mended = self._mended(child)
            body += (delimiter, b"\r\n", mended.fields, b"\r\n", *mended.body, b"\r\n")
        self._boundaries.pop()
        body += (delimiter, b"--\r\n")
        if is_seven_bit(after):
            body.append(after)
        changed = {_ENCODING: _encoding("7bit")} if part.encoding else {}
        return Entity(_written(part.fields, changed), tuple(body))

    def _without_method(self, part: Part) -> Entity:
        ics = without_method(readable(self._data, part))
        parameters = [(key, value) for key, value in part.parameters.items() if key in ("name", "component")]
        changed = {
            _TYPE: parameterised("Content-Type", part.content_type, [("charset", "utf-8"), *parameters]),
            _ENCODING: _encoding("base64"),
        }
        return Entity(_written(part.fields, changed), (base64_lines(calendar_octets(ics)),))

    def _encoded(self, part: Part, content: bytes) -> tuple[str, bytes]:
        is_text = part.content_type.startswith("text/") and b"\0" not in content
        # In quoted-printable a line of the text could pass for a boundary around it.
        if is_text and crlf(content) == content and not any(one in content for one in self._boundaries):
            return encode_octets(content)
        return "base64", base64_lines(content)


def _encoding(encoding: str) -> str:
    return f"Content-Transfer-Encoding: {encoding}\r\n"


def _written(fields: tuple[HeaderField, ...], changed: dict[str, str]) -> bytes:
    """Write a part's fields: changed ones anew, those of the whole and unclean ones by our own hand."""
    written: list[bytes] = []
    left = dict(changed)
    for field in fields:
        raw = crlf(field.raw)
        if field.key in changed:
            written.append(left.pop(field.key, "").encode())
        elif raw and is_seven_bit(raw):
            written.append(raw if raw.endswith(b"\r\n") else raw + b"\r\n")
        elif not raw:
            written.append(_field(field).encode())
        else:
            written.append(_field_or_nothing(field).encode())
    return b"".join(written) + "".join(left.values()).encode()


def _field_or_nothing(field: HeaderField) -> str:
    """Outside Content-* a part's fields mean nothing (RFC 2046, 5.1), and what no line holds must go."""
    if not field.key.startswith("content-"):
        return ""
    try:
        return _field(field)
    except InvalidMessage:
        return ""


def _field(field: HeaderField) -> str:
    if field.value.isascii():
        return structured(field.name, field.value)
    if field.key in (_TYPE, "content-disposition"):
        value, parameters = read_parameters(field.value)
        return parameterised(field.name, value, list(parameters.items()))
    return text(field.name, field.value)
