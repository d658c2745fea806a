"""The parts of a finished mail, found by their boundaries and described (RFC 2046, 5.1)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mailsend.errors import InvalidMessage
from mailsend.model.encoded_words import decode_words
from mailsend.model.lines import crlf
from mailsend.model.mime_fields import HeaderField, decode_octets, read_header, read_parameters

__all__ = ["Part", "decoded", "leaves", "read_parts", "readable"]

MOST_PARTS: Final = 1000
DEEPEST: Final = 30
LONGEST_BOUNDARY: Final = 200
MOST_FALSE_BOUNDARIES: Final = 10_000
"""How often a boundary may stand in the text, where it divides nothing."""

_PLAIN_NAME = re.compile(
    r';[ \t]*(?:file)?name[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*+)\\?(?:"|\Z)|([^;]*))', re.IGNORECASE
)
_ESCAPED = re.compile(r"\\(.)")
_ADVICE: Final = "No mail program writes such a mail; attach it as a file if it has to go out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part: its fields, what they say, and where its body stands in the data.

    ``names`` are all names it is given, since programs differ in which one they take. Between ``start`` and ``end`` stands the body; of one with ``children`` ``preamble_end`` and
    ``epilogue_start`` part what belongs to none of them.
    """

    fields: tuple[HeaderField, ...]
    content_type: str
    parameters: Mapping[str, str]
    encoding: str
    disposition: str
    names: tuple[str, ...]
    start: int
    end: int
    boundary: bytes = b""
    children: tuple[Part, ...] = ()
    preamble_end: int = 0
    epilogue_start: int = 0


def read_parts(data: bytes, fields: tuple[HeaderField, ...], start: int) -> Part:
    """Read the content that begins at ``start`` under these fields.

    A multipart whose boundary is missing is one part. Raises InvalidMessage for more than 1000 parts,
    for nesting deeper than 30, and for boundaries that stand in the text more than 10,000 times.
    """
    return _Reader(data).read(fields, start, len(data), 0, "text/plain")


def leaves(part: Part) -> Iterator[Part]:
    """Give the parts that hold content, in order."""
    if not part.children:
        yield part
    for child in part.children:
        yield from leaves(child)


def decoded(encoding: str, octets: bytes) -> bytes:
    """Give a body's octets without their transfer encoding; what cannot be decoded stays as it is."""
    if encoding == "base64":
        try:
            return binascii.a2b_base64(octets)
        except binascii.Error:
            return octets
    return binascii.a2b_qp(octets) if encoding == "quoted-printable" else octets


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count = 0
        self.false = 0

    def read(self, fields: tuple[HeaderField, ...], start: int, end: int, depth: int, default: str) -> Part:
        self.count += 1
        if self.count > MOST_PARTS:
            raise InvalidMessage("data", f"it has more than {MOST_PARTS} parts", advice=_ADVICE)
        if depth > DEEPEST:
            raise InvalidMessage("data", f"its parts are nested deeper than {DEEPEST}", advice=_ADVICE)
        values = {field.key: field.value for field in reversed(fields)}
        content_type, parameters = read_parameters(values.get("content-type", ""))
        if "/" not in content_type:
            content_type = default if not content_type else "text/plain"
        disposition, _ = read_parameters(values.get("content-disposition", ""))
        boundary = parameters.get("boundary", "").rstrip(" ")
        usable = content_type.startswith("multipart/") and boundary.isascii() and boundary.isprintable()
        found: tuple[bytes, tuple[Part, ...], int, int] = b"", (), 0, 0
        if usable and 0 < len(boundary) <= LONGEST_BOUNDARY:
            inner = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
            found = self._divided(boundary.encode(), start, end, depth, inner)
        return Part(
            fields=fields,
            content_type=content_type,
            parameters=parameters,
            encoding=values.get("content-transfer-encoding", "").lower(),
            disposition=disposition,
            names=_names(fields),
            start=start,
            end=end,
            boundary=found[0],
            children=found[1],
            preamble_end=found[2],
            epilogue_start=found[3],
        )

    def _divided(
        self, boundary: bytes, start: int, end: int, depth: int, default: str
    ) -> tuple[bytes, tuple[Part, ...], int, int]:
        children: list[Part] = []
        preamble_end = begun = -1
        after = end
        for line_start, line_end, closes in self._delimiters(boundary, start, end):
            before = self._without_line_end(start if begun < 0 else begun, line_start)
            if begun < 0:
                preamble_end = before
            else:
                children.append(self._child(begun, before, depth, default))
            begun = line_end
            if closes:
                after = line_end
                break
        else:
            if begun >= 0:
                children.append(self._child(begun, end, depth, default))
        if not children:
            return b"", (), 0, 0
        return boundary, tuple(children), preamble_end, after

    def _child(self, start: int, end: int, depth: int, default: str) -> Part:
        fields, body, _ = read_header(self.data, start, end)
        return self.read(fields, body, end, depth + 1, default)

    def _delimiters(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Give each delimiter line: where it starts, where the next line starts, whether it closes."""
        data, sought = self.data, b"--" + boundary
        at = data.find(sought, start, end)
        while at >= 0:
            after = at + len(sought)
            closes = data.startswith(b"--", after, end)
            rest = after + 2 if closes else after
            while rest < end and data[rest] in b" \t":
                rest += 1
            line_end = rest + (2 if data.startswith(b"\r\n", rest, end) else 1)
            at_line_start = at == start or data[at - 1] in b"\r\n"
            if at_line_start and (rest == end or data[rest] in b"\r\n"):
                yield at, min(line_end, end), closes
            else:
                self.false += 1
                if self.false > MOST_FALSE_BOUNDARIES:
                    raise InvalidMessage("data", "its boundaries stand in its text too often", advice=_ADVICE)
            at = data.find(sought, after, end)

    def _without_line_end(self, start: int, end: int) -> int:
        """The line end before a delimiter belongs to the delimiter."""
        if self.data.endswith(b"\r\n", start, end):
            return end - 2
        return end - 1 if self.data.endswith((b"\r", b"\n"), start, end) else end


def _names(fields: tuple[HeaderField, ...]) -> tuple[str, ...]:
    """Give each name once: ``filename`` first, in either form of RFC 2231, and repeated ones."""
    found: list[str] = []
    for key, wanted in (("content-disposition", "filename"), ("content-type", "name")):
        for value in [field.value for field in fields if field.key == key]:
            found.append(read_parameters(value)[1].get(wanted, ""))
            found += [
                _ESCAPED.sub(r"\1", quoted) or bare.strip() for quoted, bare in _PLAIN_NAME.findall(value)
            ]
    return tuple(dict.fromkeys(decode_words(name) for name in found if name))


def readable(data: bytes, part: Part) -> str:
    """Give a text part as text, its lines ended by LF."""
    octets = decoded(part.encoding, crlf(data[part.start : part.end]))
    text = decode_octets(octets, part.parameters.get("charset", ""))
    return text.replace("\r\n", "\n").replace("\r", "\n")
