"""Texts and bytes as 7-bit lines: 7bit, quoted-printable or base64 (RFC 2045, section 6)."""

from __future__ import annotations

import binascii
import codecs
import re
from typing import Final

from mailsend.errors import InvalidMessage
from mailsend.model.lines import base64_crlf, crlf

__all__ = ["base64_lines", "encode_octets", "encode_text", "is_utf8", "quoted_printable"]

_WIDTH: Final = 76
_PIECE = 1 << 16
_SHOWN = bytes(range(0x20, 0x7F)) + b"\r\n"
_UNQUOTED = _SHOWN.replace(b"=", b"") + b"\t"
_QUOTED = [(bytes((octet,)), b"=%02X" % octet) for octet in range(256)]
_BLANKS = ((b" \r\n", b"=20\r\n"), (b"\t\r\n", b"=09\r\n"))
_FEW = 12  # different octets to quote, up to which one pass for each is sooner done than all in one
# As many lines as fit, and of one that does not what fits: =XX is not broken, and = takes a place.
_TO_SOFT_BREAK = re.compile(rb"(?:.{0,76}+\n)*+.{73}+[^=\n]{0,2}+|(?s:.+)\Z")
_SHORT_LINES = re.compile(rb"(?:.{0,77}+\n)*+.{0,76}+\Z")

_CHANGED_LINE = re.compile(rb"\n(?:\.|From )[^\r\n]*")
_DOT_WITH_ROOM = re.compile(rb"\n\.(?=[^\r\n]{0,73}+(?:\r|\Z))")


def encode_text(field: str, text: str) -> tuple[str, bytes]:
    """Give the transfer encoding for a text part and its bytes, without a CRLF added at the end.

    7bit where every line can stand as it is, else the smaller of quoted-printable and base64. Raises
    InvalidMessage, naming ``field``, for lone surrogates.
    """
    try:
        octets = crlf(text.encode())
    except UnicodeEncodeError as fault:
        why = f"half of a surrogate pair stands at character {fault.start}"
        raise InvalidMessage(field, why, advice="Give text that UTF-8 can write.") from None
    return ("7bit", octets) if _can_stand(octets) else encode_octets(octets)


def encode_octets(octets: bytes) -> tuple[str, bytes]:
    """Give quoted-printable or base64, whichever is smaller, for text whose lines end in CRLF."""
    # Two characters more for each quoted octet, a third and the line ends more for base64.
    others = octets.translate(None, _UNQUOTED)
    if 6 * len(others) < len(octets):
        return "quoted-printable", _guarded(_quoted(octets, set(others.translate(None, b"="))))
    return "base64", base64_lines(octets)


def is_utf8(octets: bytes) -> bool:
    """Whether ``octets`` are UTF-8; takes no room to speak of, however many they are."""
    if octets.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(octets), _PIECE):
            decoder.decode(octets[at : at + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def base64_lines(octets: bytes) -> bytes:
    """Give base64 in lines of 76 characters, without a CRLF at the end (RFC 2045, 6.8)."""
    return base64_crlf(octets)[:-2]


def quoted_printable(octets: bytes) -> bytes:
    """Give quoted-printable lines of at most 76 characters (RFC 2045, 6.7) for text in CRLF lines.

    ``From `` and a dot at the start of a line are quoted as well: relays change them (M30).
    """
    return _guarded(_quoted(octets, set(octets.translate(None, _UNQUOTED + b"="))))


def _quoted(octets: bytes, others: set[int]) -> bytes:
    """Give what ``binascii`` gives, save that a dot alone in its line stays.

    ``others`` are to be quoted besides =. Most texts have few: one pass for each is sooner done than
    one for all.
    """
    if octets.endswith((b" ", b"\t")):
        return _ended_by_blank(octets, others)
    blanks = [one for one in _BLANKS if octets.rfind(one[0]) >= 0]
    if len(others) > _FEW and not blanks:  # its lines that end in a blank may grow to 77 characters
        # The encoder copies the line ending that it meets first; without any it would break with LF.
        return binascii.b2a_qp(octets + b"\r\n")[:-2]
    octets = octets.replace(b"=", b"=3D")
    for octet, quoted in [_QUOTED[one] for one in others]:
        octets = octets.replace(octet, quoted)
    for blank, quoted in blanks:
        octets = octets.replace(blank, quoted)
    return b"=\r\n".join(_TO_SOFT_BREAK.findall(octets))


def _ended_by_blank(octets: bytes, others: set[int]) -> bytes:
    """Quote the blank at the end by ourselves: ``binascii`` lets that line grow to 77 characters."""
    quoted = b"=20" if octets.endswith(b" ") else b"=09"
    before = _quoted(octets[:-1] + b"_", others)[:-1]  # so that no blank before it stands at an end
    last = len(before) - before.rfind(b"\n") - 1
    return before + (quoted if last + len(quoted) <= _WIDTH else b"=\r\n" + quoted)


def _guarded(lines: bytes) -> bytes:
    """Quote what relays change at the start of a line."""
    if not _is_changed_by_relays(lines):
        return lines
    # A style sheet has many dots at a start, most of them in lines that may still grow.
    lines = _DOT_WITH_ROOM.sub(b"\n=2E", b"\n" + lines)[1:]
    return _CHANGED_LINE.sub(_guarded_line, b"\n" + lines)[1:] if _is_changed_by_relays(lines) else lines


def _is_changed_by_relays(lines: bytes) -> bool:
    # CPython looks from the right several times faster than from the left.
    return lines.startswith((b".", b"From ")) or lines.rfind(b"\r\n.") >= 0 or lines.rfind(b"\nFrom ") >= 0


def _guarded_line(found: re.Match[bytes]) -> bytes:
    """Quote what relays change at the start of a line, and break the line anew where it grew."""
    broken = []
    line = _quoted_start(found.group()[1:])
    while len(line) > _WIDTH:
        at = _WIDTH - 1
        # No break inside =XX: both of its digits would have to stand before it.
        quoted = line.rfind(b"=", at - 2, at)
        at = at if quoted < 0 else quoted
        broken.append(line[:at])
        line = _quoted_start(line[at:])
    return b"\n" + b"=\r\n".join([*broken, line])


def _quoted_start(line: bytes) -> bytes:
    if line.startswith(b"."):
        return b"=2E" + line[1:]
    return b"=46rom " + line[5:] if line.startswith(b"From ") else line


def _can_stand(octets: bytes) -> bool:
    """Whether a text can be written plainly: short lines, and nothing that a relay might change."""
    return (
        octets.isascii()
        and _SHORT_LINES.match(octets) is not None
        and not octets.translate(None, _SHOWN)
        and octets.rfind(b" \r\n") < 0
        and not _is_changed_by_relays(octets)
        and not octets.endswith(b" ")
    )
