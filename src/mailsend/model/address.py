"""Addresses, under one name: domains, addr-specs, mailboxes and what callers write for them."""

from __future__ import annotations

from mailsend.model.by_address import ByAddress
from mailsend.model.domain import Domain, DomainPattern
from mailsend.model.mailbox import Address, Mailbox
from mailsend.model.mailbox_input import read_mailbox, read_mailboxes, read_sender

__all__ = [
    "Address",
    "ByAddress",
    "Domain",
    "DomainPattern",
    "Mailbox",
    "read_mailbox",
    "read_mailboxes",
    "read_sender",
]
