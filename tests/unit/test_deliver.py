"""Walking the routes, with transports that do what a test says and no network."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from scripted_routes import (
    FINE,
    ONE,
    TEST,
    TWO,
    A,
    B,
    C,
    World,
    accepts,
    busy,
    cut,
    finds,
    hosts,
    outcomes,
    raises,
    says,
    silent_dot,
    submission,
    trouble,
)

from mailsend.decide.last_look import Drop, DropReason, Go, Hold, HoldReason
from mailsend.decide.verdict import Reason, Step, conclude
from mailsend.deliver import deliver
from mailsend.errors import InvalidMessage
from mailsend.model.address import ByAddress
from mailsend.model.envelope import Envelope
from mailsend.model.report import Fault, Outcome, RecipientResult
from mailsend.transport.base import attempt_from, result_of


def test_the_first_route_that_accepts_is_the_only_one():
    """A mail that the first server accepts is offered to no other, and the report says it all."""
    world = World({ONE: [accepts], TWO: [accepts]})
    report = world.deliver(submission(A))
    assert hosts(world) == ["one.example"]
    assert report.recipients == {
        A: RecipientResult(
            outcome=Outcome.ACCEPTED,
            reply=FINE,
            server="one.example:587",
            envelope_address=A,
            attempts=1,
            reason="accepted",
        )
    }
    assert (report.id, report.message_id, report.digest) == ("4711", "4711@suite.example", "d1")
    assert (report.complete, len(report.attempts), world.looks) == (True, 1, 1)


def test_the_transport_is_told_what_the_mail_asks():
    """Our id, the wish for TLS all the way and what is left of the deadline reach the transport."""
    world = World({ONE: [accepts]})
    world.deliver(submission(A, require_tls=True), deadline=7.0)
    options = world.asked[0][2]
    assert (options.envelope_id, options.require_tls, options.deadline) == ("4711", True, 7.0)


@pytest.mark.parametrize(
    "answer",
    [trouble, busy, cut, finds(Reason.NAME_LOOKUP_FAILED), finds(Reason.CERTIFICATE_NOT_TRUSTED),
     says(Step.AUTH, "454 4.7.0 later"), says(Step.GREETING, "421 4.7.0 slow down")],
)  # fmt: skip
def test_a_temporary_fault_of_the_server_leads_to_the_next_at_once(answer):
    """The next route is tried without waiting, with the same envelope."""
    world = World({ONE: [answer], TWO: [accepts]})
    report = world.deliver(submission(A, B))
    assert (hosts(world), world.slept) == (["one.example", "two.example"], [])
    assert outcomes(report) == {"a": "accepted", "b": "accepted"}
    assert world.asked[0][1] == world.asked[1][1]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (says(Step.AUTH, "535 5.7.8 wrong"), "deferred"),
        (says(Step.MAIL, "550 5.7.60 not as this sender"), "deferred"),
        (says(Step.RCPT, "450 4.7.1 greylisted"), "deferred"),
        (says(Step.RCPT, "550 5.1.1 unknown"), "rejected"),
        (says(Step.DOT, "554 5.7.1 spam"), "rejected"),
        (finds(Reason.NAME_MISSING), "deferred"),
        (silent_dot, "unknown"),
    ],
)
def test_nothing_else_leads_to_the_next_or_is_tried_again(answer, outcome):
    """Permanent faults, a missing name, recipients, messages and silence after the dot stay here."""
    world = World({ONE: [answer], TWO: [accepts]})
    report = world.deliver(submission(A))
    assert (hosts(world), world.slept) == (["one.example"], [])
    assert outcomes(report) == {"a": outcome}


@pytest.mark.parametrize("answer", [cut, busy, finds(Reason.NOT_CONNECTED)])
def test_connection_faults_are_tried_again_after_one_two_and_four_seconds(answer):
    """Where only connections failed the routes are walked again, waiting longer each time."""
    world = World({ONE: [answer, answer, answer, accepts]})
    report = world.deliver(submission(A, servers=(ONE,)))
    assert world.slept == [1.0, 2.0, 4.0]
    assert outcomes(report) == {"a": "accepted"}
    assert report.recipients[A].attempts == 4


def test_an_attempt_that_was_told_to_slow_down_is_not_counted():
    """421 4.7.x is tried again and does not count as an attempt."""
    slow = says(Step.GREETING, "421 4.7.0 slow down")
    world = World({ONE: [slow, slow, accepts]})
    report = world.deliver(submission(A, servers=(ONE,)))
    assert (report.recipients[A].attempts, len(report.attempts)) == (1, 3)


def test_what_a_server_answered_is_not_tried_again():
    """A 451 at MAIL is an answer: it leads to the next route and to no second round."""
    world = World({ONE: [trouble], TWO: [trouble]})
    report = world.deliver(submission(A))
    assert (hosts(world), world.slept) == (["one.example", "two.example"], [])
    assert outcomes(report) == {"a": "deferred"}


def test_a_greylisted_recipient_is_not_taken_along_into_the_next_round():
    """Where one recipient's connection failed and another was greylisted, only the first goes on."""
    world = World({ONE: [says(Step.RCPT, "450 4.7.1 greylisted", only=[A]), accepts]})
    report = world.deliver(submission(A, B, servers=(ONE,)))
    assert (outcomes(report), len(world.asked)) == ({"a": "deferred", "b": "accepted"}, 1)


