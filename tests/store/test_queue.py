"""The queue itself: claimed by one alone, under a lease and a number, in an order that lets nobody starve."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta

import pytest
from kept_mails import keep, rows
from sqlalchemy import delete
from store_samples import KEYS, NOW
from stored_mails import a_mail

from mailsend.decide.limit import Limit, Rate
from mailsend.decide.state import Act
from mailsend.mailer.queueing.depositing import deposit_of
from mailsend.mailer.queueing.ending import ending_of, ending_of_lapsed
from mailsend.model.report import Outcome, RecipientResult
from mailsend.model.rules import RetryRules
from mailsend.store import open_store
from mailsend.store.buckets import keep_rates
from mailsend.store.queue import Placed
from mailsend.store.schema import mails
from mailsend.store.times import moment

RETRY = RetryRules()
LEASE = 60.0
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LATER = NOW + SECOND
LAPSED = NOW + timedelta(seconds=LEASE + 2)
_names = itertools.count()


def claim(store, *, now=LATER, most=100, name=None, retry=RETRY):
    """Claim what is due; give what was got."""

    def settle(lapsed):
        return ending_of_lapsed(lapsed, retry=retry, now=now)

    name = name or f"claim {next(_names)}"
    return store.queue.claim(name=name, most=most, now=now, lease=LEASE, settle=settle).result()


def ids(claimed):
    return [one.row.id for one in claimed]


def ending(claimed, *outcomes, now=LATER, retry=RETRY, **more):
    """Give how a claimed mail ends whose recipients were told so, in their order."""
    results = {
        place: RecipientResult(outcome=outcome, server="mx", attempts=1, **more)
        for place, outcome in enumerate(outcomes)
    }
    return ending_of(
        claimed.row, claimed.recipients, results, (), retry=retry, now=now, jitter=0.5, worker="one"
    )


def finish(store, claimed, *outcomes, now=LATER, **more):
    return store.queue.finish(ending(claimed, *outcomes, now=now, **more), now=now).result()


def mark(store, claimed, *positions, now=LATER, server="mx"):
    who = positions or range(len(claimed.recipients))
    return store.queue.mark(claimed.row.id, claimed.row.fence, tuple(who), server=server, now=now).result()


def the(store, id="01mail"):
    """Give a mail's row, and its recipients' rows in their order."""
    (row,) = [one for one in rows(store, mails.message) if one.id == id]
    told = [one for one in rows(store, mails.recipient) if one.message == id]
    return row, sorted(told, key=lambda one: one.position)


# Claims


def test_a_claimed_mail_is_one_claims_alone(store):
    """Until its lease ends nobody else is given it; then whoever asks is."""
    keep(store, a_mail())
    (first,) = claim(store)
    assert (first.row.fence, [one.address for one in first.recipients][0]) == (1, "bob@example.org")
    assert claim(store) == claim(store, now=NOW + timedelta(seconds=LEASE - 1)) == ()
    (second,) = claim(store, now=LAPSED)
    assert (second.row.id, second.row.fence, second.row.data) == (first.row.id, 2, first.row.data)


def test_a_renewed_lease_ends_later(store):
    """As long as it is renewed in time nobody else gets the mail; too late it cannot be renewed."""
    keep(store, a_mail())
    claim(store, name="one")
    renewed = store.queue.renew("one", lease=LEASE, now=NOW + timedelta(seconds=LEASE - 1)).result()
    assert renewed == {"01mail"}
    assert claim(store, now=LAPSED) == ()
    assert store.queue.renew("one", lease=LEASE, now=NOW + timedelta(seconds=3 * LEASE)).result() == set()
    assert ids(claim(store, now=NOW + timedelta(seconds=3 * LEASE))) == ["01mail"]


def test_a_slow_worker_overwrites_nothing(store):
    """Who finishes under an earlier number is told so, and nothing that he says is written."""
    keep(store, a_mail())
    (slow,) = claim(store)
    (quick,) = claim(store, now=LAPSED)
    assert not finish(store, slow, Outcome.REJECTED, Outcome.REJECTED, now=LAPSED)
    assert not mark(store, slow, now=LAPSED)
    assert finish(store, quick, Outcome.ACCEPTED, Outcome.ACCEPTED, now=LAPSED)
    row, told = the(store)
    assert (row.state, {one.outcome for one in told}, row.fence) == ("done", {"accepted"}, 2)
    assert not finish(store, slow, Outcome.DEFERRED, Outcome.DEFERRED, now=LAPSED)
    assert the(store) == (row, told)


def test_nothing_is_marked_once_the_lease_has_ended(store):
    """Though nobody else has the mail yet: whoever comes next shall not find content on its way."""
    keep(store, a_mail())
    (mine,) = claim(store)
    assert not mark(store, mine, now=LAPSED)
    assert [one.marked for one in the(store)[1]] == [0, 0]


def test_each_mark_is_answered_for_itself(store):
    """Of marks that are written together one is refused, however many recipients the other has."""
    keep(store, a_mail(id="01many", to=[f"{one}@example.org" for one in "abcdef"], in_test=True))
    keep(store, a_mail(id="01late"))
    many, late = sorted(claim(store), key=lambda one: one.row.id, reverse=True)
    assert finish(store, late, Outcome.ACCEPTED, Outcome.ACCEPTED)

    with store._writer._changed:  # both wait for the same commit
        told = [
            store.queue.mark(one.row.id, one.row.fence, range(len(one.recipients)), server="mx", now=LATER)
            for one in (many, late)
        ]
    assert [one.result() for one in told] == [True, False]


def test_a_lease_that_ends_before_the_mark_is_due_at_once(store):
    """No content can have gone out, so no minute is lost; nothing counts as an attempt."""
    keep(store, a_mail())
    claim(store)
    (again,) = claim(store, now=LAPSED)
    assert (again.row.attempts, {one.outcome for one in again.recipients}) == (0, {"pending"})


def test_a_lease_that_ends_after_the_mark_leaves_the_outcome_unknown(store):
    """It is sent once more, fifteen minutes after it fell silent, to that server; then it stays unknown."""
    keep(store, a_mail())
    (first,) = claim(store)
    assert mark(store, first, server="relay1")
    assert claim(store, now=LAPSED) == ()
    row, told = the(store)
    assert (row.state, {(one.outcome, one.pinned, one.reason) for one in told}) == (
        "queued",
        {("unknown", "relay1", "silence_after_dot")},
    )
    silent = LATER + timedelta(seconds=LEASE)
    assert row.due_at == moment(silent + timedelta(seconds=RETRY.unknown_after))

    due = silent + timedelta(seconds=RETRY.unknown_after)
    (second,) = claim(store, now=due)
    assert mark(store, second, server="relay1", now=due)
    over = due + timedelta(seconds=LEASE + 1)
    assert claim(store, now=over) == ()
    row, told = the(store)
    assert (row.state, {one.outcome for one in told}, row.due_at) == ("done", {"unknown"}, None)
    assert claim(store, now=over + timedelta(days=30)) == ()


def test_who_was_marked_is_unknown_and_who_was_not_is_due(store):
    """Of two envelopes one was on its way: each recipient has its own truth."""
    keep(store, a_mail(to=["bob@example.org", "zoe@example.org"]))
    (first,) = claim(store)
    assert mark(store, first, 0)
    (again,) = claim(store, now=LAPSED)
    assert [one.outcome for one in again.recipients] == ["unknown", "pending", "pending"]
    due = moment(LAPSED)
    assert [one.due_at <= due for one in again.recipients] == [False, True, True]


def test_a_lease_that_ends_hurries_nobody_who_waits(store):
    """Who is to be tried in an hour is tried in an hour, though another recipient was due when it lapsed."""
    later = moment(NOW + timedelta(hours=1))
    keep(store, a_mail(), recipients={1: {"outcome": "deferred", "due_at": later}})
    claim(store)
    claim(store, now=LAPSED)
    assert [one.due_at for one in the(store)[1]] == [moment(NOW), later]


def test_under_hold_silence_waits_for_a_person(store):
    """With unknown = "hold" nothing is sent a second time by itself."""
    retry = RetryRules(unknown="hold")
    keep(store, a_mail())
    (first,) = claim(store)
    assert mark(store, first)
    assert claim(store, now=LAPSED, retry=retry) == ()
    row, told = the(store)
    assert (row.state, row.reason, {one.outcome for one in told}) == ("held", "silence_after_dot", {"held"})
    assert claim(store, now=LAPSED + timedelta(days=1), retry=retry) == ()


# Order


def test_what_is_not_due_is_not_claimed(store):
    """send_at is the first moment, and what is due next is told."""
    at = NOW + timedelta(hours=2)
    keep(store, a_mail(send_at=at), now=at)
    assert claim(store) == ()
    assert store.queue.next_due() == at
    assert ids(claim(store, now=at)) == ["01mail"]


def test_the_urgent_goes_first_and_the_old_is_not_forgotten(store):
    """A step of priority is worth a minute: what has waited longer than that goes first all the same."""
    for name, priority, waited in (("01a", 0, 0), ("01b", 5, 0), ("01c", 0, 6), ("01d", 5, 2)):
        keep(store, a_mail(id=name, priority=priority), now=NOW - waited * MINUTE)
    assert ids(claim(store)) == ["01d", "01c", "01b", "01a"]


def test_low_priority_goes_when_nothing_else_is_due(store):
    """At once, not when its rank is reached; and behind what is due."""
    keep(store, a_mail(id="01low", priority=-1000))
    keep(store, a_mail(id="01usual"))
    assert ids(claim(store, most=1)) == ["01usual"]
    assert ids(claim(store)) == ["01low"]


def test_a_flood_of_urgent_mail_starves_nobody(store):
    """Each round new urgent mail comes in, more than goes out: the old one's turn comes."""
    keep(store, a_mail(id="01plain"))
    for minute in range(25):
        for one in range(2):
            keep(store, a_mail(id=f"01urgent{minute:02}{one}", priority=10), now=NOW + minute * MINUTE)
        (one,) = claim(store, now=NOW + minute * MINUTE, most=1)
        if one.row.id == "01plain":
            return
        assert finish(store, one, Outcome.ACCEPTED, Outcome.ACCEPTED)
    pytest.fail("it starved")


