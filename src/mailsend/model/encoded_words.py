"""Encoded words in names read back as text (RFC 2047)."""

from __future__ import annotations

import binascii
import re

__all__ = ["decode_words"]

_WORD = r"=\?[A-Za-z0-9_.:-]{1,40}(?:\*[A-Za-z0-9-]*)?\?[BbQq]\?[^?\s]*\?="
_RUN = re.compile(rf"(?<!\S){_WORD}(?:\s+{_WORD})*(?!\S)")
_PARTS = re.compile(r"=\?([A-Za-z0-9_.:-]+)(?:\*[A-Za-z0-9-]*)?\?([BbQq])\?([^?\s]*)\?=")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
# Character sets that mail is written in; Python knows others that do odd things (unicode_escape).
_CHARSET = re.compile(
    r"(?:utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|iso-2022-(?:jp|kr)|euc-(?:jp|kr)"
    r"|shift_jis|gb2312|gbk|gb18030|big5)\Z",
    re.IGNORECASE,
)


def decode_words(text: str) -> str:
    """Give ``text`` with each run of encoded words decoded; what cannot be decoded stays as it is."""
    return _RUN.sub(lambda run: _decode_run(run.group()), text)


def _decode_run(run: str) -> str:
    """White space between two encoded words is not shown (RFC 2047, section 6.2)."""
    decoded = ""
    octets, charset = b"", ""
    for name, encoding, content in _PARTS.findall(run):
        some = _octets(encoding, content)
        if some is None or not _CHARSET.match(name):
            return run
        # A character may have been split over two words, so neighbours are joined before decoding.
        if charset and name.lower() != charset:
            text = _text(octets, charset)
            if text is None:
                return run
            decoded, octets = decoded + text, b""
        octets, charset = octets + some, name.lower()
    text = _text(octets, charset)
    return run if text is None else decoded + text


def _octets(encoding: str, content: str) -> bytes | None:
    try:
        raw = content.encode("ascii")
        if encoding in "Bb":
            return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4), strict_mode=True)
    except ValueError:
        return None
    return _HEX.sub(lambda found: bytes([int(found.group(1), 16)]), raw.replace(b"_", b" "))


def _text(octets: bytes, charset: str) -> str | None:
    try:
        return octets.decode(charset)
    except (LookupError, ValueError):
        return None