def test_the_deadline_ends_the_rounds():
    """No round begins that the deadline would cut; what was told last stays."""
    world = World({ONE: [cut]})
    report = world.deliver(submission(A, servers=(ONE,)), deadline=5.0)
    assert (world.slept, len(report.attempts)) == ([1.0, 2.0], 3)
    assert (outcomes(report), report.recipients[A].reason) == ({"a": "deferred"}, "connection_lost")


def test_a_deadline_too_short_for_a_second_round_is_the_end():
    """With less than a second left nobody sleeps."""
    world = World({ONE: [cut]})
    world.deliver(submission(A, servers=(ONE,)), deadline=0.9)
    assert (world.slept, len(world.asked)) == ([], 1)


def test_without_a_deadline_the_rounds_end_too():
    """Without a deadline six rounds are walked, and no more."""
    world = World({ONE: [cut]})
    world.deliver(submission(A, servers=(ONE,)), deadline=None)
    assert (world.slept, len(world.asked)) == ([1.0, 2.0, 4.0, 8.0, 16.0], 6)


def test_a_deadline_that_has_passed_offers_nothing():
    """With no time left no server is asked, and the recipients are deferred with that reason."""
    world = World({ONE: [accepts]})
    report = world.deliver(submission(A), deadline=0.0)
    assert (world.asked, report.recipients[A].reason) == ([], "deadline")
    assert (outcomes(report), report.recipients[A].attempts) == ({"a": "deferred"}, 0)


def test_a_server_with_a_lasting_fault_of_the_account_is_not_asked_again():
    """After a 535 the second envelope does not try the same log-in; both are told the same."""
    several = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B))
    world = World({ONE: [says(Step.AUTH, "535 5.7.8 wrong")], TWO: [accepts]})
    report = world.deliver(submission(A, B, envelopes=several))
    assert hosts(world) == ["one.example"]
    assert {(one.outcome, one.reason) for one in report.recipients.values()} == {
        (Outcome.DEFERRED, "auth_failed")
    }
    assert [one.attempts for one in report.recipients.values()] == [1, 0]


def test_a_refusal_for_one_recipient_shuts_no_server():
    """Relaying denied to one recipient is asked anew for the next envelope."""
    several = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B))
    world = World({ONE: [says(Step.RCPT, "554 5.7.1 Relay access denied"), accepts]})
    report = world.deliver(submission(A, B, envelopes=several, servers=(ONE,)))
    assert outcomes(report) == {"a": "deferred", "b": "accepted"}


def test_only_who_was_deferred_goes_to_the_next_route():
    """Accepted recipients are not offered twice."""
    world = World({ONE: [says(Step.RCPT, "451 4.3.0 trouble", only=[B])], TWO: [accepts]})
    report = world.deliver(submission(A, B))
    assert [who for _, who, _ in world.asked] == [("a@example.org", "b@example.org"), ("b@example.org",)]
    assert {str(who): one.server for who, one in report.recipients.items()} == {
        "a@example.org": "one.example:587",
        "b@example.org": "two.example:587",
    }


def test_the_last_look_is_taken_before_every_attempt():
    """Two routes and a second round are four looks."""
    world = World({ONE: [cut], TWO: [cut, accepts]})
    world.deliver(submission(A))
    assert (world.looks, hosts(world)) == (4, ["one.example", "two.example"] * 2)


