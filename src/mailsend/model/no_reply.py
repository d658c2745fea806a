"""Addresses that nobody reads, by their local part."""

from __future__ import annotations

import re
from typing import Final

from mailsend.model.address import Address

__all__ = ["is_no_reply"]

_NO_REPLY: Final = re.compile(
    r"\A(?:(?:.*[+._-])?(?:no|do[._-]?not|not)[._-]?reply\d*"
    r"|keine[._-]?antwort|nicht[._-]?antworten|mailer-daemon)(?:[+._-].*)?\Z"
)


def is_no_reply(address: Address) -> bool:
    """Whether the address says of itself that nobody reads what is sent to it."""
    return _NO_REPLY.match(address.local_part.casefold()) is not None
