"""From decisions to a Letter: everything that the writer of bytes is told."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from mailsend.compose.calendar import with_organizer, without_method
from mailsend.compose.carry import disarmed
from mailsend.compose.letter import Letter
from mailsend.compose.test_marks import harmless
from mailsend.decide.recipients import Field, RecipientsDecision
from mailsend.decide.reply_to import ReplyToDecision
from mailsend.decide.sender import SenderDecision
from mailsend.model.attachment import Attachment
from mailsend.model.circumstances import Circumstances
from mailsend.model.content import Content
from mailsend.model.header_rules import steers_relays
from mailsend.model.kind import Kind
from mailsend.model.message import Invitation, Message
from mailsend.model.original import Original

__all__ = ["letter_of"]

_Files: TypeAlias = tuple[Attachment, ...]


def letter_of(
    message: Message,
    sender: SenderDecision,
    reply_to: ReplyToDecision,
    recipients: RecipientsDecision,
    rendered: Content,
    circumstances: Circumstances,
) -> Letter:
    """Give the letter that these decisions amount to."""
    related, attachments = _files(message, rendered, circumstances)
    return Letter(
        from_=sender.mailbox,
        to=recipients.to,
        cc=recipients.cc,
        reply_to=reply_to.mailboxes,
        subject=rendered.subject,
        date=_date(message, circumstances),
        message_id=_message_id(message, sender, circumstances),
        text=rendered.text,
        html=rendered.html,
        related=related,
        attachments=attachments,
        calendar=None if message.calendar is None else _calendar(message.calendar, sender, circumstances),
        headers=_headers(message, recipients, circumstances),
        content_language=_language(message, circumstances),
        boundary_seed=circumstances.id,
        original=None if message.original is None else _original(message.original, circumstances),
    )


def _calendar(given: Invitation, sender: SenderDecision, circumstances: Circumstances) -> Invitation:
    """Name the organiser that answers can reach; a test copy can answer nobody (M31, M35)."""
    used = sender.mailbox
    ics = given.ics
    if given.is_answer:
        pass
    elif sender.replaced is not None:
        ics = with_organizer(ics, sender.replaced.address, sender.replaced.name, used.address)
    else:
        ics = with_organizer(ics, used.address, used.name, None)
    if circumstances.test_mode.enabled:
        return Invitation(without_method(ics), "")
    return Invitation(ics, given.method)


def _files(message: Message, rendered: Content, circumstances: Circumstances) -> tuple[_Files, _Files]:
    """Give what is shown and what goes along; no invitation goes with a test copy (M35)."""
    related, attachments = rendered.related, message.attachments
    if attachments:
        related += tuple([one for one in attachments if one.inline])
        attachments = tuple([one for one in attachments if not one.inline])
    if circumstances.test_mode.enabled:
        return tuple(map(harmless, related)), tuple(map(harmless, attachments))
    return related, attachments


def _original(given: Original, circumstances: Circumstances) -> Original:
    return disarmed(given) if circumstances.test_mode.enabled else given


def _message_id(message: Message, sender: SenderDecision, circumstances: Circumstances) -> str:
    original = message.original
    if original is not None and original.message_id and not circumstances.test_mode.enabled:
        return original.message_id
    return f"{circumstances.id}@{sender.mailbox.address.domain.ascii}"


def _language(message: Message, circumstances: Circumstances) -> str | None:
    """Give the language of the content where anybody has said it."""
    known = message.template or message.locale or circumstances.scope.first("locale")
    return circumstances.locale if known else None


def _date(message: Message, circumstances: Circumstances) -> datetime:
    original = message.original
    return message.send_at or (original.date if original else None) or circumstances.now


def _headers(
    message: Message, recipients: RecipientsDecision, circumstances: Circumstances
) -> tuple[tuple[str, str], ...]:
    fields = [("X-Mailsend-Id", circumstances.id)]
    automatic = message.actor is None if message.auto_submitted is None else message.auto_submitted
    if automatic:
        # A notice answers a mail (RFC 3834, section 5).
        answers = message.kind == Kind.STATUS
        fields.append(("Auto-Submitted", "auto-replied" if answers else "auto-generated"))
        fields.append(("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN"))
    if circumstances.test_mode.enabled:
        for field in Field:
            originals = recipients.originals(field)
            if originals:
                name = f"X-Mailsend-Original-{field.title()}"
                fields.append((name, ", ".join(str(one) for one in originals)))
    for name, value in message.headers.items():
        if circumstances.test_mode.enabled and steers_relays(name):
            fields.append(("X-Mailsend-Left-Out", name))
        else:
            fields.append((name, value))
    return tuple(fields)
