"""Exit codes, as ``sysexits.h`` has them, for every way a command can end."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from mailsend.decide.verdict import Reason
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
    SubmissionError,
    TemplateError,
)
from mailsend.model.reply import Severity
from mailsend.model.report import Fault, Outcome, RecipientResult, Report
from mailsend.model.submission import Refusal

__all__ = ["INTERRUPTED", "CommandFailed", "Exit", "exit_of", "exit_of_refusal", "exit_of_report"]

INTERRUPTED: Final = 130  # as shells say it: 128 and the number of SIGINT


class Exit(IntEnum):
    """The codes that a command can exit with; their names are the words that ``--json`` uses."""

    OK = 0
    USAGE = 64
    DATA = 65
    NO_INPUT = 66
    NO_USER = 67
    NO_HOST = 68
    UNAVAILABLE = 69
    INTERNAL = 70
    CANNOT_CREATE = 73
    TEMPORARY = 75
    NOT_PERMITTED = 77
    CONFIGURATION = 78


class CommandFailed(MailsendError):
    """A command could not do what it was asked; ``exit`` is the code that it ends with."""

    def __init__(self, exit: Exit, what: str, *, advice: str = "") -> None:
        super().__init__(what, advice=advice)
        self.exit = exit


# By step and reason; a step alone stands for its other reasons.
_REFUSED: Final[Mapping[str, Exit]] = {
    "address": Exit.DATA,
    "rules": Exit.CONFIGURATION,
    "rules.business_unit_alone": Exit.USAGE,
    "recipients": Exit.NOT_PERMITTED,
    "recipients.no_recipients": Exit.DATA,
    "routes": Exit.CONFIGURATION,
    "template": Exit.CONFIGURATION,
    "template.missing_value": Exit.DATA,
    "content": Exit.NOT_PERMITTED,
    "content.calendar_method": Exit.DATA,
    "content.expired": Exit.DATA,
    "content.header_control_characters": Exit.DATA,
    "content.header_name": Exit.DATA,
    "content.header_syntax": Exit.DATA,
    "content.loop": Exit.DATA,
    "content.never_due": Exit.DATA,
    "content.no_content": Exit.DATA,
    "content.not_text": Exit.DATA,
    "content.subject_control_characters": Exit.DATA,
    "content.two_sources": Exit.DATA,
    "bytes": Exit.INTERNAL,
    "bytes.unwritable": Exit.DATA,
}

_RAISED: Final[tuple[tuple[type[Exception], Exit], ...]] = (
    (InvalidSettings, Exit.CONFIGURATION),
    (TemplateError, Exit.CONFIGURATION),
    (SigningError, Exit.CONFIGURATION),
    (InvalidAddress, Exit.DATA),
    (InvalidQuery, Exit.USAGE),
    (InvalidAttachment, Exit.NO_INPUT),
    (InvalidMessage, Exit.DATA),
    (IdempotencyConflict, Exit.DATA),
    (MissingExtra, Exit.UNAVAILABLE),
    (NoStore, Exit.CONFIGURATION),
    (NotInStore, Exit.DATA),
    (StoreRefused, Exit.NOT_PERMITTED),
    (StoreError, Exit.UNAVAILABLE),
)

_OPEN: Final = (Outcome.DEFERRED, Outcome.HELD, Outcome.PENDING)


def exit_of(problem: Exception) -> Exit:
    """Give the code for what was raised; INTERNAL for what should not have been."""
    match problem:
        case CommandFailed():
            return problem.exit
        case MessageRefused():
            return exit_of_refusal(problem.refusal)
        case SubmissionError():
            return exit_of_report(problem.report)
        case TemplateError() if problem.value_missing:
            return Exit.DATA
    return next((code for kind, code in _RAISED if isinstance(problem, kind)), Exit.INTERNAL)


def exit_of_refusal(refusal: Refusal) -> Exit:
    """Give the code for a message that may not go out; what the application's own code says is policy."""
    exact = f"{refusal.step}.{refusal.reason}"
    return _REFUSED.get(exact, _REFUSED.get(refusal.step, Exit.NOT_PERMITTED))


def exit_of_report(report: Report) -> Exit:
    """Give the code for what became of a mail; 0 only where every recipient was accepted.

    Of several outcomes the one that asks most of people counts: unknown, then what may still be
    accepted, then what was refused. TEMPORARY invites to run the command again, so it is given only
    where nobody could get the mail twice.
    """
    if report.refusal is not None:
        return exit_of_refusal(report.refusal)
    if report.error is not None:
        return exit_of(report.error)
    if report.complete:
        return Exit.OK
    missing = [one for one in report.recipients.values() if one.outcome is not Outcome.ACCEPTED]
    if any(one.outcome is Outcome.UNKNOWN for one in missing):
        return Exit.UNAVAILABLE
    waiting = [one for one in missing if one.outcome in _OPEN]
    if waiting:
        codes = {_exit_of_waiting(one) for one in waiting}
        code = codes.pop() if len(codes) == 1 else Exit.TEMPORARY
        return Exit.UNAVAILABLE if code is Exit.TEMPORARY and report.accepted else code
    codes = {_exit_of_refused(one) for one in missing}
    return codes.pop() if len(codes) == 1 else Exit.NOT_PERMITTED


def _exit_of_waiting(one: RecipientResult) -> Exit:
    if one.reason == Reason.NAME_MISSING:
        return Exit.NO_HOST
    if one.reason == Reason.NOT_CONNECTED:
        return Exit.UNAVAILABLE
    if one.reply is not None and one.reply.severity is Severity.PERMANENT:
        return Exit.NOT_PERMITTED
    return Exit.TEMPORARY


def _exit_of_refused(one: RecipientResult) -> Exit:
    if one.fault is Fault.MESSAGE:
        return Exit.DATA
    if one.fault is Fault.RECIPIENT and one.reason != Reason.RECIPIENT_POLICY:
        return Exit.NO_USER
    return Exit.NOT_PERMITTED
