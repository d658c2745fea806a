"""What was said in an attempt: kept as it was noted, read as a tuple of lines."""

from __future__ import annotations

import pickle

import pytest

from mailsend.model.report import Attempt, Conversation, Exchange, Outcome

OPENING = (Exchange(at=0.25, who="S", line="220 relay.suite.example"),)
NOTED = [(10.5, "C", ("MAIL FROM:<a@suite.example>", "DATA")), (11.0, "S", ("250 Ok",))]
LINES = (
    *OPENING,
    Exchange(at=0.5, who="C", line="MAIL FROM:<a@suite.example>"),
    Exchange(at=0.5, who="C", line="DATA"),
    Exchange(at=1.0, who="S", line="250 Ok"),
)


@pytest.fixture
def said():
    """Give a conversation that nobody has read."""
    return Conversation(OPENING, NOTED, began=10.0)


def test_it_is_as_good_as_the_tuple_of_its_lines(said):
    """Opening first, then each line with its seconds since the attempt began."""
    assert (said, LINES, hash(said), repr(said)) == (LINES, said, hash(LINES), repr(LINES))
    assert (len(said), said[-1], said[1:3], list(said)) == (4, LINES[-1], LINES[1:3], list(LINES))
    assert LINES[2] in said


def test_it_is_told_in_plain_values_as_well(said):
    """When, by whom and what, for those who write it down."""
    assert said.plain() == [(one.at, one.who, one.line) for one in LINES]


def test_two_of_them_are_equal_where_the_same_was_said(said):
    """Whatever the clocks showed; and no conversation is a list."""
    assert said == Conversation(LINES, (), began=0.0)
    assert said != Conversation((), NOTED, began=10.0)
    assert (said == list(LINES), said == "x") == (False, False)


def test_what_is_noted_later_is_no_part_of_it():
    """A reply that nobody waited for comes when the attempt is told already."""
    noted = list(NOTED)
    said = Conversation(OPENING, noted, began=10.0)
    noted.append((99.0, "S", ("451 Late",)))
    assert said == LINES


def test_attempts_with_it_can_be_compared_and_kept(said):
    """Equal to one that was given a tuple, and itself again after it was pickled."""
    attempt = Attempt(server="x", recipients={}, outcome=Outcome.ACCEPTED, conversation=said)
    same = Attempt(server="x", recipients={}, outcome=Outcome.ACCEPTED, conversation=LINES)
    assert attempt == same == pickle.loads(pickle.dumps(attempt))
