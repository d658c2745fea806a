"""Header fields of a finished mail, read: folding, parameters, character sets (RFC 5322, RFC 2231)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsend.errors import InvalidMessage

__all__ = ["HeaderField", "decode_octets", "read_header", "read_parameters"]

LONGEST_HEADER: Final = 262_144
"""In octets; longer ones are no mail's."""
LONGEST_PARAMETERS: Final = 4096

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_NAME = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
_PARAMETER = re.compile(r';[ \t]*([!-:<>-~]+?)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*+)\\?(?:"|\Z)|([^;]*))')
_SECTION = re.compile(r"(?P<key>[^*]+)(?:\*(?P<number>\d{1,3}))?(?P<extended>\*)?\Z")
_ESCAPED = re.compile(r"\\(.)")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
# Character sets that mail is written in; Python knows others that do odd or slow things (idna).
_CHARSET = re.compile(
    r"(?:utf-?(?:8|16(?:[bl]e)?)|iso-8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]|macintosh"
    r"|iso-2022-(?:jp|kr)|euc-(?:jp|kr)|shift_jis|gb2312|gbk|gb18030|big5)\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A field as it was written (``raw``, its line ends included) and unfolded, as text (``value``)."""

    name: str
    value: str
    raw: bytes

    @property
    def key(self) -> str:
        """The name in lower case."""
        return self.name.lower()


def read_header(data: bytes, start: int, end: int) -> tuple[tuple[HeaderField, ...], int, bool]:
    """Read a header; give its fields, where the body begins, and whether a blank line parted them.

    A line that can be no header field begins the body. Raises InvalidMessage for more than 256 KB.
    """
    fields: list[HeaderField] = []
    begun = at = start
    while at < end:
        line = _LINE.match(data, at, end)
        assert line is not None
        if line.end() - start > LONGEST_HEADER:
            raise InvalidMessage(
                "data", f"a header is longer than {LONGEST_HEADER} octets", advice="Look at what wrote it."
            )
        blank = not line[1]
        continued = line[1].startswith((b" ", b"\t")) and at > start
        if not continued:
            if at > begun:
                fields.append(_field(data[begun:at]))
            begun = at
            if blank:
                return tuple(fields), line.end(), True
            if not _NAME.match(line[1]):
                return tuple(fields), at, False
        at = line.end()
    if at > begun:
        fields.append(_field(data[begun:at]))
    return tuple(fields), end, True


def _field(raw: bytes) -> HeaderField:
    name, _, value = raw.partition(b":")
    unfolded = value.replace(b"\r", b"").replace(b"\n", b"").replace(b"\t", b" ")
    return HeaderField(name.rstrip().decode(), decode_octets(unfolded).strip(" "), raw)


def read_parameters(value: str) -> tuple[str, Mapping[str, str]]:
    """Give the value before the first semicolon in lower case, and the parameters (RFC 2231).

    A value in RFC 2231's form, in one piece or several, goes before one in the plain form.
    """
    value = value[:LONGEST_PARAMETERS]
    first = value.partition(";")[0]
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, quoted, bare in _PARAMETER.findall(value, len(first)):
        text = _ESCAPED.sub(r"\1", quoted) or bare.strip()
        section = _SECTION.match(name.lower())
        if section is None or not (section["number"] or section["extended"]):
            plain.setdefault(name.lower(), text)
        else:
            number = int(section["number"] or 0)
            extended = section["extended"] is not None
            sections.setdefault(section["key"], {}).setdefault(number, (extended, text))
    return first.strip().lower(), plain | {key: _joined(found) for key, found in sections.items()}


def _joined(sections: Mapping[int, tuple[bool, str]]) -> str:
    charset = ""
    octets = b""
    for order, number in enumerate(sorted(sections)):
        extended, text = sections[number]
        if extended and not order and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        some = text.encode()
        octets += _PERCENT.sub(lambda found: bytes([int(found[1], 16)]), some) if extended else some
    return decode_octets(octets, charset)


def decode_octets(octets: bytes, charset: str = "") -> str:
    """Give text in any case: by ``charset`` where mail knows it, else as UTF-8, else as Latin-1."""
    if _CHARSET.match(charset):
        try:
            return octets.decode(charset, "replace")
        except LookupError:
            pass
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")
