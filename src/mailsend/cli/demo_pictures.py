"""A logo and a paper for the demo, made of nothing: PNG (RFC 2083) and PDF 1.4 by hand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Final

__all__ = ["ball", "paper", "wedge"]

_SIDE: Final = 96
_SAMPLES: Final = 3  # each way, in every pixel: smooth edges
_WHITE: Final = (255, 255, 255)

Colour = tuple[int, int, int]
_Shape = Callable[[float, float], Colour | None]


def ball(colour: Colour) -> bytes:
    """Give a PNG of a disc with a white ring in it."""

    def shape(x: float, y: float) -> Colour | None:
        distance = x * x + y * y
        if distance > 0.92:
            return None
        return _WHITE if 0.22 < distance < 0.45 else colour

    return _png(shape)


def wedge(colour: Colour) -> bytes:
    """Give a PNG of a square with a white triangle in it."""

    def shape(x: float, y: float) -> Colour | None:
        if max(abs(x), abs(y)) > 0.94:
            return None
        return _WHITE if -0.55 < y < 0.5 and abs(x) < (y + 0.55) * 0.6 else colour

    return _png(shape)


def paper(lines: tuple[str, ...]) -> bytes:
    """Give a PDF of one page that says ``lines`` (ASCII), the first one larger."""
    first, *more = (_escaped(one) for one in lines)
    said = f"BT /F1 20 Tf 72 760 Td ({first}) Tj /F1 11 Tf 0 -34 Td "
    said += " ".join(f"({one}) Tj 0 -18 Td" for one in more) + " ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            " /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        f"<< /Length {len(said)} >>\nstream\n{said}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    written = "%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{one}\nendobj\n"
    start = len(written)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    written += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    written += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return written.encode("ascii")


def _png(shape: _Shape) -> bytes:
    rows = b"".join(b"\0" + b"".join(_pixel(shape, x, y) for x in range(_SIDE)) for y in range(_SIDE))
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _pixel(shape: _Shape, column: int, row: int) -> bytes:
    found = [
        colour
        for i in range(_SAMPLES)
        for j in range(_SAMPLES)
        if (colour := shape(_at(column + (i + 0.5) / _SAMPLES), _at(row + (j + 0.5) / _SAMPLES))) is not None
    ]
    if not found:
        return bytes(4)
    mixed = (sum(one[n] for one in found) // len(found) for n in range(3))
    return bytes((*mixed, 255 * len(found) // _SAMPLES**2))


def _at(place: float) -> float:
    return 2 * place / _SIDE - 1


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
