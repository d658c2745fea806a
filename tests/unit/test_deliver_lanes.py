"""Walking the routes with a memory of the servers: limits, pauses and health (M7, M18, M19, M39)."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

import pytest
from scripted_routes import (
    FINE,
    ONE,
    TWO,
    A,
    B,
    World,
    accepts,
    busy,
    cut,
    finds,
    hosts,
    outcomes,
    raises,
    says,
    submission,
    trouble,
)

from mailsend.decide.last_look import Drop, DropReason, Go, Hold, HoldReason
from mailsend.decide.route import SecondLookPassedOver
from mailsend.decide.verdict import Reason, Step, conclude
from mailsend.model.circumstances import Owner
from mailsend.model.envelope import Envelope
from mailsend.model.health import WELL, Health, Standing
from mailsend.model.report import Fault, Outcome, RecipientResult

LIMITED = replace(ONE, max_per_minute=2)
too_fast = says(Step.MAIL, "450 4.7.500 Too fast")
relay_too_fast = says(Step.MAIL, "421 4.7.0 Try again in 20 seconds")


def world(script, look=None):
    return World(script, look, with_lanes=True)


def mail(servers=(LIMITED,), **more):
    return submission(A, servers=servers, **more)


def standing(found, server):
    lane = found.lanes.known(server)
    return Standing.OK if lane is None else lane.health.standing(found.now)


# Limits


def test_a_mail_over_the_limit_waits_for_it():
    """Two a minute are sent at once; the third waits a minute and is the first attempt of its mail."""
    found = world({LIMITED: [accepts]})
    reports = [found.deliver(mail(), deadline=90.0) for _ in range(3)]
    assert (found.slept, len(found.asked)) == ([60.0], 3)
    assert [one.recipients[A].attempts for one in reports] == [1, 1, 1]
    assert all(one.complete for one in reports)


def test_a_mail_that_cannot_be_in_time_is_deferred_at_once():
    """Where the deadline comes first nobody waits for it: no attempt, nobody's fault, and advice."""
    found = world({LIMITED: [accepts], TWO: [accepts]})
    for _ in range(2):
        found.deliver(mail())
    report = found.deliver(mail(servers=(LIMITED, TWO)), deadline=60.0)
    assert (found.slept, hosts(found), report.attempts) == ([], ["one.example"] * 2, ())
    assert report.recipients[A] == RecipientResult(
        outcome=Outcome.DEFERRED,
        server="one.example:587",
        envelope_address=A,
        reason="over_limit",
        advice=conclude(Reason.OVER_LIMIT).advice,
    )


def test_a_limit_is_no_fault():
    """The next route is not tried for it, and the server is as well as before."""
    found = world({LIMITED: [accepts], TWO: [accepts]})
    for _ in range(3):
        found.deliver(mail(servers=(LIMITED, TWO)), deadline=5.0)
    assert hosts(found) == ["one.example"] * 2
    assert (standing(found, LIMITED), found.lanes.known(TWO)) == (Standing.OK, None)


def test_without_a_deadline_a_mail_waits_for_an_hour_at_most():
    """What waits longer belongs into a queue."""
    hourly = replace(ONE, max_per_minute=1 / 59)
    found = world({hourly: [accepts]})
    reports = [found.deliver(mail(servers=(hourly,)), deadline=None) for _ in range(2)]
    assert (found.slept, [one.complete for one in reports]) == ([pytest.approx(3540.0)], [True, True])
    daily = replace(ONE, max_per_day=1)
    found = world({daily: [accepts]})
    reports = [found.deliver(mail(servers=(daily,)), deadline=None) for _ in range(2)]
    assert (found.slept, reports[1].recipients[A].reason) == ([], "over_limit")


def test_recipients_are_counted_where_the_limit_is_one_of_recipients():
    """Of three recipients a day a mail to two leaves one."""
    server = replace(ONE, max_recipients_per_day=3)
    found = world({server: [accepts]})
    assert found.deliver(submission(A, B, servers=(server,))).complete
    assert outcomes(found.deliver(submission(A, B, servers=(server,)))) == {"a": "deferred", "b": "deferred"}
    assert found.deliver(mail(servers=(server,))).complete


def test_each_envelope_is_a_mail_of_its_own():
    """A mail in three envelopes takes three from the limit; what is left over is deferred."""
    several = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B, A))
    found = world({LIMITED: [accepts]})
    report = found.deliver(submission(A, B, servers=(LIMITED,), envelopes=several))
    assert len(report.attempts) == 2
    assert (outcomes(report), report.recipients[A].reason) == (
        {"a": "deferred", "b": "accepted"},
        "over_limit",
    )


