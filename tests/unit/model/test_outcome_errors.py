"""The error that a report stands for."""

from __future__ import annotations

from enum import StrEnum

import pytest

from mailsend.errors import (
    MessageRefused,
    SubmissionDeferred,
    SubmissionError,
    SubmissionRejected,
    SubmissionUnknown,
)
from mailsend.model.address import Address, ByAddress
from mailsend.model.outcome_errors import failure, incomplete
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome, RecipientResult, Report
from mailsend.model.submission import Refusal


class Why(StrEnum):
    NOBODY = "no_recipients"


def report(*outcomes, **more):
    return Report(
        recipients=ByAddress(
            {
                Address.parse(f"n{n}@example.org"): RecipientResult(
                    outcome=one,
                    reply=Reply(550, "no", "5.1.1") if one is Outcome.REJECTED else None,
                    server="relay.example:587" if one is Outcome.REJECTED else None,
                    reason="why" if one is not Outcome.PENDING else "",
                    advice="Do this." if one is Outcome.REJECTED else "",
                )
                for n, one in enumerate(outcomes)
            }
        ),
        **more,
    )


def test_a_complete_report_raises_nothing():
    """Where every recipient was accepted there is nothing to raise."""
    one = report(Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert incomplete(one) is None
    assert one.raise_for_incomplete() is None


@pytest.mark.parametrize(
    ("outcomes", "kind", "safe"),
    [
        ((Outcome.REJECTED, Outcome.REJECTED), SubmissionRejected, False),
        ((Outcome.ACCEPTED, Outcome.REJECTED), SubmissionRejected, False),
        ((Outcome.SUPPRESSED,), SubmissionRejected, False),
        ((Outcome.EXPIRED,), SubmissionRejected, False),
        ((Outcome.REJECTED, Outcome.DEFERRED), SubmissionDeferred, True),
        ((Outcome.ACCEPTED, Outcome.DEFERRED), SubmissionDeferred, False),
        ((Outcome.HELD,), SubmissionDeferred, True),
        ((Outcome.PENDING,), SubmissionDeferred, True),
        ((), SubmissionDeferred, True),
        ((Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.REJECTED), SubmissionUnknown, False),
    ],
)
def test_the_gravest_recipient_gives_the_error(outcomes, kind, safe):
    """Unknown goes before deferred, deferred before rejected; the error holds the report."""
    one = report(*outcomes)
    with pytest.raises(SubmissionError) as caught:
        one.raise_for_incomplete()
    assert (type(caught.value), caught.value.safe_to_retry, caught.value.report) == (kind, safe, one)


def test_the_words_name_the_recipients_and_what_they_were_told():
    """Message and advice say who was not accepted, where and why; a long list is cut."""
    error = incomplete(report(Outcome.ACCEPTED, Outcome.REJECTED, *[Outcome.DEFERRED] * 2, Outcome.PENDING))
    assert str(error) == (
        "not every recipient was accepted now (1 accepted):"
        " n1@example.org rejected at relay.example:587 (550 5.1.1 no);"
        " n2@example.org deferred (why); n3@example.org deferred (why); and 1 more"
    )
    assert error.advice == "Do this."


def test_without_recipients_the_words_end_early():
    """A report of nothing says no more than that."""
    assert str(incomplete(report(Outcome.PENDING))) == (
        "not every recipient was accepted now: n0@example.org pending"
    )
    assert str(incomplete(report())) == "not every recipient was accepted now"


def test_a_refusal_and_an_error_go_before_everything():
    """A refusal is raised as MessageRefused, an error as it is."""
    refusal = Refusal(step="recipients", reason=Why.NOBODY)
    problem = RuntimeError("broken")
    assert type(incomplete(report(refusal=refusal))) is MessageRefused
    assert incomplete(report(Outcome.ACCEPTED, error=problem)) is problem


@pytest.mark.parametrize(
    ("outcomes", "kind"),
    [
        ((Outcome.ACCEPTED, Outcome.REJECTED), None),
        ((Outcome.ACCEPTED, Outcome.DEFERRED), None),
        ((Outcome.HELD,), SubmissionDeferred),
        ((Outcome.ACCEPTED, Outcome.UNKNOWN), SubmissionUnknown),
        ((Outcome.DEFERRED, Outcome.REJECTED), SubmissionDeferred),
        ((Outcome.REJECTED,), SubmissionRejected),
    ],
)
def test_send_raises_where_nobody_was_accepted_or_the_outcome_is_unknown(outcomes, kind):
    """One accepted recipient is no failure; a mail that is held is one, and so is silence after the dot."""
    problem = failure(report(*outcomes))
    assert (None if problem is None else type(problem)) is kind
