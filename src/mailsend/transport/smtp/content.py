"""A mail's content as it goes over the wire: in blocks, its dots doubled, the final dot behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["BLOCK", "blocks"]

BLOCK: Final = 256 * 1024  # octets written before we wait for the network to take them
_END: Final = b".\r\n"


def blocks(data: bytes) -> Iterator[bytes | memoryview]:
    """Give the content and the final dot (RFC 5321, section 4.5.2), block by block, the last one last.

    ``data`` ends in CRLF. Where no line begins with a dot the blocks are views on it: nothing of a
    large mail is copied.
    """
    # From the end: searching backwards takes an eighth of the time for this pattern.
    stuffed = data.startswith(b".") or data.rfind(b"\r\n.") >= 0
    if len(data) <= BLOCK:
        yield (_doubled(data, begins_line=True) if stuffed else data) + _END
        return
    view = memoryview(data)
    start = 0
    while start < len(data):
        end = _end_of_block(data, start)
        if stuffed:
            yield _doubled(data[start:end], begins_line=start == 0 or data[start - 2 : start] == b"\r\n")
        else:
            yield view[start:end]
        start = end
    yield _END


def _end_of_block(data: bytes, start: int) -> int:
    """End a block where a line ends, so that a dot at its beginning begins a line."""
    if start + BLOCK >= len(data):
        return len(data)
    found = data.rfind(b"\r\n", start, start + BLOCK)
    return found + 2 if found >= 0 else start + BLOCK - (data[start + BLOCK - 1] == 0x0D)


def _doubled(lines: bytes, *, begins_line: bool) -> bytes:
    doubled = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if begins_line and doubled.startswith(b".") else doubled