def test_customers_take_turns_while_they_wait():
    """A mail of a customer who comes last is not behind all those of the one who came first."""
    slow = replace(ONE, max_per_second=1)
    found = world({slow: [accepts]})
    mails = [submission(A, servers=(slow,), customer="many") for _ in range(20)]
    mails.append(submission(B, servers=(slow,), customer="one"))
    reports = found.deliver_all(mails, deadline=60.0)
    assert all(one.complete for one in reports)
    order = [who for _, (who,), _ in found.asked]
    assert order.index("b@example.org") == 2
    assert found.slept == [1.0] * 20


def test_who_waits_behind_others_gives_up_at_the_deadline(monkeypatch):
    """A place in the queue is no promise: at the deadline the mail is deferred, and the others go on."""
    slow = replace(ONE, max_per_second=1)
    found = world({slow: [accepts]})

    async def several():
        awake = asyncio.Event()

        async def sleep(seconds):
            await awake.wait()
            found.now += seconds

        found.sleep = sleep
        patient = [asyncio.create_task(found.on_its_way(mail(servers=(slow,)))) for _ in range(3)]
        await asyncio.sleep(0)
        hasty = await found.on_its_way(mail(servers=(slow,)), deadline=1.05)
        awake.set()
        return hasty, await asyncio.gather(*patient)

    hasty, patient = asyncio.run(several())
    assert (hasty.recipients[A].reason, [one.complete for one in patient]) == ("over_limit", [True] * 3)


def test_who_is_cancelled_while_waiting_hands_on_the_turn():
    """Nobody waits for a mail that nobody wants any more."""
    slow = replace(ONE, max_per_second=1)
    found = world({slow: [accepts]})

    async def several():
        asleep = asyncio.Event()
        real = found.sleep

        async def sleep(seconds):
            asleep.set()
            await asyncio.sleep(0.01)
            await real(seconds)

        found.sleep = sleep
        first, second, third = (
            asyncio.create_task(found.on_its_way(mail(servers=(slow,)))) for _ in range(3)
        )
        await asleep.wait()
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        return await asyncio.gather(first, third)

    assert [one.complete for one in asyncio.run(several())] == [True, True]
    assert found.lanes.to(slow).idle is False
    found.now += 10
    assert found.lanes.to(slow).idle is True


def test_what_another_took_meanwhile_is_waited_for_again_or_not():
    """Two event loops share a limit: who wakes up too late for the deadline is deferred."""
    slow = replace(ONE, max_per_second=1)
    for deadline, reason in ((1.5, "over_limit"), (5.0, "accepted")):
        found = world({slow: [accepts]})
        found.deliver(mail(servers=(slow,)))
        slept = []

        async def sleep(seconds, found=found, slept=slept):
            slept.append(seconds)
            found.now += seconds
            if len(slept) == 1:
                found.lanes.to(slow)._take(found.now, 1)

        found.sleep = sleep
        report = found.deliver(mail(servers=(slow,)), deadline=deadline)
        assert (report.recipients[A].reason, slept) == (reason, [1.0] if deadline == 1.5 else [1.0, 1.0])


def test_those_who_wait_for_a_pause_take_turns_too():
    """A pause ends for all who waited for it, one after the other."""
    found = world({ONE: [too_fast, accepts]})
    found.deliver(mail(servers=(ONE,)))
    reports = found.deliver_all([mail(servers=(ONE,)) for _ in range(3)])
    assert ([one.complete for one in reports], found.slept) == ([True] * 3, [1.0])


def test_the_look_is_taken_after_the_wait():
    """What was switched on while a mail waited for its turn is seen."""
    looks = {1: Go(), 2: Go(), 3: Hold(reason=HoldReason.TEST_MODE)}
    found = world({LIMITED: [accepts]}, look=looks.__getitem__)
    reports = [found.deliver(mail(), deadline=90.0) for _ in range(3)]
    assert (found.slept, [outcomes(one)["a"] for one in reports]) == (
        [60.0],
        ["accepted", "accepted", "held"],
    )


@pytest.mark.parametrize(
    "seen", [Hold(reason=HoldReason.TEST_MODE), Drop(reason=DropReason.EXPIRED, recipients=(A,))]
)
def test_a_mail_that_was_not_offered_takes_nothing(seen):
    """A held or expired mail leaves the limit to the others."""
    found = world({LIMITED: [accepts]}, look=lambda n: seen if n <= 2 else Go())
    reports = [found.deliver(mail()) for _ in range(4)]
    assert ([one.complete for one in reports], found.slept) == ([False, False, True, True], [])


