"""Exit codes: each way to end has one, and it is sysexits'."""

from __future__ import annotations

import os
from enum import StrEnum

import pytest

from mailsend import errors
from mailsend.cli.exits import CommandFailed, Exit, exit_of, exit_of_refusal, exit_of_report
from mailsend.decide.content import ContentRefused
from mailsend.decide.recipients import RecipientsRefused
from mailsend.decide.route import RoutesRefused
from mailsend.decide.verdict import Reason, conclude
from mailsend.mailer.gather import RulesRefused
from mailsend.model.address import Address, ByAddress
from mailsend.model.header_rules import HeaderRefused
from mailsend.model.message import AddressReason
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome, RecipientResult, Report
from mailsend.model.submission import Refusal
from mailsend.prepare import GateRefused, TemplateRefused

SYSEXITS = {
    Exit.USAGE: os.EX_USAGE,
    Exit.DATA: os.EX_DATAERR,
    Exit.NO_INPUT: os.EX_NOINPUT,
    Exit.NO_USER: os.EX_NOUSER,
    Exit.NO_HOST: os.EX_NOHOST,
    Exit.UNAVAILABLE: os.EX_UNAVAILABLE,
    Exit.INTERNAL: os.EX_SOFTWARE,
    Exit.CANNOT_CREATE: os.EX_CANTCREAT,
    Exit.TEMPORARY: os.EX_TEMPFAIL,
    Exit.NOT_PERMITTED: os.EX_NOPERM,
    Exit.CONFIGURATION: os.EX_CONFIG,
}

REFUSED = {
    ("address", AddressReason.INVALID): 65,
    ("address", AddressReason.INVALID_FIELD): 65,
    ("rules", RulesRefused.UNKNOWN_CUSTOMER): 78,
    ("rules", RulesRefused.UNKNOWN_BUSINESS_UNIT): 78,
    ("rules", RulesRefused.INVALID): 78,
    ("rules", RulesRefused.BUSINESS_UNIT_ALONE): 64,
    ("recipients", RecipientsRefused.NO_RECIPIENTS): 65,
    ("recipients", RecipientsRefused.NOBODY_LEFT): 77,
    ("recipients", RecipientsRefused.BOUNCE_MAILBOX): 77,
    ("routes", RoutesRefused.NO_ROUTE): 78,
    ("template", TemplateRefused.TEMPLATE): 78,
    ("template", TemplateRefused.MISSING_VALUE): 65,
    ("content", ContentRefused.KIND): 77,
    ("content", ContentRefused.TOO_MANY_VISIBLE): 77,
    ("content", ContentRefused.BLOCKED_EXTENSION): 77,
    ("content", ContentRefused.TOO_LARGE): 77,
    ("content", ContentRefused.EXPIRED): 65,
    ("content", ContentRefused.NEVER_DUE): 65,
    ("content", ContentRefused.LOOP): 65,
    ("content", ContentRefused.TWO_SOURCES): 65,
    ("content", ContentRefused.NO_CONTENT): 65,
    ("content", ContentRefused.SUBJECT_CONTROL_CHARACTERS): 65,
    ("content", ContentRefused.NOT_TEXT): 65,
    ("content", ContentRefused.CALENDAR_METHOD): 65,
    ("content", HeaderRefused.HEADER_RESERVED): 77,
    ("content", HeaderRefused.HEADER_UNKNOWN): 77,
    ("content", HeaderRefused.HEADER_NAME): 65,
    ("content", HeaderRefused.HEADER_CONTROL_CHARACTERS): 65,
    ("content", HeaderRefused.HEADER_SYNTAX): 65,
    ("bytes", GateRefused.BYTES): 70,
    ("bytes", GateRefused.UNWRITABLE): 65,
}


class _Own(StrEnum):
    MINE = "mine"


def _recipient(reason: Reason, reply: Reply | None = None) -> RecipientResult:
    verdict = conclude(reason, reply)
    return RecipientResult(outcome=verdict.outcome, fault=verdict.fault, reason=reason, reply=reply)


def _report(*results: RecipientResult) -> Report:
    return Report(
        recipients=ByAddress({Address.parse(f"r{n}@x.example"): one for n, one in enumerate(results)})
    )


def test_the_codes_are_those_of_sysexits() -> None:
    """Each code is the one that this system's sysexits.h gives the same meaning."""
    assert {one: int(one) for one in Exit} == {**SYSEXITS, Exit.OK: os.EX_OK}


@pytest.mark.parametrize(("case", "code"), REFUSED.items(), ids=str)
def test_a_refusal_has_the_code_of_its_reason(case: tuple[str, StrEnum], code: int) -> None:
    """What a person must mend in the data, in the settings, or not at all, tells the code."""
    step, reason = case

    assert exit_of_refusal(Refusal(step=step, reason=reason)) == code


