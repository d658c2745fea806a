"""Where mail comes back to: reading mailboxes, changing nothing in them."""

from mailsend.bounces.mailbox import ArrivedMail, Maildir

__all__ = ["ArrivedMail", "Maildir"]
