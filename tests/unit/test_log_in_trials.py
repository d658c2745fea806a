"""One log-in asks this process and all others, and tells them what came of it (M12)."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.decide.refusals import Refusals
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server
from mailsend.transport.clock import steady_seconds
from mailsend.transport.log_ins import KnownLogIns
from mailsend.transport.smtp import trial as trials
from mailsend.transport.smtp.memory import LoginGate
from mailsend.transport.smtp.stop import Stopped
from mailsend.transport.smtp.trial import Trial

SERVER = Server(host="mail.rat.example", credentials=Credentials(user="ann", password=Secret("hunter2")))
NOTHING, FREE = KnownLogIns(), KnownLogIns(noted=True)
MINE = KnownLogIns(noted=True, mine=True)
OTHERS = KnownLogIns(noted=True, others=True)


class Shared:
    """All processes: gives these answers in their order, and remembers what it was asked and told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.said = []

    def new_holder(self):
        return "me"

    async def known(self, server, *, fresh):
        self.said.append("look anew" if fresh else "look")
        return self.answers.pop(0)

    async def take_turn(self, server, holder, *, by_person):
        self.said.append(f"take as {holder}{', a person' * by_person}")
        return self.answers.pop(0)

    async def refused(self, server, holder):
        self.said.append(f"refused {holder}".strip())
        return self.answers.pop(0)

    async def passed(self, server, *, wait):
        self.said.append("passed, and waited" if wait else "passed")

    def leave_turn(self, server, holder):
        self.said.append(f"leave {holder}")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Look again at once."""
    monkeypatch.setattr(trials, "_FIRST_LOOK", 0.001)


def gate_with(*refusals, proved=False):
    """Give a gate that heard these refusals, so many seconds ago."""
    gate = LoginGate()
    gate.proved = proved
    for ago in refusals:
        gate.refused(steady_seconds() - ago)
    return gate


def begin(gate, shared, over=lambda: False, **more):
    """Begin a log-in, and say what stopped it, if anything did."""
    trial = Trial(SERVER, gate, shared, **more)
    try:
        asyncio.run(trial.begin(over=over))
    except Stopped as stopped:
        return trial, str(stopped.verdict.reason)
    return trial, "tried"


def refused_ago(count, seconds, **more):
    return KnownLogIns(refusals=Refusals(count, steady_seconds() - seconds), noted=True, **more)


def test_the_first_log_in_takes_the_turn_and_its_success_is_told():
    """Nothing stands there any more, and nobody has the turn."""
    gate, shared = LoginGate(), Shared(MINE)
    trial, came = begin(gate, shared)
    asyncio.run(trial.passed())
    trial.end()
    assert (came, gate.proved, shared.said) == ("tried", True, ["take as me", "passed"])


def test_what_is_neither_refused_nor_passed_leaves_the_turn():
    """A connection that was lost says nothing of the account."""
    shared = Shared(MINE)
    trial, _ = begin(LoginGate(), shared)
    trial.end()
    trial.end()
    assert shared.said == ["take as me", "leave me"]


def test_a_proven_account_only_looks_and_tells_nothing_new():
    """Each new connection of a healthy account: no turn, nothing written."""
    gate, shared = gate_with(proved=True), Shared(NOTHING)
    trial, came = begin(gate, shared)
    asyncio.run(trial.passed())
    trial.end()
    assert (came, shared.said) == ("tried", ["look"])


def test_a_proven_account_does_not_wait_for_whoever_has_the_turn():
    """It is another process's first log-in."""
    assert begin(gate_with(proved=True), Shared(OTHERS))[1] == "tried"


def test_what_others_were_refused_closes_this_gate():
    """Also that of a proven account; nothing is tried."""
    for proved, asked in ((False, "take as me"), (True, "look")):
        gate, shared = gate_with(proved=proved), Shared(refused_ago(3, 10))
        assert begin(gate, shared)[1] == "auth_paused"
        assert (gate.locked, gate.proved, shared.said) == (True, False, [asked])