def test_a_frozen_mail_is_passed_by(store):
    """And so is one that is held."""
    keep(store, a_mail(id="01a"))
    keep(store, a_mail(id="01b"))
    store.outbox.do(Act.FREEZE, ["01a"], reason="wait", by="ann", now=NOW)
    store.outbox.do(Act.HOLD, ["01b"], reason="wait", by="ann", now=NOW)
    assert claim(store) == ()


def test_what_has_ended_is_not_frozen(store):
    """Whoever freezes a mail on its way stops its next try; where there is none, nothing stays frozen."""
    keep(store, a_mail(id="01mail"))
    (one,) = claim(store)
    store.outbox.do(Act.FREEZE, ["01mail"], reason="wait", by="ann", now=LATER)
    assert finish(store, one, *[Outcome.ACCEPTED] * len(one.recipients))
    row, _ = the(store)
    assert (row.state, row.frozen) == ("done", 0)


def test_a_retry_waits_for_what_silence_asks_for(store):
    """A mail whose only open recipient may have it already is due with him, and is not claimed before."""
    keep(store, a_mail(id="01mail"))
    (one,) = claim(store)
    assert mark(store, one)
    assert finish(store, one, *[Outcome.UNKNOWN] * len(one.recipients))
    before, told = the(store)
    store.outbox.do(Act.RETRY, ["01mail"], reason="now", by="ann", now=LATER)
    after, _ = the(store)
    assert (before.state, after.state) == ("queued", "queued")
    assert after.due_at == min(who.due_at for who in told) > moment(LATER)
    assert claim(store) == ()


