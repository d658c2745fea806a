"""Text outside ASCII, or text that only looks encoded, as encoded words (RFC 2047)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable
from typing import Final

__all__ = ["LONGEST", "SHORTEST", "encode_words"]

LONGEST: Final = 75
# What surrounds the text: =?utf-8?q? and ?=.
_FRAME = 12
# The frame and one character of four octets: with less room no word can be begun.
SHORTEST: Final = _FRAME + 12

# What stands for itself in a phrase as well as in text (RFC 2047, section 5, rule 3).
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_ONE_FOR_ONE = _PLAIN + b" "
_Q = {octet: f"={octet:02X}" for octet in range(256)} | {octet: chr(octet) for octet in _PLAIN}
_Q[0x20] = "_"


def encode_words(text: str, room: int) -> list[str]:
    """Give ``text`` as encoded words of at most 75 characters, the first of at most ``room``.

    No character is split over two words. Of the two encodings the shorter is taken.
    """
    octets = text.encode()
    q_size = len(octets) + 2 * len(octets.translate(None, _ONE_FOR_ONE))
    # Four characters hold three octets.
    if q_size > 4 * -(-len(octets) // 3):
        runs = _octet_runs(octets, (room - _FRAME) // 4 * 3, (LONGEST - _FRAME) // 4 * 3)
        return [f"=?utf-8?b?{b2a_base64(run, newline=False).decode()}?=" for run in runs]
    written = [_in_q(char.encode()) for char in text] if q_size > room - _FRAME else [_in_q(octets)]
    return [f"=?utf-8?q?{run}?=" for run in _runs(written, room - _FRAME, LONGEST - _FRAME)]


def _in_q(octets: bytes) -> str:
    return "".join([_Q[octet] for octet in octets])


def _octet_runs(octets: bytes, first: int, further: int) -> list[bytes]:
    """Cut UTF-8 between characters: the first run of at most ``first`` octets, the rest of ``further``."""
    runs: list[bytes] = []
    start, room = 0, first
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # amid a character
            end -= 1
        runs.append(octets[start:end])
        start, room = end, further
    return [*runs, octets[start:]]


def _runs(pieces: Iterable[str], first: int, further: int) -> list[str]:
    """Join pieces, in order, into runs: the first of at most ``first``, the rest of ``further``."""
    runs: list[str] = []
    run: list[str] = []
    left = first
    for piece in pieces:
        if len(piece) > left:
            runs.append("".join(run))
            run, left = [], further
        run.append(piece)
        left -= len(piece)
    return [*runs, "".join(run)]
