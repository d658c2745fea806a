"""HTTPS to an identity provider; the sole door of requests, which both libraries speak through."""

from __future__ import annotations

from typing import Any, Final

import requests

from mailsend.transport.clock import steady_seconds

__all__ = ["Session"]

_SECONDS: Final = 20.0  # for each wait of a request, and for the whole of an answer's body
_LARGEST: Final = 1_000_000  # octets of a body; the longest tokens have some ten thousand
_PIECE: Final = 64  # octets as they come: few, since time is looked at between two pieces


class Session(requests.Session):
    """A session that never waits for ever nor reads for ever, and carries no secret to where a redirect leads."""

    def request(self, method: str, url: str | bytes, *args: Any, **more: Any) -> requests.Response:
        """Make one request; raises RequestException, also for a body that is too long or comes too slowly."""
        safely = {"timeout": _SECONDS, "allow_redirects": False, "stream": True}
        response = super().request(method, url, *args, **{**more, **safely})
        with response:
            response._content = _read(response)  # noqa: SLF001  requests has no other way to hand it on
        return response


def _read(response: requests.Response) -> bytes:
    ends = steady_seconds() + _SECONDS
    pieces, size = [], 0
    for piece in response.iter_content(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST:
            raise requests.RequestException("the answer is too long")
        if steady_seconds() > ends:
            raise requests.Timeout("the answer comes too slowly")
    return b"".join(pieces)
