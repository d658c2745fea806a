"""The last look at the bytes: what must hold of every mail that leaves (RFC 5321, RFC 5322)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsend.model.lines import bare_line_end_at, has_whole_lines, long_line_at

__all__ = ["GateCode", "GateFault", "check"]


class GateCode(StrEnum):
    """What is wrong with the bytes of a mail."""

    NUL = "nul"
    BARE_CR_OR_LF = "bare_cr_or_lf"
    UNFINISHED_LINE = "unfinished_line"
    LONG_LINE = "long_line"
    NO_HEADER = "no_header"
    BROKEN_HEADER = "broken_header"
    HEADER_NOT_UTF8 = "header_not_utf8"
    BODY_NOT_7BIT = "body_not_7bit"
    FIELD_MISSING = "field_missing"
    FIELD_TWICE = "field_twice"
    FIELD_FORBIDDEN = "field_forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFault:
    """The first fault that was found; ``where`` names the header field, or the octet from 0."""

    code: GateCode
    where: str = ""


_LARGE = 1 << 16
# A field, folded or not; a folded line that is blank would end the header for some readers. No CR and
# no LF stands alone where this is looked for.
_FIELD = re.compile(rb"(([!-9;-~]++):[^\r]*+\r\n(?:[ \t]++[^ \t\r][^\r]*+\r\n)*+)")
_FIELDS = re.compile(rb"(?:%s)++" % _FIELD.pattern)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_REQUIRED = (b"from", b"date", b"message-id", b"mime-version")
# Fields of which a second makes readers disagree (RFC 5322, 3.6; RFC 2045).
_ONCE = frozenset(
    (
        *_REQUIRED,
        *(b"sender", b"reply-to", b"to", b"cc", b"subject", b"in-reply-to", b"references"),
        *(b"content-type", b"content-transfer-encoding", b"content-disposition", b"content-id"),
    )
)
_FORBIDDEN = (b"bcc", b"resent-bcc")


def check(data: bytes, *more: bytes) -> GateFault | None:
    """Give the first fault of a finished mail, or None.

    No NUL, no bare CR or LF, no line over 998 octets, a whole header with each of From, Date,
    Message-ID and MIME-Version exactly once and no Bcc, a 7-bit body. A mail may lie in several
    pieces: each ends with a line, and the first holds the header.
    """
    at = 0
    for piece in (data, *more):
        fault = _lines(piece, at)
        if fault is not None:
            return fault
        at += len(piece)
    end = data.find(b"\r\n\r\n") + 2
    if end < 2:
        return GateFault(code=GateCode.NO_HEADER)
    fields = _FIELD.findall(data, 0, end)
    return (
        _header(data, end, sum([len(whole) for whole, _ in fields]))
        or _seven_bit(data, end, more)
        or _fields([name.lower() for _, name in fields])
    )


def _lines(data: bytes, at: int) -> GateFault | None:
    if b"\0" in data:
        return _fault(GateCode.NUL, at + data.index(b"\0"))
    if len(data) < _LARGE and has_whole_lines(data):
        return None
    bare = bare_line_end_at(data)
    if bare >= 0:
        return _fault(GateCode.BARE_CR_OR_LF, at + bare)
    if not data.endswith(b"\r\n"):
        return _fault(GateCode.UNFINISHED_LINE, at + len(data))
    long_line = long_line_at(data)
    return _fault(GateCode.LONG_LINE, at + long_line) if long_line >= 0 else None


def _header(data: bytes, end: int, in_fields: int) -> GateFault | None:
    if in_fields < end:
        whole = _FIELDS.match(data, 0, end)
        return _fault(GateCode.BROKEN_HEADER, whole.end() if whole else 0)
    try:
        data[:end].decode()
    except UnicodeDecodeError as fault:
        return _fault(GateCode.HEADER_NOT_UTF8, fault.start)
    return None


def _seven_bit(data: bytes, end: int, more: Sequence[bytes]) -> GateFault | None:
    start, at = end, 0
    for piece in (data, *more):
        high = None if piece.isascii() else _NOT_ASCII.search(piece, start)
        if high:
            return _fault(GateCode.BODY_NOT_7BIT, at + high.start())
        start, at = 0, at + len(piece)
    return None


def _fields(names: list[bytes]) -> GateFault | None:
    known = set(names)
    if len(known) == len(names) and known.issuperset(_REQUIRED) and known.isdisjoint(_FORBIDDEN):
        return None
    for name in _REQUIRED:
        if name not in known:
            return GateFault(code=GateCode.FIELD_MISSING, where=name.decode())
    for name in dict.fromkeys(names):
        if name in _FORBIDDEN:
            return GateFault(code=GateCode.FIELD_FORBIDDEN, where=name.decode())
        if name in _ONCE and names.count(name) > 1:
            return GateFault(code=GateCode.FIELD_TWICE, where=name.decode())
    return None


def _fault(code: GateCode, octet: int) -> GateFault:
    return GateFault(code=code, where=f"octet {octet}")
