"""THE LINE: from what an application asks for to a finished mail, by thought alone.

``prepare`` is the only way to a Submission, for preview and for sending, so the two cannot differ.
``draft`` may touch lazy template values and runs on the caller's thread; ``seal`` takes bytes and
keys only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailsend.compose.calendar import method_fault, with_organizer, without_method
from mailsend.compose.carry import disarmed
from mailsend.compose.gate import check
from mailsend.compose.mime import Letter, compose
from mailsend.compose.sign import sign_all
from mailsend.compose.test_marks import harmless, with_test_marks
from mailsend.decide.content import (
    ContentDecision,
    ContentRefused,
    check_content,
    check_request,
    check_size,
)
from mailsend.decide.recipients import Field, RecipientsDecision, resolve_recipients
from mailsend.decide.reply_to import ReplyToDecision, resolve_reply_to
from mailsend.decide.return_path import ReturnPathDecision, choose_return_path
from mailsend.decide.route import RoutesDecision, choose_routes
from mailsend.decide.sender import SenderDecision, resolve_sender
from mailsend.decide.signing import SignaturesDecision, choose_signatures
from mailsend.errors import InvalidMessage, TemplateError
from mailsend.model.attachment import Attachment
from mailsend.model.circumstances import Circumstances, SigningKey
from mailsend.model.content import Content
from mailsend.model.decision import Decision
from mailsend.model.envelope import Envelope
from mailsend.model.message import Invitation, Message
from mailsend.model.original import Original
from mailsend.model.submission import Refusal, Submission

__all__ = ["Draft", "GateRefused", "TemplateRefused", "draft", "prepare", "seal"]


class TemplateRefused(StrEnum):
    """Why a template gave no content."""

    TEMPLATE = "template"


class GateRefused(StrEnum):
    """Why there are no finished bytes, or why they are not let out."""

    UNWRITABLE = "unwritable"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail with all its decisions, unsigned; what ``seal`` needs besides the keys."""

    message: Message
    circumstances: Circumstances
    sender: SenderDecision
    reply_to: ReplyToDecision
    recipients: RecipientsDecision
    routes: RoutesDecision
    return_path: ReturnPathDecision
    content: ContentDecision
    signatures: SignaturesDecision
    keys: tuple[SigningKey, ...]
    rendered: Content
    message_id: str
    data: bytes


def prepare(message: Message, circumstances: Circumstances) -> Submission | Refusal:
    """Give the finished mail, or the reason why there is none; equal inputs give equal bytes."""
    drafted = draft(message, circumstances)
    return drafted if isinstance(drafted, Refusal) else seal(drafted)


def draft(message: Message, circumstances: Circumstances) -> Draft | Refusal:
    """Decide, render, compose and check the bytes; everything but the signature."""
    made: list[Decision] = []

    def refused(refusal: Refusal) -> Refusal:
        return replace(refusal, decisions=tuple(made))

    made.append(sender := resolve_sender(message, circumstances))
    made.append(reply_to := resolve_reply_to(message, sender, circumstances))
    if (obstacle := check_request(message, circumstances)) is not None:
        return refused(obstacle)
    recipients = resolve_recipients(message, circumstances)
    if isinstance(recipients, Refusal):
        return refused(recipients)
    made.append(recipients)
    routes = choose_routes(message, sender, recipients.envelope_addresses, circumstances)
    if isinstance(routes, Refusal):
        return refused(routes)
    made.append(routes)
    return_path = choose_return_path(message, sender, reply_to, recipients, routes, circumstances)
    made.append(return_path)
    rendered = _render(message, sender, circumstances)
    if isinstance(rendered, Refusal):
        return refused(rendered)
    content = check_content(message, rendered, circumstances.locale, circumstances)
    if isinstance(content, Refusal):
        return refused(content)
    made.append(content)
    if (obstacle := _check_calendar(message)) is not None:
        return refused(obstacle)
    if circumstances.test_mode.enabled:
        originals = tuple(str(one) for one in recipients)
        rendered = with_test_marks(rendered, originals, circumstances.locale)
    message_id = _message_id(message, sender, circumstances)
    data = _compose(
        Letter(
            from_=sender.mailbox,
            to=recipients.to,
            cc=recipients.cc,
            reply_to=reply_to.mailboxes,
            subject=rendered.subject,
            date=_date(message, circumstances),
            message_id=message_id,
            text=rendered.text,
            html=rendered.html,
            related=rendered.related + tuple(one for one in message.attachments if one.inline),
            attachments=_attachments(message, circumstances),
            calendar=_calendar(message, sender, circumstances),
            headers=_headers(message, recipients, circumstances),
            content_language=_language(message, circumstances),
            boundary_seed=circumstances.id,
            original=_original(message, circumstances),
        )
    )
    if isinstance(data, Refusal):
        return refused(data)
    if (obstacle := check_size(len(data), circumstances)) is not None:
        return refused(obstacle)
    signatures, keys = choose_signatures(sender, routes, circumstances)
    return Draft(
        message=message,
        circumstances=circumstances,
        sender=sender,
        reply_to=reply_to,
        recipients=recipients,
        routes=routes,
        return_path=return_path,
        content=content,
        signatures=signatures,
        keys=keys,
        rendered=rendered,
        message_id=message_id,
        data=data,
    )


