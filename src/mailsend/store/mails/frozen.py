"""The finished bytes without what is large and may stand in other mails as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from mailsend.model.attachment import Attachment
from mailsend.model.lines import base64_crlf

__all__ = ["SMALLEST_CUT", "Cut", "cut", "joined"]

SMALLEST_CUT: Final = 1 << 16  # bytes of an attachment that stands apart from the mail

_OPENING: Final = 1024  # octets of a file by which its place is found
_NOTHING: Final = "[]"


class Cut(NamedTuple):
    """Finished bytes without large files: ``cuts`` is JSON, ``[[place in data, digest], …]`` in order.

    ``blobs`` are the bytes of the files by their SHA-256.
    """

    data: bytes
    cuts: str
    blobs: Mapping[str, bytes]


def cut(data: bytes, attachments: Iterable[Attachment]) -> Cut:
    """Take out of ``data`` what large attachments stand there as: base64 in lines."""
    large = {one.digest: one for one in attachments if len(one.data) >= SMALLEST_CUT}
    if not large:
        return Cut(data, _NOTHING, {})
    # Where one file begins as another does, the longer one is taken.
    found = sorted(
        (place, -one.encoded_size, digest)
        for digest, one in large.items()
        for place in _places(data, one.encoded)
    )
    view = memoryview(data)
    kept: list[memoryview] = []
    cuts: list[tuple[int, str]] = []
    begins, taken = 0, 0
    for place, size, digest in found:
        if place < begins:
            continue
        kept.append(view[begins:place])
        cuts.append((place - taken, digest))
        begins, taken = place - size, taken - size
    kept.append(view[begins:])
    blobs = {digest: large[digest].data for _, digest in cuts}
    return Cut(b"".join(kept), json.dumps(cuts, separators=(",", ":")), blobs)


def joined(data: bytes, cuts: str, blob: Callable[[str], bytes]) -> bytes:
    """Give the finished bytes again; ``blob`` gives a file's bytes by their SHA-256."""
    if cuts == _NOTHING:
        return data
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    begins = 0
    for place, digest in json.loads(cuts):
        pieces += (view[begins:place], base64_crlf(blob(digest)))
        begins = place
    return b"".join((*pieces, view[begins:]))


def _places(data: bytes, encoded: bytes) -> Iterable[int]:
    """Give where a part's content is ``encoded``: behind an empty line, of which base64 has none.

    So few places are compared, whatever the files hold.
    """
    opening = b"\r\n\r\n" + encoded[:_OPENING]
    place = data.find(opening)
    while place >= 0:
        place += 4
        if data.startswith(encoded, place):
            yield place
        place = data.find(opening, place)