def test_after_a_pause_whoever_has_the_turn_tries():
    """A proven account as well: its password is doubtful now."""
    gate, shared = gate_with(proved=True), Shared(refused_ago(1, 301), refused_ago(1, 301, mine=True))
    trial, came = begin(gate, shared)
    shared.answers.append(None)
    asyncio.run(trial.was_refused())
    trial.end()
    assert (came, shared.said) == ("tried", ["look", "take as me", "refused me"])
    assert gate.is_closed(steady_seconds() + 1790)


def test_who_waits_for_another_log_in_goes_without_a_turn_once_it_succeeded():
    """So all go at once; where nothing came of it he takes the turn."""
    shared = Shared(OTHERS, OTHERS, NOTHING)
    assert (begin(LoginGate(), shared)[1], shared.said) == ("tried", ["take as me", "look anew", "look anew"])
    shared = Shared(OTHERS, FREE, MINE)
    assert (begin(LoginGate(), shared)[1], shared.said) == (
        "tried",
        ["take as me", "look anew", "take as me"],
    )


def test_who_waits_for_another_log_in_heeds_its_refusal():
    """And tries nothing."""
    shared = Shared(OTHERS, refused_ago(1, 0))
    assert begin(LoginGate(), shared)[1] == "auth_paused"


def test_nobody_waits_for_ever(monkeypatch):
    """For the deadline of a probe, or a minute: then he goes by his own memory."""
    assert begin(LoginGate(), Shared(OTHERS), over=lambda: True)[1] == "deadline"
    monkeypatch.setattr(trials, "_PATIENCE", 0.002)
    assert begin(LoginGate(), Shared(OTHERS, OTHERS, OTHERS))[1] == "tried"


def test_while_the_store_is_away_a_process_goes_by_its_own_memory():
    """No mail fails by it, and no pause is forgotten."""
    assert begin(LoginGate(), Shared(None))[1] == "tried"
    gate = gate_with(10)
    shared = Shared()
    assert (begin(gate, shared)[1], shared.said) == ("auth_paused", [])
    gate.heed(Refusals(1, steady_seconds() - 10))
    assert begin(gate, Shared(None))[1] == "auth_paused"


def test_what_all_have_forgotten_is_forgotten_here():
    """Another process logged in, or a person begins anew; what this one alone knows stays."""
    gate = gate_with(10)
    gate.heed(Refusals(2, steady_seconds() - 10))
    shared = Shared(NOTHING, MINE)
    assert (begin(gate, shared)[1], shared.said) == ("tried", ["look", "take as me"])
    alone = gate_with(10_000, 5_000)
    begin(alone, Shared(MINE))
    alone.refused(steady_seconds())
    assert alone.locked


def test_a_refusal_that_was_told_is_what_all_know():
    """The gate has what stands in the store: it may be more than this process has heard."""
    gate, shared = LoginGate(), Shared(MINE)
    trial, _ = begin(gate, shared)
    shared.answers.append(Refusals(3, steady_seconds()))
    asyncio.run(trial.was_refused())
    trial.end()
    assert (gate.locked, gate.shared, shared.said) == (True, True, ["take as me", "refused me"])


def test_a_person_goes_through_the_lock_half_an_hour_after_the_last_refusal():
    """The gate of this process and that of all others let him."""
    for ago, came in ((1799, "auth_paused"), (1801, "tried")):
        gate = gate_with(9000, 6000, ago)
        gate.heed(Refusals(3, steady_seconds() - ago))
        answer = refused_ago(3, ago, mine=ago > 1800)
        shared = Shared(answer)
        assert begin(gate, shared, by_person=True)[1] == came


def test_a_person_finds_told_what_his_log_in_showed():
    """It is waited for, however soon he looks; a mail that is to go out waits for nothing."""
    shared = Shared(MINE)
    trial, _ = begin(LoginGate(), shared, by_person=True)
    asyncio.run(trial.passed())
    assert shared.said == ["take as me, a person", "passed, and waited"]


def test_without_an_account_nobody_is_asked():
    """There is nothing to refuse."""
    shared = Shared()
    trial = Trial(Server(host="mail.rat.example"), LoginGate(), shared)
    asyncio.run(trial.begin())
    asyncio.run(trial.passed())
    trial.end()
    assert shared.said == []
