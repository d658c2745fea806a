"""What tests put into stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server

KEYS = (Secret("the-first-of-the-secret-keys"),)
NOW = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BY_ANN: dict[str, Any] = {"by": "ann", "now": NOW}


def a_server(
    host: str = "mail.rat.example", user: str = "ann@rat.example", password: str = "hunter2", **more: Any
) -> Server:
    """Give a customer's server, with an account where there is a user."""
    credentials = Credentials(user=user, password=Secret(password)) if user else None
    return Server(**{"host": host, "port": 587, "credentials": credentials, "guarded": True, **more})
