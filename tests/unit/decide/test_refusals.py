"""The pauses after refused log-ins (M12)."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.refusals import NONE_REFUSED, Refusals


def test_nothing_refused_closes_nothing():
    """Neither for a mail nor for a person."""
    assert (NONE_REFUSED.until, NONE_REFUSED.until_for_people) == (-math.inf, -math.inf)
    assert not NONE_REFUSED.closed(0.0)
    assert not NONE_REFUSED.locked


def test_five_minutes_then_thirty_then_until_a_person_acts():
    """Each refusal that came after the pause of the one before counts."""
    first = NONE_REFUSED.one_more(0.0)
    second = first.one_more(300.0)
    third = second.one_more(2100.0)
    assert (first, first.until) == (Refusals(1, 0.0), 300.0)
    assert (second, second.until) == (Refusals(2, 300.0), 2100.0)
    assert (third, third.until, third.locked) == (Refusals(3, 2100.0), math.inf, True)


def test_a_person_waits_out_the_pauses_but_not_the_lock():
    """Whoever mended it at the provider's must be able to show it; a fourth refusal begins another half hour."""
    locked = Refusals(3, 0.0)
    assert [locked.closed(now, by_person=True) for now in (1799.0, 1800.0)] == [True, False]
    assert [locked.closed(now) for now in (1800.0, 1e12)] == [True, True]
    assert locked.one_more(1800.0) == Refusals(3, 1800.0)
    assert [Refusals(1, 0.0).closed(now, by_person=True) for now in (299.0, 300.0)] == [True, False]


@given(st.lists(st.floats(min_value=0.0, max_value=900.0), max_size=60))
def test_no_two_that_count_are_nearer_than_their_pause(gaps):
    """Whenever refusals come, what came within a pause changes nothing, and nothing is ever counted back."""
    now, known = 0.0, NONE_REFUSED
    for gap in gaps:
        now += gap
        after = known.one_more(now)
        assert (after == known) is known.closed(now, by_person=True)
        assert after.count == known.count or after.count == known.count + 1
        assert after.closed(now)
        known = after
