"""Mails read back from their rows: in lists, or whole."""

from __future__ import annotations

from mailsend.store.reading.mails import LISTED, mail_with, mails_with, read_mail

__all__ = ["LISTED", "mail_with", "mails_with", "read_mail"]
