"""How well a server is after an attempt at it (M18, M19)."""

from __future__ import annotations

import pytest

from mailsend.decide import health as deciding
from mailsend.decide.health import after
from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.model.address import Address
from mailsend.model.health import WELL, Health, Standing
from mailsend.model.reply import Reply
from mailsend.transport.base import attempt_from, result_of

A, B = (Address.parse(f"{name}@example.org") for name in "ab")


def told(*verdicts):
    """An attempt whose recipients were told these: a step and a line, or a reason of our own."""
    results = {}
    for number, one in enumerate(verdicts):
        if isinstance(one, Reason):
            verdict, reply = conclude(one), None
        else:
            step, line = one
            reply = Reply.of(int(line[:3]), line[4:])
            verdict = judge(step, reply)
        who = (A, B)[number]
        results[who] = result_of(verdict, reply, server="mail.example:587", address=who)
    return attempt_from(results, server="mail.example:587")


FINE = (Step.DOT, "250 2.0.0 queued")
ACCEPTED = told(FINE)
LOST = told(Reason.CONNECTION_LOST)
TOO_FAST = told((Step.MAIL, "450 4.7.500 Too fast"))
SUSPECT = Health(faults=1, bad_until=130.0, why="not_connected")


@pytest.mark.parametrize(
    "attempt",
    [
        told(Reason.NOT_CONNECTED),
        LOST,
        told(Reason.NAME_LOOKUP_FAILED),
        told(Reason.TLS_FAILED),
        told(Reason.TLS_NOT_OFFERED),
        told(Reason.CERTIFICATE_NOT_TRUSTED),
        told((Step.MAIL, "421 4.3.2 Going down")),
        told((Step.RCPT, "550 5.1.1 No such user"), (Step.DOT, "421 4.3.2 Going down")),
    ],
)
def test_a_connection_that_fails_and_a_421_make_a_server_suspect(attempt):
    """For half a minute others go first; what failed is remembered."""
    found = after(WELL, attempt, 100.0)
    assert (found.faults, found.bad_until, found.slow) == (1, 130.0, 0)
    assert found.why in {str(one.reason) for one in attempt.recipients.values()} - {"no_such_user"}
    assert [found.standing(now) for now in (100.0, 129.9, 130.0)] == [
        Standing.SUSPECT,
        Standing.SUSPECT,
        Standing.OK,
    ]


@pytest.mark.parametrize(
    "attempt",
    [
        told((Step.RCPT, "550 5.1.1 No such user")),
        told((Step.RCPT, "450 4.2.0 Greylisted")),
        told((Step.MAIL, "550 5.7.60 Not as this sender")),
        told((Step.DOT, "554 5.7.1 Spam")),
        told((Step.MAIL, "552 5.3.4 Too big")),
        told((Step.AUTH, "535 5.7.8 Wrong password")),
        told((Step.MAIL, "451 4.3.0 Trouble")),
        told(Reason.NAME_MISSING),
        told(Reason.AUTH_PAUSED),
        told(Reason.DEADLINE),
        told(Reason.CLOSED),
        told(Reason.SMTPUTF8_NOT_OFFERED),
        told(Reason.SILENCE_AFTER_DOT),
        ACCEPTED,
    ],
)
def test_nothing_else_makes_a_server_bad(attempt):
    """Refused recipients, messages and senders, a wrong password and a missing name do not."""
    assert after(WELL, attempt, 100.0) == WELL


def test_rests_grow_from_fault_to_fault_and_the_third_makes_it_down():
    """30, 60, 120, 240 seconds, then never more than 300."""
    health, now, rests, standings = WELL, 0.0, [], []
    for _ in range(12):
        health = after(health, LOST, now)
        rests.append(health.bad_until - now)
        standings.append(health.standing(now))
        now = health.bad_until
    assert rests == [30.0, 60.0, 120.0, 240.0] + [300.0] * 8
    assert standings == [Standing.SUSPECT] * 2 + [Standing.DOWN] * 10
    assert (health.faults, health.why) == (12, "connection_lost")


def test_a_thousand_faults_are_no_number_too_great():
    """A server that nobody mends for months is still only left alone for five minutes."""
    assert after(Health(faults=10_000), LOST, 0.0).bad_until == 300.0
    assert after(Health(slow=10_000), TOO_FAST, 0.0).slow_until == 300.0


def test_attempts_that_failed_together_count_once():
    """Sixteen connections that break at once make a server suspect, and not down."""
    assert after(SUSPECT, LOST, 129.9) == SUSPECT
    assert after(SUSPECT, LOST, 130.0).faults == 2


