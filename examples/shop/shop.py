"""The application: one Mailer for the whole process, and one function for each mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mailsend import Mailer, Message, Settings
from mailsend.model.report import Report

mailer = Mailer(Settings.load(Path(__file__).with_name("mailsend.toml")))


def confirmation(order: dict[str, Any], *, to: str, typed_by_user: str | None = None) -> Message:
    """Give the mail that confirms an order; what the user typed as sender is only asked for."""
    return Message(
        from_=typed_by_user,
        to=to,
        customer="ratcatcher",
        business_unit="zurich",
        template="order-confirmation",
        values={"order": order},
        tags=("order",),
        idempotency_key=f"order-{order['number']}",
    )


def confirm(order: dict[str, Any], *, to: str) -> Report:
    """Send the mail that confirms an order."""
    return mailer.send(confirmation(order, to=to))
