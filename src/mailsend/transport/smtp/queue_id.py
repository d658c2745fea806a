"""The server's own name for a mail, read from the reply that accepted it."""

from __future__ import annotations

import re
from typing import Final

from mailsend.model.reply import Reply

__all__ = ["queue_id_in"]

_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\bqueued as ([^\s,;)\]]+)",  # Postfix, aiosmtpd, OpenSMTPD
        r"\bid=([^\s,;)\]]+)",  # Exim
        r"\bInternalId=(\d+)",  # Exchange
        r"\bqp (\d+)",  # qmail
        r"\A(\S+) message accepted",  # Sendmail
        r"\Aok:?\s+([0-9a-z][0-9a-z-]{7,})",  # Amazon SES, Gmail
    )
)


def queue_id_in(reply: Reply) -> str | None:
    """Give the queue id in a 250 reply to the final dot; ``None`` where no known form is found."""
    for form in _FORMS:
        found = form.search(reply.text)
        if found:
            return found[1]
    return None
