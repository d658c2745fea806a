"""The server's own name for a mail, read from the reply that accepted it."""

from __future__ import annotations

import re
from typing import Final

from mailsend.model.reply import Reply

__all__ = ["queue_id_in"]

# A word of each form, and the form: looking for the word alone is ten times as fast.
_FORMS: Final = tuple(
    (word, re.compile(form, re.IGNORECASE))
    for word, form in (
        ("queued as ", r"\bqueued as ([^\s,;)\]]+)"),  # Postfix, aiosmtpd, OpenSMTPD
        ("id=", r"\bid=([^\s,;)\]]+)"),  # Exim
        ("internalid=", r"\bInternalId=(\d+)"),  # Exchange
        ("qp ", r"\bqp (\d+)"),  # qmail
        (" message accepted", r"\A(\S+) message accepted"),  # Sendmail
        ("ok", r"\Aok:?\s+([0-9a-z][0-9a-z-]{7,})"),  # Amazon SES, Gmail
    )
)


def queue_id_in(reply: Reply) -> str | None:
    """Give the queue id in a 250 reply to the final dot; ``None`` where no known form is found."""
    text = reply.text
    words = text.casefold()
    for word, form in _FORMS:
        if word in words and (found := form.search(text)):
            return found[1]
    return None
