"""A directory that remembers."""

from __future__ import annotations

import asyncio

import pytest
from mail_strategies import shop

from mailsend.errors import UnknownCustomer
from mailsend.mailer import CachedDirectory, directory
from mailsend.model.rules import Rules

RULES = Rules.from_dict({"application": shop()["application"]})


class Changing:
    """A directory that counts, and fails when told to."""

    def __init__(self):
        self.asked, self.problem, self.is_async = 0, None, False

    def rules_for(self, customer, business_unit):
        self.asked += 1
        if self.is_async:
            return self._later()
        if self.problem:
            raise self.problem
        return RULES

    async def _later(self):
        if self.problem:
            raise self.problem
        return RULES


@pytest.fixture
def clock(monkeypatch):
    """Give a clock that a test moves."""
    at = [1000.0]
    monkeypatch.setattr(directory, "_clock", lambda: at[0])
    return at


def test_an_answer_is_used_for_its_seconds(clock):
    """Within seconds nobody is asked again; afterwards somebody is; forget asks at once."""
    asked = Changing()
    cached = CachedDirectory(asked, seconds=60)
    cached.rules_for("a", None)
    clock[0] += 60
    assert cached.rules_for("a", None) is RULES
    assert asked.asked == 1
    cached.rules_for("a", "zurich")
    assert asked.asked == 2
    clock[0] += 0.1
    cached.rules_for("a", None)
    assert asked.asked == 3
    cached.forget("b")
    cached.rules_for("a", None)
    assert asked.asked == 3
    cached.forget("a")
    cached.rules_for("a", None)
    assert asked.asked == 4
    cached.forget()
    cached.rules_for("a", None)
    assert asked.asked == 5


@pytest.mark.parametrize("is_async", [False, True])
def test_an_old_answer_serves_while_the_directory_fails(is_async, clock):
    """For stale_seconds more the old answer is used; then the failure is told."""
    asked = Changing()
    asked.is_async = is_async
    cached = CachedDirectory(asked, seconds=60, stale_seconds=30)

    def ask():
        answer = cached.rules_for("a", None)
        return answer if isinstance(answer, Rules) else asyncio.run(answer)

    ask()
    asked.problem = ConnectionError("database away")
    clock[0] += 90
    assert ask() is RULES
    clock[0] += 0.1
    with pytest.raises(ConnectionError):
        ask()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_customer_that_is_gone_is_gone(is_async, clock):
    """UnknownCustomer is no failure of the directory: the old answer is not used."""
    asked = Changing()
    asked.is_async = is_async
    cached = CachedDirectory(asked, seconds=60, stale_seconds=3000)

    def ask():
        answer = cached.rules_for("a", None)
        return answer if isinstance(answer, Rules) else asyncio.run(answer)

    ask()
    asked.problem = UnknownCustomer("a")
    clock[0] += 61
    with pytest.raises(UnknownCustomer):
        ask()
