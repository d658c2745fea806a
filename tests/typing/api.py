"""The caller's view: read by mypy --strict, never run."""

from __future__ import annotations

from typing import assert_type

from mailsend.model.address import ByAddress
from mailsend.model.message import Message
from mailsend.model.report import Outcome, RecipientResult, Report
from mailsend.model.submission import Refusal, Submission

message = Message(
    from_="Ann Meier <ann@customer.example>", to="bob@example.org", subject="Hello", text="Hello"
)
assert_type(message.customer, str | None)


def shown(found: Submission | Refusal) -> str:
    """A preview is one of two, and a type checker holds callers to both."""
    if isinstance(found, Refusal):
        return found.explain() + found.advice
    assert_type(found.data, bytes)
    assert_type(found.html, str | None)
    return found.explain(locale="de")


def told(report: Report) -> list[Outcome]:
    """Every recipient has a result of its own."""
    assert_type(report.recipients, ByAddress[RecipientResult])
    assert_type(report.complete, bool)
    return [result.outcome for result in report.recipients.values()]