def test_a_hold_stops_everything_that_is_still_open():
    """A hold before the second attempt keeps back who was not accepted, with its reason."""
    hold = Hold(reason=HoldReason.TEST_MODE, why="switched on")
    world = World(
        {ONE: [says(Step.RCPT, "451 4.3.0 trouble", only=[B])], TWO: [accepts]},
        look=lambda n: Go() if n == 1 else hold,
    )
    report = world.deliver(submission(A, B))
    assert outcomes(report) == {"a": "accepted", "b": "held"}
    assert (report.recipients[B].reason, report.recipients[B].advice) == ("test_mode", "switched on")
    assert hosts(world) == ["one.example"]


@pytest.mark.parametrize(
    ("hold", "advice"),
    [
        (Hold(reason=HoldReason.INTERCEPTOR, why="too many at once"), "too many at once"),
        (
            Hold(reason=HoldReason.NOT_YET, why="2026-12-24T06:00:00+00:00"),
            "Not before 2026-12-24T06:00:00+00:00: deliver the mail again then.",
        ),
        (
            Hold(reason=HoldReason.TEST_MODE),
            (
                "Test mode is on and this mail is for real recipients: prepare it anew, so that it goes to the"
                " test address, or switch test mode off."
            ),
        ),
    ],
)
def test_a_hold_is_told_in_words(hold, advice):
    """Who is held reads why, and what to do; the reason stays the hold's code."""
    report = World({ONE: [accepts]}, look=lambda _: hold).deliver(submission(A))
    assert report.recipients[A] == RecipientResult(
        outcome=Outcome.HELD, envelope_address=A, reason=hold.reason, advice=advice
    )


@pytest.mark.parametrize("reason", HoldReason)
def test_every_hold_has_words(reason):
    """No hold leaves its reader without advice, also where it says nothing itself."""
    report = World({ONE: [accepts]}, look=lambda _: Hold(reason=reason)).deliver(submission(A))
    assert re.fullmatch(r"[A-Z].{20,}\.", report.recipients[A].advice)


def test_a_hold_at_once_opens_nothing():
    """A hold before the first attempt holds every envelope and asks for no transport."""
    several = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B))
    world = World({ONE: [accepts]}, look=lambda _: Hold(reason=HoldReason.NOT_YET))
    report = world.deliver(submission(A, B, envelopes=several))
    assert (outcomes(report), world.asked, world.looks) == ({"a": "held", "b": "held"}, [], 1)


def test_who_is_dropped_is_not_offered():
    """An expired mail expires for those whom the drop names; the others are sent."""
    drop = Drop(reason=DropReason.EXPIRED, recipients=(A,))
    world = World({ONE: [accepts]}, look=lambda _: drop)
    report = world.deliver(submission(A, B))
    assert outcomes(report) == {"a": "expired", "b": "accepted"}
    assert world.asked[0][1] == ("b@example.org",)


def test_all_dropped_takes_the_copy_along():
    """Where every requested recipient is dropped, an envelope for nobody of them is dropped too."""
    envelopes = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, C))
    drop = Drop(reason=DropReason.EXPIRED, recipients=(A,))
    world = World({ONE: [accepts]}, look=lambda _: drop)
    report = world.deliver(submission(A, envelopes=envelopes))
    assert (outcomes(report), world.asked) == ({"a": "expired"}, [])


def test_in_test_mode_each_requested_recipient_has_the_test_addresss_result():
    """The report speaks of those who were asked for, and says who stood in RCPT TO."""
    world = World({ONE: [accepts]})
    report = world.deliver(submission(A, B, stands={A: TEST, B: TEST}))
    assert world.asked[0][1] == ("test@suite.example",)
    assert {str(who): str(one.envelope_address) for who, one in report.recipients.items()} == {
        "a@example.org": "test@suite.example",
        "b@example.org": "test@suite.example",
    }


def test_one_dropped_of_two_behind_one_address_drops_nobody():
    """While somebody still wants it, the address that stands for both is offered."""
    world = World({ONE: [accepts]}, look=lambda _: Drop(reason=DropReason.EXPIRED, recipients=(A,)))
    report = world.deliver(submission(A, B, stands={A: TEST, B: TEST}))
    assert outcomes(report) == {"a": "accepted", "b": "accepted"}


def test_who_was_left_out_is_told_as_what():
    """A suppressed recipient is in the report and in no envelope."""
    world = World({ONE: [accepts]})
    report = world.deliver(submission(A, B, left_out=(B,)))
    assert outcomes(report) == {"a": "accepted", "b": "suppressed"}
    assert world.asked[0][1] == ("a@example.org",)