def test_a_limit_is_taken_in_the_claim(store):
    """Two of five may go in this minute; the others are due when there is room, and nothing else waits for them."""
    limit = Limit((Rate(2, 60.0),))
    store._writer.do(lambda one: keep_rates(one, "smtp:mx:25", limit, now=moment(NOW)))
    for number in range(5):
        keep(store, a_mail(id=f"01a{number}"), lane="smtp:mx:25")
    keep(store, a_mail(id="01b"))
    taken = []
    for half_minute in range(20):
        got = claim(store, now=LATER + half_minute * 31 * SECOND)
        taken.append(ids(got))
        assert all(finish(store, one, Outcome.ACCEPTED, Outcome.ACCEPTED) for one in got)
    assert sorted(taken[0]) == ["01a0", "01a1", "01b"]
    assert taken[1] == []
    assert [one for some in taken[1:] for one in some] == ["01a2", "01a3", "01a4"]
    assert max(map(len, taken[1:])) <= 2


def test_a_long_queue_before_a_full_lane_is_put_off_mail_by_mail(store):
    """Each when its turn may come: a second later a few are due, and the rate is used to the full."""
    rate, many = Rate(10, 10.0), 60
    store._writer.do(lambda one: keep_rates(one, "smtp:mx:25", Limit((rate,)), now=moment(NOW)))
    for number in range(many):
        keep(store, a_mail(id=f"01a{number:02}"), lane="smtp:mx:25")
    went = []
    for second in range(80):
        got = claim(store, now=LATER + second * SECOND)
        assert all(finish(store, one, Outcome.ACCEPTED, Outcome.ACCEPTED) for one in got)
        went += [second] * len(got)
        due = [one.due_at for one in rows(store, mails.message) if one.state == "queued"]
        assert sum(one <= moment(LATER + (second + 1) * SECOND) for one in due) <= rate.amount + 1
    assert len(went) == many
    assert went[-1] <= many / rate.amount * rate.seconds + rate.seconds
    assert all(sum(first <= one < first + 10 for one in went) <= rate.amount for first in went)


