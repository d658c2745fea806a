"""Text outside ASCII, or text that only looks encoded, as encoded words (RFC 2047)."""

from __future__ import annotations

import binascii
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
_Q = {octet: f"={octet:02X}" for octet in range(256)} | {octet: chr(octet) for octet in _PLAIN}
_Q[0x20] = "_"


def encode_words(text: str, room: int) -> list[str]:
    """Give ``text`` as encoded words of at most 75 characters, the first of at most ``room``.

    No character is split over two words. Of the two encodings the shorter is taken.
    """
    octets = text.encode()
    whole = "".join([_Q[octet] for octet in octets])
    if len(whole) <= 4 * -(-len(octets) // 3):
        if len(whole) <= room - _FRAME:
            return [f"=?utf-8?q?{whole}?="]
        written = ["".join([_Q[octet] for octet in char.encode()]) for char in text]
        runs = _runs(written, [len(one) for one in written], room - _FRAME, LONGEST - _FRAME)
        return [f"=?utf-8?q?{run}?=" for run in runs]
    # Four characters hold three octets.
    runs = _runs(text, [len(char.encode()) for char in text], _octets(room), _octets(LONGEST))
    return [f"=?utf-8?b?{_base64(run)}?=" for run in runs]


def _octets(room: int) -> int:
    return (room - _FRAME) // 4 * 3


def _base64(text: str) -> str:
    return binascii.b2a_base64(text.encode(), newline=False).decode()


def _runs(pieces: Iterable[str], sizes: Iterable[int], first: int, further: int) -> list[str]:
    """Join pieces, in order, into runs: the first of at most ``first``, the rest of ``further``."""
    runs: list[str] = []
    run: list[str] = []
    left = first
    for piece, size in zip(pieces, sizes, strict=True):
        if size > left:
            runs.append("".join(run))
            run, left = [], further
        run.append(piece)
        left -= size
    return [*runs, "".join(run)]
