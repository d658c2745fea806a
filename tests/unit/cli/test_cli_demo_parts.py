"""What the demo makes of nothing: pictures, papers, and pages for a browser."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

from mailsend.cli.demo_pictures import ball, paper, wedge
from mailsend.cli.viewing import viewable_html
from mailsend.model.attachment import Attachment


@pytest.mark.parametrize("draw", [ball, wedge])
def test_a_logo_is_a_png(draw) -> None:
    """Every chunk's checksum is right, and the pixels are as many as the header says."""
    data = draw((11, 110, 79))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + length

    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert len(pixels) == height * (1 + 4 * width)
    assert bytes((11, 110, 79, 255)) in pixels


def test_a_paper_is_a_pdf() -> None:
    """The cross-reference table points to each object, and the text is shown on the page."""
    data = paper(("Order (4711)", "Total: 96.00"))
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", data)[1])
    offsets = [int(one) for one in re.findall(rb"(\d{10}) 00000 n \n", data[start:])]

    assert data.startswith(b"%PDF-1.4\n")
    assert data[start:].startswith(b"xref\n0 6\n")
    assert [data[at:].split(b" ")[0] for at in offsets] == [b"1", b"2", b"3", b"4", b"5"]
    assert rb"(Order \(4711\)) Tj" in data


def test_a_page_shows_the_pictures_of_the_mail() -> None:
    """Each cid of a related part becomes data in the page; one that nobody knows stays."""
    logo = Attachment.from_bytes(b"\x89PNG", filename="logo.png", inline=True)

    shown = viewable_html(f'<img src="cid:{logo.cid}"> <img src="cid:other">', [logo])

    assert shown == '<img src="data:image/png;base64,iVBORw=="> <img src="cid:other">'
    assert viewable_html(None, [logo]) is None