# Several claimers


def test_what_was_taken_out_of_a_mail_stays_out_when_it_is_put_in_again(store):
    """The first answer was lost, and the mail has been sent meanwhile: its content was sensitive (M37)."""
    submission = a_mail()
    deposit = deposit_of(submission, how="enqueue", now=NOW, retry=RetryRules(), vault=None)
    assert deposit.is_plain
    assert store.queue.put_together([[deposit]]).result() == [(Placed(submission.id),)]
    with store._database.writing() as transaction:
        transaction.connection.execute(delete(mails.content))
    assert store.queue.put_together([[deposit]]).result() == [(Placed(submission.id),)]
    assert (len(rows(store, mails.message)), rows(store, mails.content)) == (1, [])


def test_two_threads_never_get_the_same_mail(url):
    """Each with a store of its own, as two processes have: every mail is claimed once."""
    with open_store(url, secret_keys=KEYS) as first, open_store(url, secret_keys=KEYS) as second:
        for number in range(60):
            keep(first, a_mail(id=f"01m{number:02}"))
        got = []

        def take(store):
            while found := ids(claim(store, most=3)):
                got.extend(found)

        threads = [threading.Thread(target=take, args=(one,)) for one in (first, second, first, second)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(got) == [f"01m{number:02}" for number in range(60)]


CLAIMER = """
import sys
from datetime import datetime
from mailsend.store import open_store
now = datetime.fromisoformat(sys.argv[3])
with open_store(sys.argv[1]) as store:
    input()
    number = 0
    while found := store.queue.claim(
        name=f"{sys.argv[2]} {number}", most=2, now=now, lease=60.0, settle=None
    ).result():
        number += 1
        for one in found:
            print(one.row.id)
"""


def test_two_processes_never_get_the_same_mail(url):
    """They begin at the same word, and share out what is there."""
    with open_store(url, secret_keys=KEYS) as store:
        for number in range(40):
            keep(store, a_mail(id=f"01m{number:02}"))
    claimers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CLAIMER), url, name, LATER.isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for one in claimers:
        one.stdin.write("go\n")
        one.stdin.flush()
    got = [one.communicate(timeout=60)[0].split() for one in claimers]
    assert sorted([*got[0], *got[1]]) == [f"01m{number:02}" for number in range(40)]


# Content and ends


def test_one_that_is_there_already_is_not_put_in_again(store):
    """Nor is its content, which may have been taken out by now."""
    keep(store, a_mail())
    store._writer.do(lambda one: one.connection.execute(mails.content.delete()))
    keep(store, a_mail())
    assert (len(rows(store, mails.message)), rows(store, mails.content)) == (1, [])


def test_a_mail_whose_time_is_over_is_given_up_with_an_event(store):
    """At the end of its window whoever is open expires, and the event names their places."""
    keep(store, a_mail(), gives_up_at=NOW + timedelta(days=3))
    (mine,) = claim(store, now=NOW + timedelta(days=3))
    late = NOW + timedelta(days=3)
    assert finish(store, mine, Outcome.DEFERRED, Outcome.ACCEPTED, now=late)
    row, told = the(store)
    assert (row.state, [one.outcome for one in told]) == ("expired", ["expired", "accepted"])
    (event,) = rows(store, mails.event)
    assert (event.act, event.message, event.facts) == ("gave_up", "01mail", '{"recipients":[0]}')


def test_the_steps_are_those_of_the_rules(store):
    """1, 5, 15, 30 and 60 minutes after each other, then hourly, the last at the window's end."""
    keep(store, a_mail(), gives_up_at=NOW + timedelta(hours=5))
    now, pauses = LATER, []
    while found := claim(store, now=now):
        assert finish(store, found[0], Outcome.DEFERRED, Outcome.DEFERRED, now=now)
        if (due := store.queue.next_due()) is None:
            break
        pauses.append((due - now).total_seconds() / 60)
        now = due
    assert pauses[:5] == [1, 5, 15, 30, 60]
    assert pauses[5:7] == [60, 60]
    assert now == NOW + timedelta(hours=5)
    assert the(store)[0].state == "expired"
