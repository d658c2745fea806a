"""Mail by SMTP: opening a connection, the dialogue on it, and the pool of open ones."""

from mailsend.transport.smtp.transport import SmtpTransport

__all__ = ["SmtpTransport"]
