"""Transactional mail in your customers' names: the right sender, the right server, explained.

Nothing here is loaded before it is asked for, so that importing mailsend costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "Address",
    "AsyncMailer",
    "Attachment",
    "Attempt",
    "CachedDirectory",
    "Directory",
    "Envelope",
    "Fault",
    "Hold",
    "IdempotencyConflict",
    "InvalidAddress",
    "InvalidAttachment",
    "InvalidMessage",
    "InvalidQuery",
    "InvalidSettings",
    "Invitation",
    "Mailbox",
    "Mailer",
    "MailsendError",
    "Message",
    "MessageRefused",
    "MissingExtra",
    "NoStore",
    "NotInStore",
    "Outcome",
    "RecipientResult",
    "Refusal",
    "Reply",
    "Report",
    "Rules",
    "SenderDecision",
    "Server",
    "Settings",
    "Signer",
    "SigningError",
    "SmtpTransport",
    "StoreDirectory",
    "StoreError",
    "StoreRefused",
    "Submission",
    "SubmissionDeferred",
    "SubmissionError",
    "SubmissionRejected",
    "SubmissionUnknown",
    "TemplateError",
    "UnknownCustomer",
]

if TYPE_CHECKING:
    from mailsend.compose.sign import Signer
    from mailsend.decide.sender import SenderDecision
    from mailsend.errors import (
        IdempotencyConflict,
        InvalidAddress,
        InvalidAttachment,
        InvalidMessage,
        InvalidQuery,
        InvalidSettings,
        MailsendError,
        MessageRefused,
        MissingExtra,
        NoStore,
        NotInStore,
        SigningError,
        StoreError,
        StoreRefused,
        SubmissionDeferred,
        SubmissionError,
        SubmissionRejected,
        SubmissionUnknown,
        TemplateError,
        UnknownCustomer,
    )
    from mailsend.mailer import AsyncMailer, CachedDirectory, Directory, Mailer
    from mailsend.mailer.store_directory import StoreDirectory
    from mailsend.model.address import Address, Mailbox
    from mailsend.model.attachment import Attachment
    from mailsend.model.envelope import Envelope
    from mailsend.model.message import Invitation, Message
    from mailsend.model.reply import Reply
    from mailsend.model.report import Attempt, Fault, Outcome, RecipientResult, Report
    from mailsend.model.rules import Rules
    from mailsend.model.server import Server
    from mailsend.model.submission import Hold, Refusal, Submission
    from mailsend.settings import Settings
    from mailsend.transport import SmtpTransport
else:
    _ROOMS = {
        "compose.sign": ("Signer",),
        "decide.sender": ("SenderDecision",),
        "mailer": ("AsyncMailer", "CachedDirectory", "Directory", "Mailer"),
        "mailer.store_directory": ("StoreDirectory",),
        "model.address": ("Address", "Mailbox"),
        "model.attachment": ("Attachment",),
        "model.envelope": ("Envelope",),
        "model.message": ("Invitation", "Message"),
        "model.reply": ("Reply",),
        "model.report": ("Attempt", "Fault", "Outcome", "RecipientResult", "Report"),
        "model.rules": ("Rules",),
        "model.server": ("Server",),
        "model.submission": ("Hold", "Refusal", "Submission"),
        "settings": ("Settings",),
        "transport": ("SmtpTransport",),
    }
    _ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name not in __all__:
            raise AttributeError(f"module 'mailsend' has no attribute {name!r}")
        found = getattr(import_module(f"mailsend.{_ROOM_OF.get(name, 'errors')}"), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted((*globals(), *__all__))
