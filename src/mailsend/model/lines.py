"""Lines as SMTP carries them: CRLF at the end, at most 998 octets before it (RFC 5321, 4.5.3.1.6)."""

from __future__ import annotations

import re
from binascii import b2a_base64
from struct import Struct
from typing import Final

__all__ = [
    "LONGEST_LINE",
    "bare_line_end_at",
    "base64_crlf",
    "base64_size",
    "crlf",
    "has_whole_lines",
    "is_seven_bit",
    "long_line_at",
]

LONGEST_LINE: Final = 998

_COLUMNS = 76
_BLOCK = Struct(f"{_COLUMNS}s" * 64)
_BLOCK_OCTETS = _BLOCK.size // 4 * 3

# Two expressions that each begin with a literal are searched for much faster than one of both.
_BARE_LF = re.compile(rb"\n(?<!\r\n)")
_BARE_CR = re.compile(rb"\r(?!\n)")


def crlf(octets: bytes) -> bytes:
    """Give ``octets`` with every line ending, be it LF, CRLF or CR, as CRLF."""
    if b"\r" in octets:
        if bare_line_end_at(octets) < 0:
            return octets
        octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return octets.replace(b"\n", b"\r\n")


def base64_crlf(octets: bytes) -> bytes:
    """Give base64 in lines of at most 76 characters that each end in CRLF (RFC 2045, 6.8)."""
    # By blocks: a list of all lines would take more room than the lines themselves.
    blocks: list[bytes] = []
    rest = len(octets) - len(octets) % _BLOCK_OCTETS
    view = memoryview(octets)
    for at in range(0, rest, _BLOCK_OCTETS):
        encoded = b2a_base64(view[at : at + _BLOCK_OCTETS], newline=False)
        blocks += (b"\r\n".join(_BLOCK.unpack(encoded)), b"\r\n")
    encoded = b2a_base64(view[rest:], newline=False)
    for at in range(0, len(encoded), _COLUMNS):
        blocks += (encoded[at : at + _COLUMNS], b"\r\n")
    return b"".join(blocks)


def base64_size(octets: int) -> int:
    """Give how many octets ``base64_crlf`` makes of so many."""
    characters = 4 * -(-octets // 3)
    return characters + 2 * -(-characters // _COLUMNS)


def has_whole_lines(octets: bytes) -> bool:
    """Whether ``octets`` are lines of at most 998 octets that each end in CRLF, the last one too.

    Says what ``bare_line_end_at`` and ``long_line_at`` would, sooner, and takes room for two copies.
    """
    if not octets.endswith(b"\r\n"):
        return False
    # Only what ends its lines so comes back the same from losing every CR and regaining one at each LF.
    bare = octets.replace(b"\r", b"")
    return bare.replace(b"\n", b"\r\n") == octets and long_line_at(bare, b"\n") < 0


def bare_line_end_at(octets: bytes) -> int:
    """Give where the first CR or LF stands that is no part of a CRLF, or -1."""
    found = _BARE_LF.search(octets) or _BARE_CR.search(octets)
    return found.start() if found else -1


def long_line_at(octets: bytes, line_end: bytes = b"\r\n") -> int:
    """Give where the first line of more than 998 octets begins, or -1."""
    start, end = 0, len(octets)
    reach = LONGEST_LINE + len(line_end)
    # One look for each 1000 octets, not for each line.
    while end - start > LONGEST_LINE:
        found = octets.rfind(line_end, start, start + reach)
        if found < 0:
            return start
        start = found + len(line_end)
    return -1


def is_seven_bit(octets: bytes) -> bool:
    """Whether ``octets``, in CRLF lines, can go as they are: ASCII, no NUL, no line over 998."""
    return octets.isascii() and b"\0" not in octets and long_line_at(octets) < 0