def test_of_two_envelopes_to_one_address_the_gravest_result_is_told():
    """A copy that failed is not hidden by one that arrived."""
    twice = (Envelope(reverse_path="ann@suite.example", recipients=(A,)),) * 2
    for answers in ([accepts, silent_dot], [silent_dot, accepts]):
        report = World({ONE: answers}).deliver(submission(A, envelopes=twice))
        assert outcomes(report) == {"a": "unknown"}


def test_an_error_of_our_own_before_sending_is_in_the_report():
    """What a transport refuses to begin with is deferred, and the error is told."""
    problem = InvalidMessage("data", "a CR or LF stands alone", advice="End every line with CRLF.")
    world = World({ONE: [raises(problem)], TWO: [accepts]})
    report = world.deliver(submission(A))
    assert (report.error, outcomes(report), hosts(world)) == (problem, {"a": "deferred"}, ["one.example"])
    assert report.recipients[A].advice == "End every line with CRLF."


def test_a_transport_that_breaks_leaves_the_outcome_unknown():
    """An exception that no transport should raise does not lose what is known of the others."""
    several = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B, C))
    problem = RuntimeError("broken")
    world = World({ONE: [accepts, raises(problem)]})
    report = world.deliver(submission(A, B, C, envelopes=several))
    assert (report.error, outcomes(report)) == (
        problem,
        {"a": "accepted", "b": "unknown", "c": "deferred"},
    )
    assert report.recipients[C].reason == "not_tried"


def test_a_transport_that_forgets_the_deadline_does_not_hang(monkeypatch):
    """A transport that ignores its deadline is cancelled, and what it did is unknown."""
    monkeypatch.setattr("mailsend.deliver.delivery._OVERTIME", 0.05)

    async def forever(server, envelope):
        await asyncio.Event().wait()

    report = World({ONE: [forever], TWO: [accepts]}).deliver(submission(A), deadline=0.05)
    assert (outcomes(report), report.recipients[A].reason) == ({"a": "unknown"}, "silence_after_dot")


def test_what_is_known_at_the_end_of_the_overtime_is_told(monkeypatch):
    """Where the loop was held up, both limits pass at once: what the server had said by then is not lost."""
    monkeypatch.setattr("mailsend.deliver.delivery._OVERTIME", 0.05)

    class Late:
        async def submit(self, envelope, data, *, options):
            try:
                await asyncio.Event().wait()
            finally:
                options.abandoned(await accepts(ONE, envelope))

    report = asyncio.run(
        deliver(
            submission(A),
            transport_for=lambda _: Late(),
            look=lambda _: Go(),
            clock=lambda: 0.0,
            deadline=0.05,
        )
    )
    assert (outcomes(report), len(report.attempts)) == ({"a": "accepted"}, 1)


def test_a_foreign_transport_may_ask_for_a_retry_with_reasons_of_its_own():
    """retry_now is obeyed for deferred recipients whose reason we do not know."""

    async def odd(server, envelope):
        attempt = await trouble(server, envelope)
        results = {who: replace(one, reason="of its own") for who, one in attempt.recipients.items()}
        return replace(attempt, recipients=ByAddress(results), retry_now=True)

    world = World({ONE: [odd, accepts]})
    report = world.deliver(submission(A, servers=(ONE,)))
    assert (outcomes(report), world.slept) == ({"a": "accepted"}, [1.0])


def test_faults_are_told_with_the_last_reply():
    """Where no route takes the mail, fault and advice are those of the last server asked."""
    report = World({ONE: [cut], TWO: [trouble]}).deliver(submission(A), deadline=0.5)
    result = report.recipients[A]
    assert (result.server, result.fault, result.reply.code) == ("two.example:587", Fault.SERVER, 451)
    assert result.advice == conclude(Reason.SERVER_FAULT).advice
    assert result.attempts == 2


cannot_carry = finds(Reason.SMTPUTF8_NOT_OFFERED)


def test_a_server_without_smtputf8_leads_to_one_that_has_it():
    """What this server cannot carry, the next one may."""
    world = World({ONE: [cannot_carry], TWO: [accepts]})
    report = world.deliver(submission(A))
    assert (hosts(world), outcomes(report)) == (["one.example", "two.example"], {"a": "accepted"})


def test_where_no_route_has_smtputf8_the_address_must_change():
    """Once every route has said that it cannot carry the mail, it is refused for good, with advice."""
    world = World({ONE: [cannot_carry], TWO: [cannot_carry]})
    report = world.deliver(submission(A))
    assert (hosts(world), world.slept) == (["one.example", "two.example"], [])
    assert report.recipients[A] == RecipientResult(
        outcome=Outcome.REJECTED,
        server="two.example:587",
        envelope_address=A,
        attempts=2,
        fault=Fault.MESSAGE,
        reason="needs_smtputf8",
        lasting=True,
        advice=conclude(Reason.NEEDS_SMTPUTF8).advice,
    )


