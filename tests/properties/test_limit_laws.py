"""Laws of the one token bucket, whatever is asked of it and whatever its clock does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.limit import FULL, Limit, Rate, Taken, Wait, ended, give_back, take

RATES = st.builds(
    Rate,
    st.one_of(st.integers(1, 200), st.floats(0.1, 20, allow_nan=False)),
    st.sampled_from([0.3, 1.0, 1.2, 60.0, 3600.0, 86400.0]),
    st.booleans(),
)
LIMITS = st.builds(Limit, st.lists(RATES, min_size=1, max_size=4).map(tuple))
# A pause in periods of the first rate, and recipients.
ASKED = st.lists(
    st.tuples(st.one_of(st.just(0.0), st.floats(0, 0.2), st.floats(0, 3)), st.integers(1, 40)),
    min_size=1,
    max_size=120,
)


def run(limit, asked):
    """Ask for each mail once; give when which was taken, and the bucket after each."""
    bucket, now, taken, buckets = FULL, 0.0, [], []
    for pause, recipients in asked:
        now += pause * limit.rates[0].seconds
        found = take(bucket, limit, now, recipients)
        bucket = found.bucket
        buckets.append(bucket)
        if isinstance(found, Taken):
            taken.append((now, recipients))
    return taken, buckets


def weight(rate, recipients):
    return min(recipients if rate.per_recipient else 1, rate.amount)


@given(LIMITS, ASKED)
def test_in_no_period_more_is_taken_than_the_amount(limit, asked):
    """In any period of any rate, whenever it begins, at most its amount is taken."""
    taken, _ = run(limit, asked)
    for rate in limit.rates:
        for begin, _ in taken:
            within = [n for when, n in taken if begin <= when < begin + rate.seconds]
            assert sum(weight(rate, n) for n in within) <= rate.amount


@given(LIMITS, ASKED, st.integers(1, 40))
def test_having_waited_as_long_as_told_it_is_time_and_not_before(limit, asked, recipients):
    """Nobody else taking, the told seconds are enough; a good deal less is not."""
    taken, buckets = run(limit, asked)
    now = max((when for when, _ in taken), default=0.0)
    found = take(buckets[-1], limit, now, recipients)
    if isinstance(found, Wait):
        assert found.seconds > 0
        assert isinstance(take(found.bucket, limit, now + found.seconds, recipients), Taken)
        assert isinstance(take(found.bucket, limit, now + found.seconds * 0.99, recipients), Wait)


@given(LIMITS, ASKED)
def test_nobody_who_asks_again_after_the_told_time_waits_for_ever(limit, asked):
    """Whoever waits his time gets his turn: a mail waits at most a period and a sixtieth."""
    bucket, now = FULL, 0.0
    longest = max(rate.seconds for rate in limit.rates) * (1 + 1 / 60)
    for _, recipients in asked:
        found = take(bucket, limit, now, recipients)
        if isinstance(found, Wait):
            assert found.seconds <= longest * 1.000001
            now += found.seconds
            found = take(found.bucket, limit, now, recipients)
        assert isinstance(found, Taken)
        bucket = found.bucket


@given(LIMITS, ASKED)
def test_nothing_is_negative_and_a_bucket_stays_small(limit, asked):
    """What is out is at most the amount, in few pieces, in order of time."""
    _, buckets = run(limit, asked)
    for bucket in buckets:
        for out, rate in zip(bucket.out, limit.rates, strict=True):
            assert 0 <= sum(many for _, many in out) <= rate.amount
            assert all(many > 0 for _, many in out)
            assert len(out) <= min(rate.amount, 62)
            assert [back for back, _ in out] == sorted(back for back, _ in out)


@given(LIMITS, ASKED)
def test_all_or_none(limit, asked):
    """A mail that must wait leaves every rate as it was."""
    bucket, now = FULL, 0.0
    for pause, recipients in asked:
        now += pause
        before = take(bucket, Limit(limit.rates, at_once=0), now, recipients).bucket  # what is still out
        found = take(bucket, limit, now, recipients)
        if isinstance(found, Wait):
            assert found.bucket == before
        else:
            for old, new, rate in zip(before.out, found.bucket.out, limit.rates, strict=True):
                more = sum(many for _, many in new) - sum(many for _, many in old)
                assert more == weight(rate, recipients)
        bucket = found.bucket


@given(LIMITS, ASKED, st.integers(1, 40))
def test_what_is_given_back_was_never_taken(limit, asked, recipients):
    """A mail that reached nobody leaves as much as there was before it."""
    taken, buckets = run(limit, asked)
    now = max((when for when, _ in taken), default=0.0)
    found = take(buckets[-1], limit, now, recipients)
    if isinstance(found, Taken):
        back = give_back(found.bucket, limit, now, recipients)
        counts = [sum(many for _, many in out) for out in back.out]
        before = take(buckets[-1], Limit(limit.rates, at_once=0), now, recipients).bucket
        assert counts == [sum(many for _, many in out) for out in before.out]
        assert back.under_way == buckets[-1].under_way


@given(LIMITS, ASKED, st.floats(-1e6, 0))
def test_a_clock_that_goes_back_does_no_harm(limit, asked, jump):
    """Nothing is refused for longer than a period from then, and nothing more is let through."""
    _, buckets = run(limit, asked)
    now = jump
    found = take(buckets[-1], limit, now)
    for out, rate in zip(found.bucket.out, limit.rates, strict=True):
        assert sum(many for _, many in out) <= rate.amount
    if isinstance(found, Wait):
        assert found.seconds <= max(rate.seconds for rate in limit.rates) * (1 + 1 / 60) * 1.000001
        assert isinstance(take(found.bucket, limit, now + found.seconds), Taken)


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=60))
def test_never_more_under_way_than_at_once(at_once, steps):
    """Beginning and ending in any order, no more than so many are under way, and never fewer than none."""
    bucket, under_way = FULL, 0
    limit = Limit(at_once=at_once)
    for begins in steps:
        if begins:
            found = take(bucket, limit, 0.0)
            assert isinstance(found, Taken) == (under_way < at_once)
            under_way += isinstance(found, Taken)
            bucket = found.bucket
        else:
            bucket, under_way = ended(bucket), max(under_way - 1, 0)
        assert bucket.under_way == under_way
