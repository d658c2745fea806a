"""From a server to the transport that reaches it."""

from __future__ import annotations

from mailsend.model.server import Server, ServerKind
from mailsend.transport.base import Transport

__all__ = ["open_transport"]


def open_transport(server: Server) -> Transport:
    """Give the transport for ``server``, by its kind; nothing is connected before the first mail."""
    match server.kind:
        case ServerKind.SMTP:
            from mailsend.transport.smtp import SmtpTransport

            return SmtpTransport(server)
        case ServerKind.FILE:
            from mailsend.transport.file import FileTransport

            return FileTransport(server.folder, name=server.name)
        case ServerKind.CONSOLE:
            from mailsend.transport.console import ConsoleTransport

            return ConsoleTransport(name=server.name)
        case ServerKind.MEMORY:
            from mailsend.transport.capture import CaptureTransport

            return CaptureTransport(server.name)
