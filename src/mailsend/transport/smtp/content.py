"""A mail's content as it goes over the wire: in blocks, its dots doubled, the final dot behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["BLOCK", "blocks", "eight_bits", "in_one", "to_the_last"]

BLOCK: Final = 256 * 1024  # octets written before we wait for the network to take them
_END: Final = b".\r\n"


def blocks(data: bytes) -> Iterator[bytes | memoryview]:
    """Give the content and the final dot (RFC 5321, section 4.5.2), block by block, the last one last.

    ``data`` ends in CRLF. Where no line begins with a dot the blocks are views on it: nothing of a
    large mail is copied.
    """
    if len(data) <= BLOCK:
        yield b"".join(in_one(data))
        return
    stuffed = _has_dots(data)
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


def to_the_last(data: bytes) -> Iterator[tuple[bytes | memoryview, bool]]:
    """Give the blocks, each with whether it is the last one: the one with the final dot."""
    following = blocks(data)
    block = next(following)
    for after in following:
        yield block, False
        block = after
    yield block, True


def in_one(data: bytes) -> tuple[bytes, bytes]:
    """Give a small content, and the final dot: they are joined with what goes out beside them."""
    return (_doubled(data, begins_line=True) if _has_dots(data) else data), _END


def _has_dots(data: bytes) -> bool:
    # From the end: searching backwards takes an eighth of the time for this pattern.
    return data.startswith(b".") or data.rfind(b"\r\n.") >= 0


def _end_of_block(data: bytes, start: int) -> int:
    """End a block where a line ends, so that a dot at its beginning begins a line."""
    if start + BLOCK >= len(data):
        return len(data)
    found = data.rfind(b"\r\n", start, start + BLOCK)
    return found + 2 if found >= 0 else start + BLOCK - (data[start + BLOCK - 1] == 0x0D)


def _doubled(lines: bytes, *, begins_line: bool) -> bytes:
    doubled = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if begins_line and doubled.startswith(b".") else doubled


def eight_bits(data: bytes) -> tuple[bool, bool]:
    """Say whether octets beyond ASCII stand in the header, and whether in the body, of a mail."""
    if data.isascii():
        return False, False
    header, _, body = data.partition(b"\r\n\r\n")
    return not header.isascii(), not body.isascii()
