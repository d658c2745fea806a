"""The gates of a process are not more than there is to remember."""

from __future__ import annotations

import pytest

from mailsend.transport.smtp import memory
from mailsend.transport.smtp.memory import LoginGate, forget_log_ins, gate_for


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Keep three gates before tidying, and begin without any."""
    monkeypatch.setattr(memory, "_MOST", 3)
    forget_log_ins()
    yield
    monkeypatch.undo()
    forget_log_ins()


def test_gates_that_hold_nobody_back_are_forgotten():
    """Of a thousand accounts that logged in well, or never, three are kept at most."""
    first = gate_for("0")
    first.passed()
    for number in range(1, 1000):
        gate_for(str(number))
    assert gate_for("0") is not first
    assert len(memory._gates._gates) <= 4


def test_a_refusal_and_a_turn_are_kept():
    """However many accounts come behind them."""
    refused, at_turn = gate_for("refused"), gate_for("at turn")
    refused.refused(0.0)
    at_turn.take_turn()
    for number in range(1000):
        gate_for(str(number))
    assert (gate_for("refused"), gate_for("at turn")) == (refused, at_turn)
    at_turn.leave_turn()


def test_a_gate_matters_while_it_holds_somebody_back():
    """After a refusal until a log-in has passed, and while somebody has the turn."""
    gate, told = LoginGate(), []
    for step in (gate.take_turn, gate.leave_turn, lambda: gate.refused(0.0), gate.passed):
        step()
        told.append(gate.matters)
    assert told == [True, False, True, False]
