"""What every contender sends: an order confirmation with five items, one recipient."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOMAIN = "shop.example"
SELECTOR = "s2026"
NAME = "Example Shop"
SENDER = f"orders@{DOMAIN}"
FROM = f"{NAME} <{SENDER}>"
FILENAME = "Rechnung.pdf"
TEMPLATES = Path(__file__).parents[1] / "templates"
FIRST_ORDER = 470_000
DIFFERENT = 16  # finished contents and mails, used in turn

_WARES = (
    ("Espresso beans, dark roast", "1 kg, whole beans", 2, "58.00"),
    ("Filter papers, size 4", "Pack of 100", 3, "20.70"),
    ("Glass carafe", "", 1, "48.90"),
    ("Kaffeemühle Größe M", "Burrs of steel", 1, "129.00"),
    ("Cleaning tablets", "24 pieces", 2, "17.80"),
)


@dataclass(frozen=True, slots=True)
class Finished:
    """The finished content of one mail."""

    subject: str
    text: str
    html: str


def recipient(number: int) -> str:
    """Give a mailbox of its own to each mail, so that nobody gains by remembering the last one."""
    return f"customer-{number}@example.org"


def order(number: int) -> dict[str, Any]:
    """Give the values of the template for one order."""
    lines = [
        {"name": name, "note": note, "quantity": quantity, "amount": amount}
        for name, note, quantity, amount in _WARES
    ]
    return {
        "number": f"{FIRST_ORDER + number}",
        "name": "Zoë Müller",
        "date": "4 May 2026",
        "delivery": "8 May 2026",
        "lines": lines,
        "subtotal": "274.40",
        "shipping": "8.50",
        "total": "282.90",
        "url": f"https://shop.example/orders/{FIRST_ORDER + number}?from=mail",
    }


def contents(folder: Path) -> list[Finished]:
    """Give the finished contents that the run has laid down."""
    return [Finished(**one) for one in json.loads((folder / "contents.json").read_text())]


def mails(folder: Path) -> list[bytes]:
    """Give the finished mails that the run has laid down, CRLF, unsigned."""
    return [(folder / f"mail-{number}.eml").read_bytes() for number in range(DIFFERENT)]


def document(folder: Path) -> bytes:
    """Give the attachment: 1 MiB that nobody can compress."""
    return (folder / "document.pdf").read_bytes()
