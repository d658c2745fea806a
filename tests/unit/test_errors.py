"""Errors travel: what one process raises, another can read whole."""

from __future__ import annotations

import copy
import pickle

import pytest

from mailsend import errors
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.model.address import Address, ByAddress
from mailsend.model.message import AddressReason
from mailsend.model.report import Outcome, RecipientResult, Report
from mailsend.model.submission import Refusal

BOB = Address.parse("bob@example.org")


def _report(*outcomes: Outcome, queued: bool = False) -> Report:
    return Report(
        recipients=ByAddress(
            {
                Address.parse(f"n{n}@example.org"): RecipientResult(outcome=one)
                for n, one in enumerate(outcomes)
            }
        ),
        queued=queued,
    )


REFUSAL = Refusal(
    step="address",
    reason=AddressReason.INVALID,
    facts={"field": "to", "text": "x", "why": "so"},
    advice="Do.",
)
REPORT = _report(Outcome.ACCEPTED, Outcome.DEFERRED)
TREE = [
    errors.MailsendError("it failed", advice="Do this."),
    errors.InvalidAddress("a@@b", "there are two @", field="to[1]", position=2),
    errors.InvalidAttachment("a.pdf", "there is no such file", advice="Look."),
    errors.InvalidMessage("tags", "text is expected, not int", advice="Give text."),
    errors.InvalidQuery("a (b", "the parenthesis is not closed", position=2, advice="Close it."),
    errors.InvalidSettings("application.name", "unknown key", advice="Known: x."),
    errors.UnknownCustomer("rat", known=("owl", "cat")),
    errors.MessageRefused(REFUSAL),
    errors.TemplateError("invoice", "it is broken", file="body.html.j2", line=3, advice="Mend it."),
    errors.SigningError("suite.example", "s1", "the key is too short", advice="Make one."),
    errors.SubmissionError("not all", REPORT, advice="Wait."),
    errors.SubmissionDeferred("not now", REPORT, advice="Wait."),
    errors.SubmissionRejected("no", REPORT, advice="Mend."),
    errors.SubmissionUnknown("silence", REPORT),
    errors.IdempotencyConflict("key-1"),
    errors.StoreError("the store is down", advice="Wait."),
    errors.NoStore("there is no store", advice="Set one."),
    errors.NotInStore("there is no mail 7", advice="Look."),
    errors.StoreRefused("mail 7 is sensitive"),
    errors.MissingExtra("cli", needed_for="the command line"),
    CommandFailed(Exit.NO_INPUT, "a.toml cannot be read", advice="Name another."),
]


def _by_pickle(protocol: int):
    return lambda one: pickle.loads(pickle.dumps(one, protocol))


def _whole(one: errors.MailsendError) -> tuple[object, ...]:
    told = {name: getattr(one, name, None) for name in ("msg", "errno")}  # what ImportError keeps besides
    return type(one), str(one), repr(one), one.args, one.advice, vars(one), told


def test_every_class_of_the_tree_stands_here():
    """The law below is held against each error that mailsend can raise."""
    assert {type(one).__name__ for one in TREE} == {*errors.__all__, "CommandFailed"}


@pytest.mark.parametrize(
    "travel",
    [*(_by_pickle(one) for one in range(2, pickle.HIGHEST_PROTOCOL + 1)), copy.copy, copy.deepcopy],
)
@pytest.mark.parametrize("error", TREE, ids=lambda one: type(one).__name__)
def test_an_error_arrives_as_it_left(error, travel):
    """Pickled, as pools and task queues do, or copied, an error keeps class, words, advice and fields."""
    error.add_note("while the mail was sent")

    arrived = travel(error)

    assert arrived is not error
    assert _whole(arrived) == _whole(error)
    assert _whole(travel(arrived)) == _whole(error)


@pytest.mark.parametrize(
    ("kind", "report", "safe"),
    [
        (errors.SubmissionDeferred, _report(Outcome.DEFERRED, Outcome.REJECTED), True),
        (errors.SubmissionDeferred, _report(), True),
        (errors.SubmissionDeferred, _report(Outcome.DEFERRED, Outcome.ACCEPTED), False),
        (errors.SubmissionDeferred, _report(Outcome.DEFERRED, Outcome.UNKNOWN), False),
        (errors.SubmissionDeferred, _report(Outcome.DEFERRED, queued=True), False),
        (errors.SubmissionRejected, _report(Outcome.REJECTED), False),
        (errors.SubmissionUnknown, _report(Outcome.UNKNOWN), False),
        (errors.SubmissionError, _report(Outcome.DEFERRED), False),
    ],
)
def test_it_is_safe_to_retry_where_nobody_can_get_a_second_copy(kind, report, safe):
    """Deferred is safe while nobody has the mail, nothing is unknown and no queue sends it; others never."""
    assert kind("it failed", report).safe_to_retry is safe
