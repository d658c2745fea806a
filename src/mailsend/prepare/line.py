"""THE LINE: from what an application asks for to a finished mail, by thought alone.

``prepare`` is the only way to a Submission, for preview and for sending, so the two cannot differ.
``draft`` may touch lazy template values and runs on the caller's thread; ``seal`` takes bytes and
keys only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from mailsend.compose.addressed import letter_of
from mailsend.compose.calendar import method_fault
from mailsend.compose.gate import check
from mailsend.compose.mime import Letter, written
from mailsend.compose.sign import sign_all
from mailsend.compose.test_marks import with_test_marks
from mailsend.decide.content import (
    ContentDecision,
    ContentRefused,
    check_content,
    check_size,
)
from mailsend.decide.recipients import RecipientsDecision
from mailsend.decide.sender import SenderDecision
from mailsend.errors import InvalidMessage, TemplateError
from mailsend.model.circumstances import Circumstances, SigningKey
from mailsend.model.content import Content
from mailsend.model.frozen import by_slots
from mailsend.model.message import Invitation, Message
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare.addressing import address
from mailsend.prepare.envelopes import envelopes_of
from mailsend.prepare.renewal import renewed
from mailsend.prepare.settled import Settled

__all__ = ["Draft", "GateRefused", "TemplateRefused", "draft", "prepare", "renew", "seal"]


class TemplateRefused(StrEnum):
    """Why a template gave no content."""

    TEMPLATE = "template"
    MISSING_VALUE = "missing_value"


class GateRefused(StrEnum):
    """Why there are no finished bytes, or why they are not let out."""

    UNWRITABLE = "unwritable"
    BYTES = "bytes"


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail with all its decisions, unsigned; what ``seal`` needs besides the keys.

    Joined, ``pieces`` are its bytes; a large attachment is a piece that other mails may share.
    """

    message: Message
    circumstances: Circumstances
    settled: Settled
    recipients: RecipientsDecision
    content: ContentDecision
    rendered: Content
    message_id: str
    pieces: tuple[bytes, ...]
    unmarked: Content | None = None

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """The keys that are to sign it."""
        return self.settled.keys


def prepare(message: Message, circumstances: Circumstances) -> Submission | Refusal:
    """Give the finished mail, or the reason why there is none; equal inputs give equal bytes."""
    drafted = draft(message, circumstances)
    return drafted if isinstance(drafted, Refusal) else seal(drafted)


def draft(message: Message, circumstances: Circumstances) -> Draft | Refusal:
    """Decide, render, compose and check the bytes; everything but the signature."""
    addressed = address(message, circumstances, recipients_needed=True)
    if isinstance(addressed, Refusal):
        return addressed
    settled = addressed.settled
    rendered = _render(message, settled.sender, circumstances)
    if isinstance(rendered, Refusal):
        return replace(rendered, decisions=addressed.decisions)
    replaced = settled.sender.replaced
    content = check_content(message, rendered, circumstances.locale, circumstances, replaced=replaced)
    if isinstance(content, Refusal):
        return replace(content, decisions=addressed.decisions)
    if message.calendar is not None and (obstacle := _check_calendar(message.calendar)) is not None:
        return replace(obstacle, decisions=(*addressed.decisions, content))
    unmarked = None
    if circumstances.test_mode.enabled:
        unmarked = rendered
        originals = tuple(str(one) for one in addressed.recipients)
        rendered = with_test_marks(rendered, originals, circumstances.locale)
    letter = letter_of(
        message, settled.sender, settled.reply_to, addressed.recipients, rendered, circumstances
    )
    pieces = _write(letter)
    if isinstance(pieces, Refusal):
        return replace(pieces, decisions=(*addressed.decisions, content))
    if (obstacle := check_size(sum(map(len, pieces)), circumstances)) is not None:
        return replace(obstacle, decisions=(*addressed.decisions, content))
    return Draft(
        message=message,
        circumstances=circumstances,
        settled=settled,
        recipients=addressed.recipients,
        content=content,
        rendered=rendered,
        message_id=letter.message_id,
        pieces=pieces,
        unmarked=unmarked,
    )


def seal(drafted: Draft) -> Submission:
    """Sign the bytes and freeze them; touches nothing but bytes and keys."""
    circumstances, settled = drafted.circumstances, drafted.settled
    head, *more = drafted.pieces
    leave_out = settled.signatures.leave_out
    fields = sign_all(head, settled.keys, circumstances.now, leave_out=leave_out, more=more)
    data = b"".join((*fields, head, *more))
    return Submission(
        id=circumstances.id,
        message_id=drafted.message_id,
        message=drafted.message,
        sender=settled.sender,
        reply_to=settled.reply_to,
        recipients=drafted.recipients,
        routes=settled.routes,
        return_path=settled.return_path,
        content=drafted.content,
        signatures=settled.signatures,
        envelopes=envelopes_of(drafted.recipients, settled.return_path, circumstances),
        rendered=drafted.rendered,
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        rules_version=circumstances.rules.version,
        prepared=circumstances.now,
        in_test_mode=circumstances.test_mode.enabled,
        expires_at=drafted.message.expires_at,
        unmarked=drafted.unmarked,
    )


def renew(submission: Submission, circumstances: Circumstances) -> Submission:
    """Make Date and the signatures anew, with today's keys, and change nothing else (M34).

    The Date of a finished mail that was carried over stays.
    """
    original = submission.message.original
    made = renewed(
        submission.data,
        signatures=len(submission.signatures.signatures),
        date_stays=original is not None and original.date is not None,
        sender=submission.sender,
        routes=submission.routes,
        circumstances=circumstances,
    )
    return replace(
        submission,
        signatures=made.signatures,
        data=made.data,
        digest=made.digest,
        prepared=circumstances.now,
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
            reason=(TemplateRefused.MISSING_VALUE if problem.value_missing else TemplateRefused.TEMPLATE),
            facts={
                "template": problem.template,
                "why": problem.why,
                "file": problem.file,
                "line": problem.line,
                "place": _place(problem),
            },
            advice=problem.advice,
        )


def _place(problem: TemplateError) -> str:
    """Give where in a template the fault lies, as its words show it."""
    if not problem.file:
        return ""
    return f" ({problem.file}{f', line {problem.line}' if problem.line else ''})"


def _write(letter: Letter) -> tuple[bytes, ...] | Refusal:
    """Write the bytes and check them: what no mail may be never leaves this line."""
    try:
        pieces = written(letter)
    except InvalidMessage as problem:
        return Refusal(
            step="bytes",
            reason=GateRefused.UNWRITABLE,
            facts={"field": problem.field, "why": problem.why},
            advice=problem.advice or "Take the characters that no mail can carry out of it.",
        )
    fault = check(*pieces)
    if fault is None:
        return pieces
    return Refusal(
        step="bytes",
        reason=GateRefused.BYTES,
        facts={"fault": str(fault.code), "where": fault.where},
        advice="This should not happen: please report it with the message that caused it.",
    )


def _check_calendar(invitation: Invitation) -> Refusal | None:
    if (why := method_fault(invitation)) is None:
        return None
    return Refusal(
        step=ContentDecision.step,
        reason=ContentRefused.CALENDAR_METHOD,
        facts={"why": why, "method": invitation.method},
        advice="Give Invitation the METHOD that stands in the calendar object.",
    )