def test_every_reason_of_a_refusal_has_a_code_here() -> None:
    """No reason that the line can refuse with is missing from the table above."""
    reasons = (
        AddressReason,
        RulesRefused,
        RecipientsRefused,
        RoutesRefused,
        TemplateRefused,
        ContentRefused,
        HeaderRefused,
        GateRefused,
    )

    assert {str(reason) for _, reason in REFUSED} == {str(one) for kind in reasons for one in kind}


def test_what_the_application_refuses_is_policy() -> None:
    """A refusal with a step of the application's own ends with 77."""
    assert exit_of_refusal(Refusal(step="interceptor", reason=_Own.MINE)) == 77


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (errors.InvalidSettings("application.name", "is missing"), 78),
        (errors.UnknownCustomer("nobody"), 78),
        (errors.TemplateError("invoice", "is broken"), 78),
        (errors.SigningError("x.example", "s1", "is broken"), 78),
        (errors.InvalidAddress("x", "has no @"), 65),
        (errors.TemplateError("invoice", "the variable 'total' is missing", value_missing=True), 65),
        (errors.InvalidAttachment("x.pdf", "is a folder"), 66),
        (errors.InvalidMessage("to", "is a number"), 65),
        (errors.IdempotencyConflict("k"), 65),
        (errors.MissingExtra("demo", needed_for="the demo"), 69),
        (errors.StoreError("it is down"), 69),
        (errors.NoStore("the settings name none"), 78),
        (errors.NotInStore("there is no such mail"), 65),
        (errors.StoreRefused("it is sensitive"), 77),
        (CommandFailed(Exit.CANNOT_CREATE, "it exists"), 73),
        (errors.MessageRefused(Refusal(step="content", reason=ContentRefused.KIND)), 77),
        (errors.SubmissionUnknown("silence", _report(_recipient(Reason.SILENCE_AFTER_DOT))), 69),
        (RuntimeError("a fault of ours"), 70),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else str(one),
)
def test_an_error_has_the_code_of_its_class(problem: Exception, code: int) -> None:
    """Each class of the tree ends a command with its own code; what is none of it is our fault."""
    assert exit_of(problem) == code


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([_recipient(Reason.ACCEPTED)], 0),
        ([_recipient(Reason.NO_SUCH_USER, Reply(550))], 67),
        ([_recipient(Reason.NO_SUCH_USER, Reply(550)), _recipient(Reason.ACCEPTED)], 67),
        ([_recipient(Reason.RECIPIENT_POLICY, Reply(550))], 77),
        ([_recipient(Reason.NO_SUCH_USER, Reply(550)), _recipient(Reason.RECIPIENT_POLICY, Reply(550))], 77),
        ([_recipient(Reason.CONTENT_REFUSED, Reply(554))], 65),
        ([_recipient(Reason.NAME_MISSING)], 68),
        ([_recipient(Reason.NOT_CONNECTED)], 69),
        ([_recipient(Reason.NOT_CONNECTED), _recipient(Reason.GREYLISTED, Reply(450))], 75),
        ([_recipient(Reason.GREYLISTED, Reply(450)), _recipient(Reason.NO_SUCH_USER, Reply(550))], 75),
        ([_recipient(Reason.AUTH_FAILED, Reply(535))], 77),
        ([_recipient(Reason.SILENCE_AFTER_DOT), _recipient(Reason.NO_SUCH_USER, Reply(550))], 69),
        ([_recipient(Reason.SILENCE_AFTER_DOT), _recipient(Reason.GREYLISTED, Reply(450))], 69),
        ([_recipient(Reason.ACCEPTED), _recipient(Reason.GREYLISTED, Reply(450))], 69),
        ([_recipient(Reason.ACCEPTED), _recipient(Reason.NAME_MISSING)], 68),
        ([RecipientResult(outcome=Outcome.SUPPRESSED), _recipient(Reason.ACCEPTED)], 77),
        ([RecipientResult(outcome=Outcome.HELD)], 75),
    ],
    ids=lambda one: "+".join(str(x.reason or x.outcome) for x in one) if isinstance(one, list) else str(one),
)
def test_a_report_has_the_code_of_what_asks_most(results: list[RecipientResult], code: int) -> None:
    """0 only where all were accepted, 75 only where a second run gives nobody a second copy.

    Unknown goes before what may still come, and that before refusals.
    """
    assert exit_of_report(_report(*results)) == code


def test_a_report_that_never_left_has_the_code_of_its_cause() -> None:
    """A report with a refusal, or with an error, ends as these would."""
    refusal = Refusal(step="routes", reason=RoutesRefused.NO_ROUTE)

    assert exit_of_report(Report(refusal=refusal)) == 78
    assert exit_of_report(Report(error=errors.InvalidMessage("to", "is a number"))) == 65
