"""Which header fields a caller may set, and what they may hold (M27)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["HeaderFault", "HeaderRefused", "header_fault", "steers_relays"]


class HeaderRefused(StrEnum):
    """Why a header field may not be set by a caller."""

    HEADER_NAME = "header_name"
    HEADER_RESERVED = "header_reserved"
    HEADER_UNKNOWN = "header_unknown"
    HEADER_CONTROL_CHARACTERS = "header_control_characters"
    HEADER_SYNTAX = "header_syntax"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFault:
    """What is wrong with a header field: its name, why, and what to use instead."""

    name: str
    reason: HeaderRefused
    instead: str = ""


_NAME = re.compile(r"\A[!-9;-~]{1,76}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff\u2028\u2029]")
_MSG_ID = r"<[^\s<>@]+@[^\s<>@]+>"
_URI = r"<[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-~]+>"

_INSTEAD: Mapping[str, str] = {
    "from": "from_",
    "sender": "from_ (Sender is not written)",
    "reply-to": "reply_to",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "subject": "subject",
    "date": "send_at",
    "message-id": "nothing: mailsend makes it, and the report tells it",
    "mime-version": "nothing: mailsend writes it",
    "return-path": "bounce_to",
    "errors-to": "bounce_to",
    "received": "nothing: servers write it",
    "delivered-to": "nothing: servers write it",
    "dkim-signature": "dkim_keys in the settings",
    "authentication-results": "nothing: receivers write it",
    "auto-submitted": "auto_submitted",
    "x-auto-response-suppress": "auto_submitted",
    "disposition-notification-to": "nothing: transactional mail asks for no receipts",
    "return-receipt-to": "nothing: transactional mail asks for no receipts",
}
_INSTEAD_BY_PREFIX: Mapping[str, str] = {
    "content-": "text, html, attachments, locale",
    "resent-": "a new Message",
    "arc-": "nothing: relays write it",
    "list-unsubscribe": "nothing: transactional mail cannot be unsubscribed from",
    "x-mailsend-": "metadata",
}
_ALLOWED: Mapping[str, re.Pattern[str]] = {
    "references": re.compile(rf"\A{_MSG_ID}(?:\s+{_MSG_ID})*\Z"),
    "in-reply-to": re.compile(rf"\A{_MSG_ID}(?:\s+{_MSG_ID})*\Z"),
    "importance": re.compile(r"\A(?:low|normal|high)\Z", re.IGNORECASE),
    "x-priority": re.compile(r"\A[1-5](?: \([A-Za-z ]+\))?\Z"),
    "feedback-id": re.compile(r"\A[!-~]{1,200}\Z"),
    "list-id": re.compile(r"\A(?:[^<>]*\s)?<[A-Za-z0-9._-]+>\Z"),
    "list-help": re.compile(rf"\A{_URI}(?:,\s*{_URI})*\Z"),
    "list-post": re.compile(rf"\A(?:NO|{_URI}(?:,\s*{_URI})*)\Z"),
    "list-owner": re.compile(rf"\A{_URI}(?:,\s*{_URI})*\Z"),
    "list-archive": re.compile(rf"\A{_URI}(?:,\s*{_URI})*\Z"),
    "comments": re.compile(r"\A.*\Z"),
    "keywords": re.compile(r"\A.*\Z"),
    "organization": re.compile(r"\A.*\Z"),
}
_ALLOWED_PREFIXES = ("x-", "thread-")
# By the documentation of SendGrid, Mandrill, SparkPost, Mailgun, Mailjet, Postmark, Amazon SES and
# Brevo, and by the custom of mail programs that ask for receipts; as of 2026-11.
_STEERING = (
    "x-smtpapi",
    "x-mc-",
    "x-msys-api",
    "x-mailgun-",
    "x-mj-",
    "x-pm-",
    "x-ses-",
    "x-sib-",
    "x-confirm-reading-to",
)


def steers_relays(name: str) -> bool:
    """Whether some relay takes orders from a field: more recipients, receipts, another time (M35)."""
    return name.lower().startswith(_STEERING)


def header_fault(name: str, value: str) -> HeaderFault | None:
    """Give what is wrong with a header field that a caller sets, or None."""
    lowered = name.lower()
    if not _NAME.match(name):
        return HeaderFault(name=name, reason=HeaderRefused.HEADER_NAME)
    instead = _INSTEAD.get(lowered) or next(
        (use for start, use in _INSTEAD_BY_PREFIX.items() if lowered.startswith(start)), ""
    )
    if instead:
        return HeaderFault(name=name, reason=HeaderRefused.HEADER_RESERVED, instead=instead)
    syntax = _ALLOWED.get(lowered)
    if syntax is None and not lowered.startswith(_ALLOWED_PREFIXES):
        return HeaderFault(name=name, reason=HeaderRefused.HEADER_UNKNOWN)
    if _CONTROL.search(value):
        return HeaderFault(name=name, reason=HeaderRefused.HEADER_CONTROL_CHARACTERS)
    if not value.strip() or (syntax is not None and not syntax.match(value)):
        return HeaderFault(name=name, reason=HeaderRefused.HEADER_SYNTAX)
    return None
