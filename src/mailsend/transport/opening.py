"""From a server to the transport that reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsend.model.server import Server, ServerKind
from mailsend.transport.base import Transport

if TYPE_CHECKING:
    from mailsend.transport.log_ins import SharedLogIns

__all__ = ["open_transport"]


def open_transport(server: Server, *, log_ins: SharedLogIns | None = None) -> Transport:
    """Give the transport for ``server``, by its kind; nothing is connected before the first mail.

    ``log_ins`` are what other processes know of log-ins that were refused.
    """
    match server.kind:
        case ServerKind.SMTP:
            from mailsend.transport.smtp import SmtpTransport

            return SmtpTransport(server, log_ins=log_ins)
        case ServerKind.FILE:
            from mailsend.transport.file import FileTransport

            return FileTransport(server.folder, name=server.name)
        case ServerKind.CONSOLE:
            from mailsend.transport.console import ConsoleTransport

            return ConsoleTransport(name=server.name)
        case ServerKind.MEMORY:
            from mailsend.transport.capture import CaptureTransport

            return CaptureTransport(server.name)
