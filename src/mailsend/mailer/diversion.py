"""Diverting every Mailer of the process, for the length of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailsend.model.report import Report
    from mailsend.model.server import Server
    from mailsend.model.submission import Submission
    from mailsend.transport.base import Transport

__all__ = ["Diversion", "current", "divert", "restore", "tell_queued"]


class Diversion:
    """Where mail goes instead of to its servers: a transport, and someone who is told of each mail."""

    def __init__(self, transport: Transport, tell: Callable[[Any, Report], object]) -> None:
        self._transport = transport
        self.tell = tell

    def transport_for(self, server: Server) -> Transport:
        """Give the same transport for every server."""
        return self._transport


# Each step on it is one operation of a list, which no thread and no fork sees half done.
_stack: list[Diversion] = []


def current() -> Diversion | None:
    """Give the diversion in force, if there is one."""
    last = _stack[-1:]
    return last[0] if last else None


def tell_queued(submission: Submission) -> str:
    """Tell the diversion in force of a mail that would have been queued; give its id."""
    from mailsend.model.report import Report

    diverted = current()
    assert diverted is not None  # whoever calls has looked
    diverted.tell(submission, Report(id=submission.id, message_id=submission.message_id, queued=True))
    return submission.id


def divert(diversion: Diversion) -> None:
    """Divert all mail of this process until ``restore``; diversions may be nested."""
    _stack.append(diversion)


def restore(diversion: Diversion) -> None:
    """End a diversion."""
    _stack.remove(diversion)
