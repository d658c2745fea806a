"""HTTPS to an identity provider; the sole door of requests, which both libraries speak through."""

from __future__ import annotations

from typing import Any, Final

import requests

__all__ = ["Session"]

_SECONDS: Final = 20.0  # for each wait of a request


class Session(requests.Session):
    """A session that never waits for ever, and carries no secret to where a redirect leads."""

    def request(self, method: str, url: str | bytes, *args: Any, **more: Any) -> requests.Response:
        """Make one request."""
        return super().request(method, url, *args, **{**more, "timeout": _SECONDS, "allow_redirects": False})