@pytest.mark.parametrize("reason", [Reason.NOT_CONNECTED, Reason.NAME_LOOKUP_FAILED, Reason.AUTH_PAUSED])
def test_an_attempt_that_no_server_saw_takes_nothing(reason):
    """A server that cannot be reached does not use up its own limit."""
    found = world({LIMITED: [finds(reason), finds(reason), finds(reason), accepts]})
    reports = [found.deliver(mail(), deadline=0.5) for _ in range(5)]
    assert [one.complete for one in reports] == [False, False, False, True, True]


def test_an_attempt_that_the_server_answered_counts():
    """A refusal is an answer: the server counts it, and so do we."""
    found = world({LIMITED: [says(Step.RCPT, "550 5.1.1 unknown")]})
    reasons = [found.deliver(mail(), deadline=5.0).recipients[A].reason for _ in range(3)]
    assert reasons == ["no_such_user", "no_such_user", "over_limit"]


def test_an_attempt_that_broke_counts():
    """Where nobody knows what the server saw, it may have seen the mail."""
    found = world({LIMITED: [raises(RuntimeError("broken")), raises(RuntimeError("broken")), accepts]})
    assert [found.deliver(mail(), deadline=5.0).recipients[A].reason for _ in range(3)] == [
        "transport_error",
        "transport_error",
        "over_limit",
    ]


# Pauses that a server asks for


def test_a_server_that_asks_for_less_is_given_a_pause():
    """Told that it was too fast, the next mail waits a second; nothing is counted as an attempt."""
    found = world({ONE: [too_fast, accepts]})
    first, second = (found.deliver(mail(servers=(ONE,))) for _ in range(2))
    assert (first.recipients[A].reason, first.recipients[A].attempts) == ("rate", 0)
    assert (second.complete, found.slept) == (True, [1.0])


def test_the_servers_own_words_set_the_pause():
    """Twenty seconds that the reply speaks of are a pause of twenty seconds."""
    found = world({ONE: [relay_too_fast, accepts]})
    report = found.deliver(mail(servers=(ONE,)))
    assert (report.complete, found.slept) == (True, [1.0, 19.0])
    assert report.recipients[A].attempts == 1


def test_a_pause_longer_than_the_deadline_is_told_as_what_it_is():
    """The mail is deferred with the server's fault and advice, and nothing was offered."""
    found = world({ONE: [relay_too_fast]})
    found.deliver(mail(servers=(ONE,)), deadline=0.5)
    report = found.deliver(mail(servers=(ONE,)), deadline=5.0)
    assert (report.attempts, report.recipients[A]) == (
        (),
        RecipientResult(
            outcome=Outcome.DEFERRED,
            server="one.example:587",
            envelope_address=A,
            fault=Fault.SERVER,
            reason="rate",
            advice=conclude(Reason.RATE).advice,
        ),
    )


def test_while_one_server_pauses_the_next_one_carries_the_mail():
    """Of two smarthosts the one that wants a pause is passed over, and is tried again after it."""
    found = world({ONE: [too_fast, accepts], TWO: [accepts]})
    reports = []
    for _ in range(2):
        reports.append(found.deliver(mail(servers=(ONE, TWO))))
    found.now += 1.0
    reports.append(found.deliver(mail(servers=(ONE, TWO))))
    assert hosts(found) == ["one.example", "two.example", "two.example", "one.example"]
    assert all(one.complete for one in reports)
    assert found.slept == []


def test_a_customers_server_that_pauses_is_not_waited_out_where_another_may_carry_the_mail():
    """With a smarthost behind it the mail goes there, as it does when the server says so itself."""
    found = world({ONE: [too_fast], TWO: [accepts]})
    owners = (Owner.CUSTOMER, Owner.APPLICATION)
    for _ in range(2):
        assert found.deliver(mail(servers=(ONE, TWO), owners=owners)).complete
    assert (hosts(found), found.slept) == (["one.example", "two.example", "two.example"], [])


def test_what_a_server_said_before_is_not_covered_by_a_pause():
    """Where the first server had trouble and the second pauses too long, the first one's words stay."""
    found = world({ONE: [trouble], TWO: [relay_too_fast]})
    found.deliver(mail(servers=(TWO,)), deadline=0.5)
    report = found.deliver(mail(servers=(ONE, TWO)), deadline=5.0)
    assert (report.recipients[A].reason, hosts(found)) == ("server_fault", ["two.example", "one.example"])


# Health


