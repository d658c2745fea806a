"""A mail as rows: what the queue and the log know of it, its content, and what was asked for."""

from mailsend.store.mails.asked import read_asked, template_of, write_asked
from mailsend.store.mails.attempts import attempt_rows
from mailsend.store.mails.contents import Contents, content_row, data_in, message_in
from mailsend.store.mails.forgetting import forget_sensitive
from mailsend.store.mails.frozen import Cut, cut, joined
from mailsend.store.mails.rows import message_row, rank, recipient_rows

__all__ = [
    "Contents",
    "Cut",
    "attempt_rows",
    "content_row",
    "cut",
    "data_in",
    "forget_sensitive",
    "joined",
    "message_in",
    "message_row",
    "rank",
    "read_asked",
    "recipient_rows",
    "template_of",
    "write_asked",
]
