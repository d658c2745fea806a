"""From octets to replies (RFC 5321, section 4.2): whole ones, bounded, whatever a server sends."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from mailsend.model.reply import Reply
from mailsend.transport.smtp.masking import Mask, printable

__all__ = ["MALFORMED", "Heard", "ReplyReader"]

MALFORMED: Final = 0
"""The code of what is no reply: no severity of RFC 5321."""

_LONGEST_LINE: Final = 8192  # octets; section 4.5.3.1.5 allows 512, and EHLO may be answered at length
_LONGEST_REPLY: Final = 32 * 1024
_KEPT: Final = 4096  # characters of a reply that are kept
_SHORT: Final = 96


class Heard(NamedTuple):
    """A reply, and its lines as they came, fit to be shown."""

    reply: Reply
    lines: tuple[str, ...]


class ReplyReader:
    """Takes octets as they come and gives replies as they are whole.

    After something that is no reply, or is longer than any should be, it is ``broken`` and takes
    no more: its last reply then has the code 0.
    """

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = 0
        self.broken = False

    @property
    def holds_unread(self) -> bool:
        """Whether the beginning of a reply came, and not its end."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> list[Heard]:
        """Give the replies that ``data`` completes, in their order."""
        replies: list[Heard] = []
        if self.broken:
            return replies
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        hides = self._mask.hides
        for line in lines:
            known = None if self._lines or hides or len(line) > _SHORT else _whole_reply(line)
            if known is not None:
                replies.append(known)
                continue
            said = line.removesuffix(b"\r")
            self._size += len(line)
            if not _is_reply_line(said, self._lines) or self._size > _LONGEST_REPLY:
                return [*replies, self._break(said)]
            self._lines.append(said)
            if said[3:4] != b"-":
                replies.append(self._whole())
        if len(self._rest) > _LONGEST_LINE:
            replies.append(self._break(self._rest))
        return replies

    def _whole(self) -> Heard:
        lines, self._lines, self._size = self._lines, [], 0
        shown = [self._mask.masked(printable(one[4:])) for one in lines]
        return _heard(int(lines[0][:3]), "\n".join(shown)[:_KEPT])

    def _break(self, said: bytes) -> Heard:
        self.broken = True
        self._rest, self._lines = b"", []
        return _heard(MALFORMED, self._mask.masked(printable(said))[:_KEPT])


def _is_reply_line(line: bytes, before: list[bytes]) -> bool:
    return (
        3 <= len(line) <= _LONGEST_LINE
        and line[:3].isdigit()
        and line[3:4] in (b"", b" ", b"-")
        and (not before or before[0][:3] == line[:3])
    )


@lru_cache(maxsize=512)
def _whole_reply(line: bytes) -> Heard | None:
    """Read a reply of one line, ``None`` for anything else; most of them are said over and over."""
    said = line.removesuffix(b"\r")
    if not _is_reply_line(said, []) or said[3:4] == b"-":
        return None
    return _heard(int(said[:3]), printable(said[4:]))


def _heard(code: int, text: str) -> Heard:
    *first, last = text.split("\n")
    lines = (*(f"{code:03}-{line}" for line in first), f"{code:03} {last}".rstrip())
    return Heard(Reply.of(code, text), lines)