def test_a_server_that_failed_waits_behind_the_others_and_comes_back():
    """The next mail goes to the second smarthost at once; half a minute later the first is tried again."""
    found = world({ONE: [cut, accepts], TWO: [accepts]})
    first, second = (found.deliver(mail(servers=(ONE, TWO))) for _ in range(2))
    assert hosts(found) == ["one.example", "two.example", "two.example"]
    assert first.decisions == ()
    (order,) = second.decisions
    assert [one.name for one in order.servers] == ["two.example:587", "one.example:587"]
    (behind,) = order.passed_over
    assert (behind.reason, behind.facts) == (SecondLookPassedOver.SUSPECT, {"why": "connection_lost"})
    found.now += 30.0
    third = found.deliver(mail(servers=(ONE, TWO)))
    assert (hosts(found)[-1], third.decisions, third.complete) == ("one.example", (), True)
    assert found.lanes.known(ONE) is None


def test_an_order_is_told_once():
    """However often the routes are walked in it."""
    found = world({ONE: [cut], TWO: [cut]})
    found.lanes.to(ONE).health = Health(faults=3, bad_until=1000.0, why="not_connected")
    report = found.deliver(mail(servers=(ONE, TWO)), deadline=2.0)
    assert (hosts(found), len(report.decisions)) == (["two.example", "one.example"] * 2, 1)


def test_where_all_are_down_all_are_tried():
    """Health leaves no route out."""
    found = world({ONE: [busy], TWO: [cut]})
    for _ in range(2):
        found.deliver(mail(servers=(ONE, TWO)), deadline=0.5)
    assert hosts(found) == ["one.example", "two.example"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        says(Step.RCPT, "550 5.1.1 unknown"),
        says(Step.MAIL, "550 5.7.60 not as this sender"),
        says(Step.DOT, "554 5.7.1 spam"),
        says(Step.AUTH, "535 5.7.8 wrong"),
        finds(Reason.NAME_MISSING),
        says(Step.DOT, None),
    ],
)
def test_what_is_not_the_connections_fault_leaves_the_order_as_it_is(answer):
    """A refusal, a wrong password, a missing name: the next mail asks the same server first."""
    found = world({ONE: [answer], TWO: [accepts]})
    for _ in range(2):
        found.deliver(mail(servers=(ONE, TWO)))
    assert hosts(found) == ["one.example"] * 2
    assert standing(found, ONE) is Standing.OK


def test_a_customers_mail_waits_for_the_customers_server():
    """However long it is down, it is asked first, and a smarthost only stands behind it (M7)."""
    found = world({ONE: [cut], TWO: [accepts]})
    owners = (Owner.CUSTOMER, Owner.APPLICATION)
    for _ in range(4):
        found.deliver(mail(servers=(ONE, TWO), owners=owners))
        found.now += 30
    assert hosts(found) == ["one.example", "two.example"] * 4
    assert standing(found, ONE) is Standing.DOWN or found.lanes.known(ONE).health.faults == 3


def test_where_no_route_has_smtputf8_the_order_does_not_matter():
    """That no server carries an address is found in whichever order they were asked."""
    cannot = finds(Reason.SMTPUTF8_NOT_OFFERED)
    found = world({ONE: [cut, cannot], TWO: [accepts, cannot]})
    found.deliver(mail(servers=(ONE, TWO)))
    report = found.deliver(mail(servers=(ONE, TWO)))
    assert (hosts(found)[2:], outcomes(report)) == (["two.example", "one.example"], {"a": "rejected"})


def test_a_server_without_limits_of_which_nothing_is_known_has_no_lane():
    """What is well costs nothing."""
    found = world({ONE: [accepts]})
    report = found.deliver(mail(servers=(ONE,)))
    assert (report.recipients[A].reply, found.lanes.known(ONE)) == (FINE, None)


# The lane itself


def test_a_lane_serves_one_loop_after_the_other():
    """What was taken on one event loop is out on the next; a loop that has ended keeps nobody waiting."""
    found = world({LIMITED: [accepts]})

    async def abandoned():
        for _ in range(3):
            task = asyncio.create_task(found.on_its_way(mail()))
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    found.sleep = lambda seconds: asyncio.Event().wait()
    asyncio.run(abandoned())
    gc.collect()
    del found.sleep
    assert found.deliver(mail(), deadline=90.0).complete
    assert found.slept == [60.0]


def test_lanes_that_say_nothing_are_forgotten(monkeypatch):
    """Ten thousand customers' servers that were down once are not remembered for ever."""
    monkeypatch.setattr("mailsend.mailer.lanes._MOST", 4)
    found = world({})
    found.lanes._tidy_at = 4
    servers = [replace(ONE, host=f"{n}.example") for n in range(12)]
    for one in servers:
        found.lanes.to(one)
    assert len(found.lanes._lanes) <= 5
    bad = []
    for one in servers[:6]:
        bad.append(found.lanes.to(one))
        bad[-1].health = replace(WELL, faults=1)
    for one in servers:
        found.lanes.to(one)
    assert [found.lanes.known(one) for one in servers[:6]] == bad
