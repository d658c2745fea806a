"""How long each step may take (M20; RFC 5321, section 4.5.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.verdict import Step
from mailsend.model.server import Server

__all__ = ["seconds_for", "seconds_for_quit"]

_QUIT: Final = 5.0  # the mail is gone; waiting longer is no courtesy

_SECONDS: Final[Mapping[Step, float]] = MappingProxyType(
    {
        Step.CONNECT: 30.0,
        Step.GREETING: 300.0,
        Step.EHLO: 300.0,
        Step.STARTTLS: 300.0,
        Step.AUTH: 300.0,
        Step.MAIL: 300.0,
        Step.RCPT: 300.0,
        Step.DATA: 120.0,
        Step.CONTENT: 180.0,
    }
)


def seconds_for(step: Step, server: Server) -> float:
    """Give the limit of ``step``: ``timeout`` shortens all but the final dot, ``dot_timeout`` is that."""
    if step is Step.DOT:
        return server.dot_timeout
    return _SECONDS[step] if server.timeout is None else min(_SECONDS[step], server.timeout)


def seconds_for_quit(server: Server) -> float:
    """Give the limit of QUIT."""
    return _QUIT if server.timeout is None else min(_QUIT, server.timeout)
