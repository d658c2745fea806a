"""Texts and bytes as 7-bit lines: 7bit, quoted-printable or base64 (RFC 2045, section 6)."""

from __future__ import annotations

import binascii
import codecs
import re

from mailsend.errors import InvalidMessage
from mailsend.model.lines import base64_crlf, crlf

__all__ = ["base64_lines", "encode_octets", "encode_text", "is_utf8", "quoted_printable"]

_PIECE = 1 << 16
_SHOWN = bytes(range(0x20, 0x7F)) + b"\r\n"
_UNQUOTED = _SHOWN.replace(b"=", b"") + b"\t"
_QUOTED = [(bytes((octet,)), b"=%02X" % octet) for octet in range(256)]
_FEW = 48  # different octets to quote, up to which one pass for each is sooner done than all in one
_RUN = 16
# No blank stays at a line's end, and nothing at its start that relays change (M30). A run of dots is
# parted, so that some place in it is left for a soft break.
_UNSAFE = (
    (b" \r\n", b"=20\r\n"),
    (b"\r\n.", b"\r\n=2E"),
    (b"\nFrom ", b"\n=46rom "),
    (b"." * _RUN, b"=2E" + b"." * (_RUN - 1)),
)
# As many lines as fit, and of one that does not what fits: =XX is not broken, = takes a place, and
# what relays change does not come to stand at a line's start. The text ends with a line end, so a line
# that does not fit has more octets than are taken of it: its end need not be looked for again.
_TO_SOFT_BREAK = re.compile(rb"(?:.{0,77}+\n)*+(?s:.{1,73})[^=]{0,2}+(?!\.|From )|(?s:.+)")
_SHORT_LINES = re.compile(rb"(?:.{0,77}+\n)*+.{0,76}+\Z")


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
        return "quoted-printable", _quoted(octets, set(others.translate(None, b"=")))
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
    return _quoted(octets, set(octets.translate(None, _UNQUOTED + b"=")))


def _quoted(octets: bytes, others: set[int]) -> bytes:
    """Give quoted-printable lines; ``others`` are the octets to be quoted besides =."""
    octets = b"".join((b"\r\n", octets, b"\r\n"))  # so that each line begins and ends in the same way
    if len(others) <= _FEW:
        octets = octets.replace(b"=", b"=3D")
        for octet, quoted in [_QUOTED[one] for one in others]:
            octets = octets.replace(octet, quoted)
    else:
        # The breaks it makes are taken out again: they let some lines grow to 77 characters.
        octets = binascii.b2a_qp(octets).replace(b"=\r\n", b"")
    if b"\t" in octets:
        octets = octets.replace(b"\t\r\n", b"=09\r\n")
    for unsafe, safe in _UNSAFE:
        # CPython looks from the right several times faster than from the left.
        octets = safe.join(octets.rsplit(unsafe))
    return b"=\r\n".join(_TO_SOFT_BREAK.findall(octets))[2:-2]


def _is_changed_by_relays(lines: bytes) -> bool:
    # CPython looks from the right several times faster than from the left.
    return lines.startswith((b".", b"From ")) or lines.rfind(b"\r\n.") >= 0 or lines.rfind(b"\nFrom ") >= 0


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
