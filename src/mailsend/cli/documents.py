"""The JSON documents: what programs read of a mail, a report, a refusal and an error."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes, policy
from typing import Any, Final

from mailsend.cli.exits import INTERRUPTED, Exit, exit_of
from mailsend.errors import MailsendError, MessageRefused
from mailsend.model.address import Address
from mailsend.model.decision import Decision
from mailsend.model.envelope import Envelope
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, RecipientResult, Report
from mailsend.model.submission import Refusal, Submission

__all__ = [
    "decision_document",
    "error_document",
    "interrupted_document",
    "report_document",
    "submission_document",
    "usage_document",
]

# What an error tells besides its words, where it has it.
_FIELDS: Final = (
    "field",
    "text",
    "position",
    "filename",
    "where",
    "customer",
    "template",
    "file",
    "line",
    "domain",
    "selector",
    "key",
    "extra",
    "why",
)


def error_document(problem: MailsendError) -> dict[str, Any]:
    """Give ``{"error": {…}}``: code, kind, message, advice and the error's own fields."""
    code = exit_of(problem)
    told: dict[str, Any] = {
        "code": int(code),
        "name": code.name.lower(),
        "kind": type(problem).__name__,
        "message": str(problem),
        "advice": problem.advice,
    }
    if isinstance(problem, MessageRefused):
        told |= _refused(problem.refusal)
    else:
        told |= {name: value for name in _FIELDS if (value := getattr(problem, name, None)) is not None}
    return {"error": told}


def usage_document(message: str, advice: str) -> dict[str, Any]:
    """Give ``{"error": {…}}`` for a command that was not understood."""
    return {
        "error": {
            "code": int(Exit.USAGE),
            "name": "usage",
            "kind": "UsageError",
            "message": message,
            "advice": advice,
        }
    }


def interrupted_document(advice: str = "") -> dict[str, Any]:
    """Give ``{"error": {…}}`` for a command that somebody stopped."""
    return {
        "error": {
            "code": INTERRUPTED,
            "name": "interrupted",
            "kind": "KeyboardInterrupt",
            "message": "interrupted",
            "advice": advice,
        }
    }


def decision_document(one: Decision | Refusal) -> Mapping[str, Any]:
    """Give ``{v, step, reason, value, passed_over, facts}``."""
    return one.record()


def submission_document(submission: Submission) -> dict[str, Any]:
    """Give a finished mail with every decision; times are ISO 8601 in UTC, sizes bytes."""
    hold = submission.hold
    return {
        "id": submission.id,
        "message_id": submission.message_id,
        "from": str(submission.sender.mailbox),
        "to": [str(one) for one in submission.recipients.to],
        "cc": [str(one) for one in submission.recipients.cc],
        "reply_to": [str(one) for one in submission.reply_to.mailboxes],
        "subject": submission.subject,
        "headers": header_fields(submission.data),
        "text": submission.text,
        "html": submission.html,
        "attachments": [
            {"filename": one.filename, "content_type": one.content_type, "size": len(one.data)}
            for one in submission.message.attachments
        ],
        "envelopes": [_envelope(one) for one in submission.envelopes],
        "size": len(submission.data),
        "digest": submission.digest,
        "in_test_mode": submission.in_test_mode,
        "hold": None if hold is None else {"reason": hold.reason, "why": hold.why},
        "prepared": submission.prepared.isoformat(),
        "rules_version": submission.rules_version,
        "decisions": submission.records(),
    }


def report_document(report: Report, error: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give what became of a mail; ``error``, a document too, comes first where there is one."""
    return {
        **(error or {}),
        "id": report.id,
        "message_id": report.message_id,
        "digest": report.digest,
        "complete": report.complete,
        "recipients": [_recipient(who, one) for who, one in report.recipients.items()],
        "attempts": [_attempt(one) for one in report.attempts],
        "decisions": [decision_document(one) for one in report.decisions],
    }


def header_fields(data: bytes) -> list[list[str]]:
    """Give the header fields of a mail in their order, unfolded and decoded."""
    head, _, _ = data.partition(b"\r\n\r\n")
    mail = message_from_bytes(head + b"\r\n\r\n", policy=policy.default)
    return [[name, str(value)] for name, value in mail.items()]


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {
        "step": refusal.step,
        "reason": str(refusal.reason),
        "facts": dict(refusal.facts),
        "decisions": [one.record() for one in refusal.decisions],
    }


def _envelope(one: Envelope) -> dict[str, Any]:
    return {"reverse_path": str(one.reverse_path), "recipients": [str(who) for who in one.recipients]}


def _recipient(who: Address, one: RecipientResult) -> dict[str, Any]:
    return {
        "address": str(who),
        "outcome": str(one.outcome),
        "reply": _reply(one.reply),
        "server": one.server,
        "envelope_address": None if one.envelope_address is None else str(one.envelope_address),
        "attempts": one.attempts,
        "fault": None if one.fault is None else str(one.fault),
        "reason": str(one.reason),
        "lasting": one.lasting,
        "advice": one.advice,
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "server": one.server,
        "outcome": str(one.outcome),
        "fault": None if one.fault is None else str(one.fault),
        "reply": _reply(one.reply),
        "reason": str(one.reason),
        "queue_id": one.queue_id,
        "started": None if one.started is None else one.started.isoformat(),
        "ended": None if one.ended is None else one.ended.isoformat(),
        "conversation": [str(line) for line in one.conversation],
    }


def _reply(one: Reply | None) -> dict[str, Any] | None:
    return None if one is None else {"code": one.code, "enhanced": one.enhanced, "text": one.text}
