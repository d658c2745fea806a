"""What became of a mail, recipient by recipient."""

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
from mailsend.model.outcome_errors import failure
from mailsend.model.report import Attempt, Exchange, Outcome, RecipientResult, Report
from mailsend.model.submission import Refusal


class Why(StrEnum):
    """A reason."""

    SO = "so"


def a_report(*outcomes, **other):
    """Give a report with a recipient for each outcome: a@…, b@…, c@…"""
    return Report(
        recipients=ByAddress(
            {
                Address.parse(f"{name}@example.org"): RecipientResult(outcome=outcome)
                for name, outcome in zip("abcdefg", outcomes, strict=False)
            }
        ),
        **other,
    )


def test_each_outcome_has_a_view_of_its_recipients():
    """accepted, rejected, deferred, unknown, held and suppressed are parts of recipients."""
    report = a_report(
        Outcome.ACCEPTED,
        Outcome.REJECTED,
        Outcome.DEFERRED,
        Outcome.UNKNOWN,
        Outcome.HELD,
        Outcome.SUPPRESSED,
        Outcome.PENDING,
    )
    views = (
        report.accepted,
        report.rejected,
        report.deferred,
        report.unknown,
        report.held,
        report.suppressed,
    )
    assert [[str(who) for who in view] for view in views] == [[f"{name}@example.org"] for name in "abcdef"]
    assert report.accepted["a@example.org"] == RecipientResult(outcome=Outcome.ACCEPTED)


@pytest.mark.parametrize(
    ("outcomes", "complete"),
    [
        ([Outcome.ACCEPTED, Outcome.ACCEPTED], True),
        ([Outcome.ACCEPTED, Outcome.SUPPRESSED], False),
        ([], False),
    ],
)
def test_a_report_is_complete_when_everybody_was_accepted(outcomes, complete):
    """One recipient who was not accepted makes it incomplete; nobody at all does, too."""
    assert a_report(*outcomes).complete is complete


def test_the_conversation_joins_those_of_the_attempts():
    """Lines of all attempts stand one after the other, each with its seconds."""
    lines = [Exchange(at=0.5, who="C", line="NOOP"), Exchange(at=1.25, who="S", line="250 OK")]
    attempts = tuple(
        Attempt(server="a", recipients=ByAddress({}), outcome=Outcome.ACCEPTED, conversation=(one,))
        for one in lines
    )
    report = a_report(attempts=attempts)
    assert report.conversation == tuple(lines)
    assert str(report.conversation[1]) == "   1.250 S: 250 OK"


REFUSED = Refusal(step="interceptor", reason=Why.SO)


@pytest.mark.parametrize(
    ("report", "raised", "incomplete"),
    [
        (a_report(Outcome.ACCEPTED), None, None),
        (a_report(Outcome.ACCEPTED, Outcome.REJECTED), None, SubmissionRejected),
        (a_report(Outcome.ACCEPTED, Outcome.DEFERRED), None, SubmissionDeferred),
        (a_report(Outcome.HELD, Outcome.DEFERRED), SubmissionDeferred, SubmissionDeferred),
        (a_report(Outcome.REJECTED, Outcome.REJECTED), SubmissionRejected, SubmissionRejected),
        (a_report(Outcome.REJECTED, Outcome.DEFERRED), SubmissionDeferred, SubmissionDeferred),
        (a_report(Outcome.ACCEPTED, Outcome.UNKNOWN), SubmissionUnknown, SubmissionUnknown),
        (Report(refusal=REFUSED), MessageRefused, MessageRefused),
        (a_report(Outcome.ACCEPTED, error=RuntimeError("no")), RuntimeError, RuntimeError),
    ],
)
def test_send_raises_for_less_than_strict_does(report, raised, incomplete):
    """send raises where nobody was accepted or something is unknown; strict where not all were."""
    problem = failure(report)
    assert (None if problem is None else type(problem)) is raised
    if incomplete is None:
        report.raise_for_incomplete()
    else:
        with pytest.raises(incomplete):
            report.raise_for_incomplete()


@pytest.mark.parametrize(
    ("outcomes", "safe"),
    [
        ([Outcome.DEFERRED], True),
        ([Outcome.DEFERRED, Outcome.ACCEPTED], False),
        ([Outcome.REJECTED], False),
        ([Outcome.UNKNOWN], False),
    ],
)
def test_only_what_nobody_has_taken_is_safe_to_retry(outcomes, safe):
    """A deferred mail that no server took may be sent again by the caller; no other one."""
    with pytest.raises(SubmissionError) as caught:
        a_report(*outcomes).raise_for_incomplete()
    assert caught.value.safe_to_retry is safe


def test_a_held_mail_may_be_no_failure():
    """deliver tells of a held mail by its report; what is unknown is raised all the same."""
    assert failure(a_report(Outcome.HELD), may_be_held=True) is None
    assert isinstance(failure(a_report(Outcome.DEFERRED), may_be_held=True), SubmissionDeferred)
    assert isinstance(failure(a_report(Outcome.HELD, Outcome.UNKNOWN), may_be_held=True), SubmissionUnknown)
