"""What both mailers answer alike: refusals for want of rules, finished mails, and what a report amounts to."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING

from mailsend.errors import InvalidMessage, InvalidSettings, MessageRefused, UnknownCustomer
from mailsend.mailer.gather import RulesRefused
from mailsend.model.rules import Rules
from mailsend.model.submission import Refusal, Submission

if TYPE_CHECKING:
    from mailsend.mailer.thinking import Asked
    from mailsend.model.report import Report

__all__ = ["finished", "given_rules", "judged", "refused_rules"]


def refused_rules(problem: InvalidSettings, asked: Asked) -> Refusal:
    """Give the refusal for a directory that has no rules, or wrong ones, for a message."""
    unknown = isinstance(problem, UnknownCustomer)
    return Refusal(
        step="rules",
        reason=RulesRefused.UNKNOWN_CUSTOMER if unknown else RulesRefused.INVALID,
        facts={"customer": asked[0], "business_unit": asked[1], "why": str(problem)},
        advice=problem.advice,
    )


def finished(prepared: Submission | Refusal) -> Submission:
    """Give the submission; raises MessageRefused for a refusal, InvalidMessage for what is neither."""
    if isinstance(prepared, Refusal):
        raise MessageRefused(prepared)
    if isinstance(prepared, Submission):
        return prepared
    raise InvalidMessage(
        "submission",
        f"a Submission is expected, not {type(prepared).__name__}",
        advice="A Message goes out by send, or by preview and deliver.",
    )


def given_rules(given: object) -> Rules:
    """Give what a directory gave when it is Rules; raises TypeError that says what is expected."""
    if isinstance(given, Rules):
        return given
    if isinstance(given, Coroutine):
        given.close()  # so that Python does not warn of what was never awaited
        raise TypeError("an async directory goes with AsyncMailer")
    raise TypeError(f"the directory gave {type(given).__name__}; Rules are expected")


def judged(report: Report, *, strict: bool, may_be_held: bool = False) -> Report:
    """Give the report, or raise what it amounts to; with ``may_be_held`` a held mail is no failure."""
    from mailsend.model.outcome_errors import failure

    if strict:
        report.raise_for_incomplete()
    problem = failure(report, may_be_held=may_be_held)
    if problem is not None:
        raise problem
    return report
