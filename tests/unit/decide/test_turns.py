"""Whose turn it is."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.turns import Turns


def joined(*pairs):
    turns = Turns()
    for customer, who in pairs:
        turns.join(customer, who)
    return turns


def order(turns):
    """Let everybody have a turn; give who came when."""
    found = []
    while turns:
        found.append(turns.pop())
    return found


def test_customers_take_turns_and_within_each_the_first_comes_first():
    """One customer's many do not keep another's one waiting for all of them."""
    turns = joined(("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("b", 6))
    assert order(turns) == [1, 4, 5, 2, 6, 3]


def test_nobody_waits_for_nothing():
    """Without anybody there is no turn."""
    turns = Turns()
    assert (bool(turns), turns.first, turns.pop()) == (False, None, None)
    turns.leave("a", 1)
    assert not turns


def test_the_first_stays_the_first_whoever_comes_and_goes():
    """Nobody who joins or leaves behind takes the turn away."""
    turns = joined(("a", 1), ("a", 2), ("b", 3))
    turns.join("c", 4)
    turns.leave("b", 3)
    turns.leave("a", 2)
    turns.leave("a", 7)
    assert (turns.first, order(turns)) == (1, [1, 4])


def test_who_leaves_first_hands_the_turn_to_the_same_customer():
    """A mail that gives up costs its customer no turn."""
    turns = joined(("a", 1), ("b", 2), ("a", 3))
    turns.leave("a", 1)
    assert (turns.first, order(turns)) == (3, [3, 2])


def test_who_comes_again_waits_behind_the_others():
    """A customer whose last mail had its turn has no head start with the next."""
    turns = joined(("a", 1), ("b", 2))
    assert turns.pop() == 1
    turns.join("a", 3)
    assert order(turns) == [2, 3]


def test_who_comes_back_is_the_next_of_its_customer():
    """A mail whose turn came to nothing waits before its customer's others, and not before other customers."""
    turns = joined(("a", 1), ("a", 2), ("b", 3))
    assert turns.pop() == 1
    turns.rejoin("a", 1)
    assert (turns.first, order(turns)) == (3, [3, 1, 2])


def test_who_comes_back_when_nobody_waits_is_the_next():
    """Coming back needs no one else of the same customer."""
    turns = joined(("a", 1))
    turns.rejoin("b", turns.pop())
    assert (len(turns), order(turns)) == (1, [1])


def test_each_is_counted_once():
    """Joining twice, or leaving without having come, changes no count."""
    turns = joined(("a", 1), ("a", 1), ("a", 2), ("b", 3))
    turns.leave("a", 7)
    turns.leave("c", 1)
    assert len(turns) == 3
    turns.leave("b", 3)
    assert (len(turns), order(turns), len(turns)) == (2, [1, 2], 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from("abcd")),
        st.tuples(st.just("pop"), st.just("")),
        st.tuples(st.just("leave"), st.sampled_from("abcd")),
    ),
    max_size=60,
)


@given(STEPS)
def test_nobody_is_lost_or_called_twice_and_no_customer_waits_for_more_than_one_of_each_other(steps):
    """Between two turns of a customer who waits, every other customer has at most one."""
    turns, waiting, passed = Turns(), {}, {}
    for number, (what, customer) in enumerate(steps):
        if what == "join":
            turns.join(customer, number)
            waiting.setdefault(customer, deque()).append(number)
        elif what == "leave" and waiting.get(customer):
            turns.leave(customer, waiting[customer].pop())
        elif what == "pop":
            first, who = turns.first, turns.pop()
            assert first == who
            owner = next((one for one, of_one in waiting.items() if who in of_one), None)
            assert (owner is None) == (who is None)
            if owner is not None:
                assert waiting[owner].popleft() == who
                passed.pop(owner, None)
                for other in (one for one, of_one in waiting.items() if of_one and one != owner):
                    had = passed.setdefault(other, [])
                    assert owner not in had
                    had.append(owner)
        waiting = {one: of_one for one, of_one in waiting.items() if of_one}
        passed = {one: had for one, had in passed.items() if one in waiting}
        assert len(turns) == sum(map(len, waiting.values()))
    left = sorted(who for of_one in waiting.values() for who in of_one)
    assert sorted(order(turns)) == left