def seal(drafted: Draft) -> Submission:
    """Sign the bytes and freeze them; touches nothing but bytes and keys."""
    circumstances = drafted.circumstances
    fields = sign_all(drafted.data, drafted.keys, circumstances.now, leave_out=drafted.signatures.leave_out)
    data = b"".join((*fields, drafted.data))
    path = drafted.return_path.address
    envelopes = [Envelope(reverse_path=path, recipients=drafted.recipients.envelope_addresses)]
    if drafted.recipients.archive is not None:
        envelopes.append(Envelope(reverse_path=path, recipients=(drafted.recipients.archive,)))
    return Submission(
        id=circumstances.id,
        message_id=drafted.message_id,
        message=drafted.message,
        sender=drafted.sender,
        reply_to=drafted.reply_to,
        recipients=drafted.recipients,
        routes=drafted.routes,
        return_path=drafted.return_path,
        content=drafted.content,
        signatures=drafted.signatures,
        envelopes=tuple(envelopes),
        rendered=drafted.rendered,
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        rules_version=circumstances.rules.version,
        prepared=circumstances.now,
        in_test_mode=circumstances.test_mode.enabled,
        expires_at=drafted.message.expires_at,
    )


def _render(message: Message, sender: SenderDecision, circumstances: Circumstances) -> Content | Refusal:
    if message.original is not None:
        return Content(subject=message.subject or "", text=message.original.text, html=message.original.html)
    if message.template is None:
        return Content(subject=message.subject or "", text=message.text, html=message.html)
    try:
        return circumstances.renderer.render(
            message.template,
            message.values,
            locale=circumstances.locale,
            sender=str(sender.mailbox),
            now=circumstances.now,
        )
    except TemplateError as problem:
        return Refusal(
            step="template",
            reason=TemplateRefused.TEMPLATE,
            facts={
                "template": problem.template,
                "why": problem.why,
                "file": problem.file,
                "line": problem.line,
            },
            advice=problem.advice,
        )


def _compose(letter: Letter) -> bytes | Refusal:
    """Write the bytes and check them: what no mail may be never leaves this line."""
    try:
        data = compose(letter)
    except InvalidMessage as problem:
        return Refusal(
            step="bytes",
            reason=GateRefused.UNWRITABLE,
            facts={"field": problem.field, "why": problem.why},
            advice=problem.advice or "Take the characters that no mail can carry out of it.",
        )
    fault = check(data)
    if fault is None:
        return data
    return Refusal(
        step="bytes",
        reason=GateRefused.BYTES,
        facts={"fault": str(fault.code), "where": fault.where},
        advice="This should not happen: please report it with the message that caused it.",
    )


def _check_calendar(message: Message) -> Refusal | None:
    if message.calendar is None or (why := method_fault(message.calendar)) is None:
        return None
    return Refusal(
        step=ContentDecision.step,
        reason=ContentRefused.CALENDAR_METHOD,
        facts={"why": why, "method": message.calendar.method},
        advice="Give Invitation the METHOD that stands in the calendar object.",
    )


def _calendar(message: Message, sender: SenderDecision, circumstances: Circumstances) -> Invitation | None:
    """Name the organiser that answers can reach; a test copy can answer nobody (M31, M35)."""
    if message.calendar is None:
        return None
    used = sender.mailbox
    if sender.rewritten and sender.requested is not None:
        ics = with_organizer(
            message.calendar.ics, sender.requested.address, sender.requested.name, used.address
        )
    else:
        ics = with_organizer(message.calendar.ics, used.address, used.name, None)
    if circumstances.test_mode.enabled:
        return Invitation(without_method(ics), "")
    return Invitation(ics, message.calendar.method)


def _attachments(message: Message, circumstances: Circumstances) -> tuple[Attachment, ...]:
    """Give what is attached; an invitation attached to a test copy is none any more (M35)."""
    files = tuple(one for one in message.attachments if not one.inline)
    return tuple(map(harmless, files)) if circumstances.test_mode.enabled else files


def _original(message: Message, circumstances: Circumstances) -> Original | None:
    if message.original is None or not circumstances.test_mode.enabled:
        return message.original
    return disarmed(message.original)


def _message_id(message: Message, sender: SenderDecision, circumstances: Circumstances) -> str:
    original = message.original
    if original is not None and original.message_id and not circumstances.test_mode.enabled:
        return original.message_id
    return f"{circumstances.id}@{sender.mailbox.address.domain}"


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
        fields.append(("Auto-Submitted", "auto-generated"))
        fields.append(("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN"))
    if circumstances.test_mode.enabled:
        for field in Field:
            originals = recipients.originals(field)
            if originals:
                name = f"X-Mailsend-Original-{field.title()}"
                fields.append((name, ", ".join(str(one) for one in originals)))
    fields.extend(message.headers.items())
    return tuple(fields)
