"""How finished bytes leave: SMTP, a folder, the console, or memory."""

from mailsend.transport.base import NO_OPTIONS, SubmitOptions, Transport
from mailsend.transport.capture import Captured, CaptureTransport
from mailsend.transport.console import ConsoleTransport
from mailsend.transport.file import FileTransport
from mailsend.transport.opening import open_transport
from mailsend.transport.smtp import SmtpTransport

__all__ = [
    "NO_OPTIONS",
    "CaptureTransport",
    "Captured",
    "ConsoleTransport",
    "FileTransport",
    "SmtpTransport",
    "SubmitOptions",
    "Transport",
    "open_transport",
]
