"""The one spelling of a mail that a DKIM signature covers: relaxed/relaxed (RFC 6376, section 3.4).

No regular expression runs over a body. A body that we wrote is already in its relaxed spelling save
for its end, so it is looked through once and hashed where it lies; any other is rewritten piece by
piece, so that a large mail is never held twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["body_hash", "relaxed_body", "relaxed_header", "split_mail"]

_PIECE = 1 << 18
_WINDOW = 1 << 12
_BLANK = b" \t\r\n"
_NEEDLESS = (b"\t", b"  ", b" \r\n")
_NO_FIELD = "a line of the header is no field"


def split_mail(data: bytes) -> tuple[bytes, int]:
    """Give the header section without its last line end, and where the body begins (RFC 5322, 2.1)."""
    if data.startswith(b"\r\n"):
        return b"", 2
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return data.removesuffix(b"\r\n"), len(data)
    return data[:end], end + 4


def relaxed_header(section: bytes) -> list[tuple[bytes, bytes]]:
    """Give each header field in its order: its name in lower case, and ``name:value`` in one line.

    Lines end in CRLF. Raises ValueError for a line that is no field (RFC 6376, section 3.4.2).
    """
    if not section:
        return []
    unfolded = _single_spaces(section.replace(b"\t", b" ").replace(b"\r\n ", b" "))
    fields = []
    for line in unfolded.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError(_NO_FIELD)
        name = _relaxed_name(name)
        fields.append((name, name + b":" + value.strip(b" ")))
    return fields


@lru_cache(maxsize=256)
def _relaxed_name(written: bytes) -> bytes:
    """Give a field's name in its relaxed spelling; most mails of a process have the same."""
    name = written.rstrip(b" ").lower()
    if not name or b" " in name:
        raise ValueError(_NO_FIELD)
    return name


def relaxed_body(data: bytes, start: int = 0, more: Sequence[bytes] = ()) -> Iterator[bytes | memoryview]:
    """Give the relaxed body in pieces; it begins at ``start`` in ``data`` (RFC 6376, section 3.4.4).

    ``more`` follows ``data`` in the mail; each of these ends with a line, save the last, which may
    not: it is taken as the receiver gets it, with a line end. Lines end in CRLF.
    """
    bodies = [(data, start), *((one, 0) for one in more)]
    while bodies:
        last, begin = bodies.pop()
        end = _end_of_text(last, begin)
        if end > begin:
            for one, at in bodies:
                yield from _relaxed(one, at, len(one))
            yield from _relaxed(last, begin, end)
            yield b"\r\n"
            return


def body_hash(data: bytes, start: int = 0, more: Sequence[bytes] = ()) -> bytes:
    """Give the SHA-256 of the relaxed body, 32 octets (RFC 6376, section 3.7)."""
    digest = hashlib.sha256()
    for piece in relaxed_body(data, start, more):
        digest.update(piece)
    return digest.digest()


def _relaxed(data: bytes, start: int, end: int) -> Iterator[bytes | memoryview]:
    first, last = _needless_blanks(data, start, end)
    yield memoryview(data)[start:first]
    if first == end:
        return
    # A piece ends after a line end, so that no run of blanks lies in two pieces.
    while first < last:
        cut = data.find(b"\n", first + _PIECE, last) + 1 or last
        yield _single_spaces(data[first:cut]).replace(b" \r\n", b"\r\n")
        first = cut
    yield memoryview(data)[last:end]


def _end_of_text(data: bytes, start: int) -> int:
    """Give the place after the last octet that is neither a blank nor part of a line end.

    What follows it, blanks and empty lines, is one line end in the relaxed spelling.
    """
    end = len(data)
    while end > start:
        window = max(start, end - _WINDOW)
        text = len(data[window:end].rstrip(_BLANK))
        if text:
            return window + text
        end = window
    return start


def _needless_blanks(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Give where the lines begin and end between which blanks are written otherwise; twice ``end`` for none."""
    # CPython looks from the right several times faster than from the left, and most often in vain.
    found = [(at, blanks) for blanks in _NEEDLESS if (at := data.rfind(blanks, start, end)) >= 0]
    if not found:
        return end, end
    first = min([data.find(blanks, start, end) for _, blanks in found])
    last = max(found)[0]
    return (
        max(data.rfind(b"\n", start, first) + 1, start),
        data.find(b"\n", last, end) + 1 or end,
    )


def _single_spaces(text: bytes) -> bytes:
    text = text.replace(b"\t", b" ")
    while len(shorter := text.replace(b"  ", b" ")) < len(text):
        text = shorter
    return text
