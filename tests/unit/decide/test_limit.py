"""The one token bucket (M8): whole examples; the laws stand in tests/properties."""

from __future__ import annotations

import pytest

from mailsend.decide.limit import (
    FULL,
    Bucket,
    Limit,
    Rate,
    Taken,
    Wait,
    ended,
    give_back,
    is_limited,
    limit_of,
    take,
)
from mailsend.model.server import Server

THREE_A_MINUTE = Limit((Rate(3, 60),))


def times(limit, *when, recipients=1):
    """Take at each time; give the answers: 0 where it was taken, else the seconds to wait."""
    bucket, answers = FULL, []
    for now in when:
        found = take(bucket, limit, now, recipients)
        answers.append(0 if isinstance(found, Taken) else found.seconds)
        bucket = found.bucket
    return answers


def test_what_is_taken_comes_back_a_whole_period_later():
    """Three a minute are three at once, and a fourth a minute after the first of them."""
    assert times(THREE_A_MINUTE, 0, 10, 20, 30, 59.5, 60, 60, 70) == [0, 0, 0, 30, 0.5, 0, 10, 0]


def test_a_bucket_says_what_is_out_and_until_when():
    """Nothing is hidden in it: for each rate when tokens come back, and how many."""
    first = take(FULL, THREE_A_MINUTE, 5.0)
    assert first == Taken(Bucket(out=(((65.0, 1),),), under_way=1))
    second = take(first.bucket, THREE_A_MINUTE, 5.0)
    assert second == Taken(Bucket(out=(((65.0, 2),),), under_way=2))
    third = take(second.bucket, THREE_A_MINUTE, 7.0)
    assert third == Taken(Bucket(out=(((65.0, 2), (67.0, 1)),), under_way=3))
    waits = take(third.bucket, THREE_A_MINUTE, 8.0)
    assert waits == Wait(third.bucket, 57.0)
    assert take(waits.bucket, THREE_A_MINUTE, 66.0).bucket.out == (((67.0, 1), (126.0, 1)),)


def test_several_rates_are_taken_together_or_none_is():
    """What one rate refuses is taken from no other; the longest wait is told."""
    limit = Limit((Rate(1, 1), Rate(2, 60)))
    assert times(limit, 0, 0.5, 1, 2, 60, 60.5) == [0, 0.5, 0, 58, 0, 0.5]


def test_a_rate_below_one_is_one_in_a_longer_time():
    """Half a mail a second is a mail in two seconds; two and a half are three in a second and a fifth."""
    assert Rate(0.5, 1) == Rate(1, 2)
    assert Rate(2.5, 1) == Rate(3, 1.2)
    assert Rate(3, 60) == Rate(3.0, 60)
    assert times(Limit((Rate(0.5, 1),)), 0, 1, 2) == [0, 1, 0]


@pytest.mark.parametrize(
    "wrong", [(0, 1), (-1, 1), (1, 0), (float("inf"), 1), (1, float("inf")), (float("nan"), 1)]
)
def test_a_rate_is_above_nothing(wrong):
    """No amount in no time is no rate."""
    with pytest.raises(ValueError, match="both above 0"):
        Rate(*wrong)


def test_recipients_count_where_the_rate_says_so():
    """A mail to four takes four from a rate for recipients, one from a rate for mails."""
    assert times(Limit((Rate(10, 60, per_recipient=True),)), 0, 1, 2, recipients=4) == [0, 0, 58]
    assert times(Limit((Rate(10, 60),)), *range(11), recipients=4) == [0] * 10 + [50]


def test_a_mail_to_many_waits_until_enough_has_come_back():
    """With nine of ten out, taken in threes, seven are there when two threes are back, eight when all are."""
    limit = Limit((Rate(10, 60, per_recipient=True),))
    bucket = FULL
    for now in (0.0, 10.0, 20.0):
        bucket = take(bucket, limit, now, 3).bucket
    assert [take(bucket, limit, 30.0, many).seconds for many in (2, 4, 5, 7, 8, 10)] == [
        30,
        30,
        40,
        40,
        50,
        50,
    ]


def test_a_mail_that_asks_for_more_than_there_is_takes_it_all():
    """A mail to fifty under a limit of ten waits until all are there, and does not wait for ever."""
    limit = Limit((Rate(10, 60, per_recipient=True),))
    bucket = take(FULL, limit, 0.0, 1).bucket
    assert take(bucket, limit, 1.0, 50) == Wait(bucket, 59.0)
    assert take(bucket, limit, 60.0, 50) == Taken(Bucket((((120.0, 10),),), 2))


def test_of_a_large_amount_tokens_come_back_in_sixtieths():
    """A bucket for thousands stays small: what is taken within a minute of an hour comes back together."""
    limit = Limit((Rate(61, 3600),))
    bucket = FULL
    for now in (0.0, 30.0, 60.0, 60.5, 120.0):
        bucket = take(bucket, limit, now).bucket
    assert bucket.out == (((3660.0, 3), (3720.5, 2)),)
    small = Limit((Rate(60, 3600),))
    assert take(take(FULL, small, 0.0).bucket, small, 30.0).bucket.out == (((3600.0, 1), (3630.0, 1)),)