def test_only_who_cannot_be_carried_is_refused():
    """Of two recipients the one with an ASCII address is accepted by the server that knows no other."""

    async def only_ascii(server, envelope):
        results = {
            who: result_of(
                conclude(Reason.SMTPUTF8_NOT_OFFERED if who == A else Reason.ACCEPTED),
                None,
                server=server.name,
                address=who,
            )
            for who in envelope.recipients
        }
        return attempt_from(results, server=server.name)

    report = World({ONE: [only_ascii]}).deliver(submission(A, B, servers=(ONE,)))
    assert outcomes(report) == {"a": "rejected", "b": "accepted"}


def test_while_a_route_may_still_carry_it_nothing_is_refused():
    """A route that could not be reached may offer SMTPUTF8: it is walked again, and the mail waits for it."""
    world = World({ONE: [cut, cut, accepts], TWO: [cannot_carry]})
    report = world.deliver(submission(A))
    assert (outcomes(report), world.slept) == ({"a": "accepted"}, [1.0, 2.0])
    report = World({ONE: [cut], TWO: [cannot_carry]}).deliver(submission(A), deadline=0.5)
    assert (outcomes(report), report.recipients[A].reason) == ({"a": "deferred"}, "smtputf8_not_offered")


def test_a_mail_that_was_cut_by_closing_is_not_tried_again():
    """Whoever closes the mailer wants no other route and no second round."""
    several = tuple(Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B))
    world = World({ONE: [finds(Reason.CLOSED)], TWO: [accepts]})
    report = world.deliver(submission(A, B, envelopes=several))
    assert (hosts(world), world.slept) == (["one.example"], [])
    assert [one.reason for one in report.recipients.values()] == ["closed", "not_tried"]


def test_a_transport_that_cannot_be_opened_offered_nothing():
    """Where no transport comes about, the mail is deferred and not unknown."""
    problem = OSError("no more files")

    def none(_):
        raise problem

    world = World({ONE: [accepts]})
    world.transport_for = none
    report = world.deliver(submission(A))
    assert (outcomes(report), report.error) == ({"a": "deferred"}, problem)


def test_a_transport_that_loses_a_recipient_leaves_it_unknown():
    """An attempt that does not speak of a recipient says nothing of what it was told."""

    async def forgetful(server, envelope):
        attempt = await accepts(server, envelope)
        return replace(attempt, recipients=ByAddress({A: attempt.recipients[A]}))

    report = World({ONE: [forgetful]}).deliver(submission(A, B))
    assert outcomes(report) == {"a": "accepted", "b": "unknown"}
    assert report.recipients[B].reason == "transport_error"


async def _forever(server, envelope):
    await asyncio.Event().wait()


async def _forgetful(server, envelope):
    return replace(await accepts(server, envelope), recipients=ByAddress({}))


async def _silent_and_nameless(server, envelope):
    attempt = await silent_dot(server, envelope)
    told = {who: replace(one, server=None) for who, one in attempt.recipients.items()}
    return replace(attempt, recipients=ByAddress(told))


@pytest.mark.parametrize(
    "answer", [raises(RuntimeError("broken")), _forever, _forgetful, _silent_and_nameless]
)
def test_what_is_unknown_is_unknown_of_a_server(monkeypatch, answer):
    """Whoever sends it once more asks that one and no other (M20)."""
    monkeypatch.setattr("mailsend.deliver.delivery._OVERTIME", 0.05)
    report = World({ONE: [trouble], TWO: [answer]}).deliver(submission(A), deadline=0.05)
    assert (outcomes(report), report.recipients[A].server) == ({"a": "unknown"}, TWO.name)


def test_what_is_cancelled_is_unknown_of_a_server():
    """Nobody hears what became of it but who asked to be told."""
    told = []

    async def cancelled():
        world = World({ONE: [_forever]})
        bringing = asyncio.create_task(
            deliver(
                submission(A),
                transport_for=world.transport_for,
                look=lambda _: Go(),
                clock=lambda: 0.0,
                deadline=None,
                cancelled=told.append,
            )
        )
        await asyncio.sleep(0.01)
        bringing.cancel()
        await asyncio.wait([bringing])

    asyncio.run(cancelled())
    assert [(outcomes(one), one.recipients[A].server) for one in told] == [({"a": "unknown"}, ONE.name)]
