"""An order, as a shop would read it from its database."""

from __future__ import annotations

from datetime import date
from typing import Any

__all__ = ["ORDER"]

ORDER: dict[str, Any] = {
    "number": "4711",
    "date": date(2026, 5, 4),
    "currency": "CHF",
    "items": [
        {"name": "Trap, large", "note": "with spring", "quantity": 12, "amount": 84.00},
        {"name": "Cat", "note": "on loan", "quantity": 1, "amount": 12.00},
    ],
    "subtotal": 96.00,
    "shipping": 8.50,
    "tax": 7.85,
    "total": 104.50,
    "url": "https://shop.example/orders/4711",
}