def test_a_clock_that_goes_back_keeps_nothing_away_for_longer_than_a_period():
    """Where the clock was an hour ahead, the wait is a minute and not an hour."""
    bucket = take(FULL, Limit((Rate(1, 60),)), 3600.0).bucket
    waits = take(bucket, Limit((Rate(1, 60),)), 0.0)
    assert waits == Wait(Bucket((((60.0, 1),),), 1), 60.0)


def test_without_a_limit_everything_is_taken():
    """A limit of nothing refuses nothing, and says how many are under way."""
    assert take(FULL, Limit(), 1.0) == Taken(Bucket((), 1))


def test_no_more_are_under_way_than_may_be_at_once():
    """The third of two waits until one has ended, however long that takes."""
    limit = Limit(at_once=2)
    bucket = take(take(FULL, limit, 0.0).bucket, limit, 0.0).bucket
    assert take(bucket, limit, 1000.0) == Wait(bucket, None)
    assert take(ended(bucket), limit, 1000.0) == Taken(bucket)


def test_who_waits_for_a_place_takes_no_token():
    """All or none: a mail that may not be under way leaves the rates as they are."""
    limit = Limit((Rate(5, 60),), at_once=1)
    bucket = take(FULL, limit, 0.0).bucket
    assert take(bucket, limit, 1.0) == Wait(bucket, None)
    assert take(Bucket((((60.0, 5),),), 1), limit, 1.0).seconds == 59.0


def test_more_ends_than_began_are_none_under_way():
    """What ends twice does not make room twice."""
    assert ended(FULL) == FULL
    assert ended(Bucket(under_way=1)) == FULL


def test_what_nobody_saw_is_given_back():
    """A mail that reached no server leaves the bucket as it was; what another took stays out."""
    first = take(FULL, THREE_A_MINUTE, 0.0).bucket
    both = take(first, THREE_A_MINUTE, 10.0).bucket
    assert give_back(both, THREE_A_MINUTE, at=10.0) == first
    assert give_back(both, THREE_A_MINUTE, at=0.0) == Bucket((((70.0, 1),),), 1)
    assert give_back(first, THREE_A_MINUTE, at=0.0) == Bucket(((),), 0)


def test_a_mail_is_to_one_recipient_where_nothing_is_said():
    """Taking and giving back without a number means one."""
    limit = Limit((Rate(5, 60, per_recipient=True),))
    bucket = take(take(FULL, limit, 0.0).bucket, limit, 0.0, 2).bucket
    assert bucket.out == (((60.0, 3),),)
    assert give_back(bucket, limit, at=0.0).out == (((60.0, 2),),)


def test_a_bucket_goes_with_its_limit():
    """What was taken from one rate says nothing of two."""
    bucket = take(FULL, Limit((Rate(5, 60),)), 0.0).bucket
    two = Limit((Rate(5, 60), Rate(9, 3600)))
    with pytest.raises(ValueError, match="zip"):
        take(bucket, two, 0.0)
    with pytest.raises(ValueError, match="zip"):
        give_back(bucket, two, at=0.0)


def test_only_what_is_still_out_is_given_back():
    """Who gives back after a whole period takes nothing away from those who came after."""
    limit = Limit((Rate(1, 60),))
    later = take(take(FULL, limit, 0.0).bucket, limit, 61.0).bucket
    assert give_back(later, limit, at=0.0) == Bucket(later.out, 1)


def test_a_part_of_what_was_taken_together_is_given_back():
    """Of a hundred recipients those of one mail come back, found within the part they were taken in."""
    limit = Limit((Rate(100, 60, per_recipient=True),))
    bucket = take(take(FULL, limit, 0.0, 30).bucket, limit, 0.5, 20).bucket
    assert bucket.out == (((61.0, 50),),)
    assert give_back(bucket, limit, at=0.5, recipients=20).out == (((61.0, 30),),)
    assert give_back(bucket, limit, at=0.0, recipients=30).out == (((61.0, 20),),)
    assert give_back(bucket, limit, at=1.5, recipients=30).out == bucket.out


def test_a_wait_that_rounding_would_cut_short_is_long_enough():
    """Having waited as long as told, it is time: also where adding the seconds would fall short."""
    day, taken, later = Limit((Rate(1, 86400),)), 0.25169302637758106, 16937.27092184354
    assert later + (taken + 86400 - later) < taken + 86400
    waits = take(take(FULL, day, taken).bucket, day, later)
    assert isinstance(take(waits.bucket, day, later + waits.seconds), Taken)


def test_a_servers_limits_are_its_rates():
    """Per second, minute and day count mails; per day also recipients; 0 and None are no limit."""
    server = Server(
        host="mail.example", max_per_second=2, max_per_minute=30, max_per_day=100, max_recipients_per_day=500
    )
    assert limit_of(server) == Limit(
        (Rate(2, 1), Rate(30, 60), Rate(100, 86400), Rate(500, 86400, per_recipient=True))
    )
    free = Server(host="mail.example", max_per_second=0)
    assert (limit_of(free), is_limited(server), is_limited(free)) == (Limit(), True, False)
