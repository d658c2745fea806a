"""Again, elsewhere, or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.retry import may_go_elsewhere, pause_before_round
from mailsend.model.report import Fault, Outcome


@pytest.mark.parametrize("fault", [Fault.SERVER, Fault.ACCOUNT])
def test_a_temporary_fault_of_server_or_account_leads_to_the_next_route(fault):
    """What is the server's or the account's and passes may be tried elsewhere."""
    assert may_go_elsewhere(outcome=Outcome.DEFERRED, fault=fault, lasting=False, name_missing=False)


@pytest.mark.parametrize(
    ("outcome", "fault", "lasting", "name_missing"),
    [
        pytest.param(Outcome.DEFERRED, Fault.SERVER, True, False, id="a permanent fault is held"),
        pytest.param(Outcome.DEFERRED, Fault.SERVER, False, True, id="a missing name queues the mail"),
        pytest.param(Outcome.DEFERRED, Fault.RECIPIENT, False, False, id="greylisting stays here"),
        pytest.param(Outcome.DEFERRED, Fault.SENDER, False, False, id="a sender's fault stays here"),
        pytest.param(Outcome.DEFERRED, Fault.MESSAGE, False, False, id="a message's fault stays here"),
        pytest.param(Outcome.DEFERRED, None, False, False, id="what nobody is blamed for stays here"),
        pytest.param(Outcome.UNKNOWN, Fault.SERVER, False, False, id="unknown is never failed over"),
        pytest.param(Outcome.REJECTED, Fault.SERVER, False, False, id="rejected is settled"),
        pytest.param(Outcome.ACCEPTED, Fault.SERVER, False, False, id="accepted is settled"),
    ],
)
def test_nothing_else_leads_to_the_next_route(outcome, fault, lasting, name_missing):
    """Only a temporary fault of server or account does."""
    assert not may_go_elsewhere(outcome=outcome, fault=fault, lasting=lasting, name_missing=name_missing)


def test_the_pauses_double_up_to_a_minute():
    """The routes are walked again after 1, 2, 4 … seconds, never more than 60."""
    pauses = [pause_before_round(n, left=1000.0) for n in range(1, 10)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_without_a_deadline_six_rounds_are_the_end():
    """Without a deadline the sixth walk is the last."""
    assert [pause_before_round(n, left=None) for n in range(1, 8)] == [1.0, 2.0, 4.0, 8.0, 16.0, None, None]


@given(rounds=st.integers(1, 40), left=st.floats(-10, 100))
def test_no_pause_reaches_the_deadline(rounds, left):
    """A pause is shorter than what the deadline leaves, or there is none."""
    pause = pause_before_round(rounds, left=left)
    assert pause is None or 1.0 <= pause < left


def test_a_pause_as_long_as_what_is_left_is_none():
    """Waking up at the deadline would be of no use."""
    assert (pause_before_round(2, left=2.0), pause_before_round(2, left=2.01)) == (None, 2.0)
