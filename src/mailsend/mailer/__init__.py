"""Assembly: the only place that joins thought and action."""

from mailsend.mailer.async_mailer import AsyncMailer
from mailsend.mailer.directory import CachedDirectory, Directory
from mailsend.mailer.sync_mailer import Mailer

__all__ = ["AsyncMailer", "CachedDirectory", "Directory", "Mailer"]