@pytest.mark.parametrize("answer", [ACCEPTED, told((Step.RCPT, "550 5.1.1 No such user"))])
def test_any_answer_mends(answer):
    """A server that answers is well again, whatever it answers."""
    assert after(SUSPECT, answer, 101.0) == WELL


def test_an_acceptance_without_a_reply_mends_too():
    """A transport that has no replies still says that it took the mail."""
    assert after(SUSPECT, told(Reason.ACCEPTED), 101.0) == WELL


@pytest.mark.parametrize("nothing", [told(Reason.DEADLINE), told(Reason.NAME_MISSING)])
def test_where_nothing_was_heard_nothing_is_learnt(nothing):
    """An attempt that did not reach the server leaves its health as it was."""
    assert after(SUSPECT, nothing, 101.0) == SUSPECT


def test_a_server_that_is_too_busy_for_us_is_left_alone_for_a_while():
    """Told to slow down, it wants nothing for a second, and stands behind those that are well."""
    found = after(WELL, TOO_FAST, 100.0)
    assert found == Health(slow=1, slow_until=101.0)
    assert (found.standing(100.5), found.standing(101.0)) == (Standing.SLOWED, Standing.OK)
    assert (found.pause(100.25), found.pause(101.0), found.pause(200.0)) == (0.75, 0.0, 0.0)


def test_a_421_that_asks_for_less_is_no_fault():
    """421 4.7.x slows down and makes nothing suspect."""
    assert after(WELL, told((Step.GREETING, "421 4.7.0 Try later")), 100.0) == Health(
        slow=1, slow_until=101.0
    )


def test_pauses_grow_and_each_acceptance_after_one_mends_a_step():
    """1, 2, 4 … seconds; what is accepted afterwards brings it down again, step by step."""
    health, now, pauses = WELL, 0.0, []
    for _ in range(11):
        health = after(health, TOO_FAST, now)
        pauses.append(health.slow_until - now)
        now = health.slow_until
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]
    health = Health(slow=3, slow_until=50.0)
    steps = []
    for _ in range(3):
        health = after(health, ACCEPTED, 50.0)
        steps.append(health)
    assert steps == [Health(slow=2, slow_until=50.0), Health(slow=1, slow_until=50.0), WELL]


def test_what_was_under_way_when_the_pause_began_mends_nothing():
    """An acceptance within the pause, and a refusal after it, leave the step as it was."""
    slowed = Health(slow=2, slow_until=50.0)
    assert after(slowed, ACCEPTED, 49.9) == slowed
    assert after(slowed, told((Step.RCPT, "550 5.1.1 No such user")), 50.0) == slowed


def test_being_told_twice_within_a_pause_makes_it_no_longer():
    """Sixteen connections told at once are one pause of a second."""
    slowed = Health(slow=1, slow_until=101.0)
    assert after(slowed, TOO_FAST, 100.5) == slowed


def test_the_servers_own_wish_makes_the_pause_longer_and_never_shorter():
    """A hint counts between our pause and an hour."""
    assert after(WELL, TOO_FAST, 100.0, 60.0).slow_until == 160.0
    assert after(WELL, TOO_FAST, 100.0, 0.5).slow_until == 101.0
    assert after(WELL, TOO_FAST, 100.0, 90_000.0).slow_until == 3700.0
    assert after(Health(slow=1, slow_until=101.0), TOO_FAST, 100.5, 60.0) == Health(slow=1, slow_until=160.5)
    assert after(Health(slow=1, slow_until=200.0), TOO_FAST, 100.5, 60.0) == Health(slow=1, slow_until=200.0)


def test_a_fault_and_a_pause_are_remembered_beside_each_other():
    """Being suspect outweighs being slowed; when the fault is mended the pause is still known."""
    both = after(Health(slow=2, slow_until=200.0), LOST, 100.0)
    assert both == Health(faults=1, bad_until=130.0, why="connection_lost", slow=2, slow_until=200.0)
    assert (both.standing(100.0), both.standing(130.0)) == (Standing.SUSPECT, Standing.SLOWED)
    assert after(both, ACCEPTED, 110.0) == Health(slow=2, slow_until=200.0)
    assert after(both, TOO_FAST, 210.0) == Health(
        faults=1, bad_until=130.0, why="connection_lost", slow=3, slow_until=214.0
    )


def test_the_reasons_it_knows_are_verdicts_of_the_connection():
    """Each stands among the verdicts, as the server's fault that passes; the word for too fast is theirs."""
    for code in deciding._CONNECTION:
        verdict = conclude(Reason(code))
        assert (str(verdict.fault), verdict.lasting, verdict.next_route) == ("server", False, True)
    assert Reason.RATE == deciding._TOO_FAST
