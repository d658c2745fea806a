"""Laws of failover: whatever servers answer, in whatever order, nothing is tried that may not be."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import event, given
from hypothesis import strategies as st
from scripted_routes import A, B, C, World, submission

from mailsend.decide.route import RoutesDecision, RoutesReason, second_look
from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.model.address import Address
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.envelope import Envelope
from mailsend.model.health import Health
from mailsend.model.reply import Reply
from mailsend.model.report import Fault, Outcome
from mailsend.model.server import Server
from mailsend.transport.base import attempt_from, result_of

SERVERS = tuple(Server(host=f"{name}.example", port=587) for name in ("one", "two", "three"))
OWNERS = (Owner.CUSTOMER, Owner.APPLICATION, Owner.APPLICATION)

# What everybody hears alike, and what each recipient may hear of its own.
TO_ALL = [
    *(Reason.NOT_CONNECTED, Reason.CONNECTION_LOST, Reason.NAME_MISSING, Reason.NAME_LOOKUP_FAILED),
    *(Reason.CERTIFICATE_NOT_TRUSTED, Reason.AUTH_PAUSED, Reason.SILENCE_AFTER_DOT),
    (Step.GREETING, "421 4.3.2 Busy"),
    (Step.GREETING, "421 4.7.0 Try again in 3 seconds"),
    (Step.MAIL, "450 4.7.500 Too fast"),
    (Step.AUTH, "454 4.7.0 Later"),
    (Step.AUTH, "535 5.7.8 Wrong"),
    (Step.MAIL, "550 5.7.60 Not as this sender"),
    (Step.MAIL, "451 4.3.0 Trouble"),
    (Step.DOT, "554 5.7.1 Spam"),
    (Step.DOT, "552 5.3.4 Too big"),
    (Step.DOT, "250 2.0.0 Queued"),
]
TO_ONE = [
    Reason.SMTPUTF8_NOT_OFFERED,
    (Step.RCPT, "550 5.1.1 Unknown"),
    (Step.RCPT, "450 4.7.1 Greylisted"),
    (Step.RCPT, "451 4.3.0 Trouble"),
    (Step.RCPT, "554 5.7.1 Relay access denied"),
    (Step.RCPT, "452 4.5.3 Too many recipients"),
    (Step.DOT, "250 2.0.0 Queued"),
]
ANSWERS = st.one_of(
    st.sampled_from(TO_ALL).map(lambda one: (one,) * 3),
    st.tuples(*(st.sampled_from([*TO_ONE, *TO_ALL[-1:]]),) * 3),
)
SCRIPTS = st.tuples(*(st.lists(ANSWERS, min_size=1, max_size=4),) * 3)


def verdict_of(said):
    if isinstance(said, Reason):
        return conclude(said), None
    step, line = said
    reply = Reply.of(int(line[:3]), line[4:])
    return judge(step, reply), reply


class Told:
    """Transports that write down who was offered to whom, and what each was told."""

    def __init__(self):
        self.log = []  # (attempt, server, recipient, verdict)
        self.attempts = 0

    def answering(self, said):
        async def answer(server, envelope):
            self.attempts += 1
            results, retry_now = {}, False
            for one, of_one in zip((A, B, C), said, strict=True):
                if one in envelope.recipients:
                    verdict, reply = verdict_of(of_one)
                    results[one] = result_of(verdict, reply, server=server.name, address=one)
                    retry_now = retry_now or verdict.retry_now
                    self.log.append((self.attempts, server, one, verdict))
            return attempt_from(results, server=server.name, retry_now=retry_now)

        return answer


def run(scripts, deadline, *, with_lanes, apart=False, mails=1):
    told = Told()
    world = World(
        {
            server: [told.answering(said) for said in answers]
            for server, answers in zip(SERVERS, scripts, strict=True)
        },
        with_lanes=with_lanes,
    )
    envelopes = apart and tuple(
        Envelope(reverse_path="ann@suite.example", recipients=(who,)) for who in (A, B, C)
    )
    found = []
    for _ in range(mails):
        told.log = []
        report = world.deliver(
            submission(A, B, C, servers=SERVERS, owners=OWNERS, envelopes=envelopes or None), deadline
        )
        found.append((report, told.log))
    return found


CASES = {
    "scripts": SCRIPTS,
    "deadline": st.sampled_from([0.5, 5.0, 60.0, None]),
    "with_lanes": st.booleans(),
    "apart": st.booleans(),
}


def heard(log, who):
    return [(server, verdict) for _, server, one, verdict in log if one == who]


@given(**CASES)
def test_what_is_settled_is_never_offered_again(scripts, deadline, with_lanes, apart):
    """After an acceptance, a refusal for good, a lasting fault or silence no server sees the recipient again."""
    for report, log in run(scripts, deadline, with_lanes=with_lanes, apart=apart, mails=3):
        event(f"{len(report.attempts)} attempts")
        for who in (A, B, C):
            for _, verdict in heard(log, who)[:-1]:
                assert verdict.outcome is Outcome.DEFERRED
                assert not verdict.lasting


@given(**CASES)
def test_only_what_a_server_or_account_has_for_now_leads_elsewhere(scripts, deadline, with_lanes, apart):
    """Whoever is offered to a second server was told of a passing fault of the first."""
    for _, log in run(scripts, deadline, with_lanes=with_lanes, apart=apart, mails=3):
        for who in (A, B, C):
            told = heard(log, who)
            for (server, verdict), (after, _) in itertools.pairwise(told):
                assert verdict.fault in (Fault.SERVER, Fault.ACCOUNT)
                assert verdict.reason is not Reason.NAME_MISSING
                assert verdict.next_route if server != after else verdict.next_route or verdict.retry_now


@given(**CASES)
def test_every_recipient_ends_in_one_outcome_which_is_what_it_was_told_last(
    scripts, deadline, with_lanes, apart
):
    """Nobody is lost, nobody is counted twice, and the report says what the last server said."""
    for report, log in run(scripts, deadline, with_lanes=with_lanes, apart=apart, mails=3):
        parts = (report.accepted, report.rejected, report.deferred, report.unknown)
        assert sorted(str(who) for part in parts for who in part) == sorted(str(one) for one in (A, B, C))
        for who in (A, B, C):
            result, told = report.recipients[who], heard(log, who)
            if not told:
                assert (result.outcome, result.attempts) == (Outcome.DEFERRED, 0)
                continue
            server, verdict = told[-1]
            counted = [one for _, one in told if not one.slow_down]
            assert result.attempts == len(counted)
            if result.reason != Reason.NEEDS_SMTPUTF8:
                assert (result.outcome, result.reason, result.server) == (
                    verdict.outcome,
                    verdict.reason,
                    server.name,
                )
                assert (result.fault, result.lasting) == (
                    verdict.fault,
                    verdict.lasting and verdict.outcome is not Outcome.ACCEPTED,
                )


@given(**CASES)
def test_an_acceptance_is_never_told_as_anything_else(scripts, deadline, with_lanes, apart):
    """Said accepted is accepted, and nothing else is."""
    for report, log in run(scripts, deadline, with_lanes=with_lanes, apart=apart, mails=3):
        took = Counter(who for _, _, who, verdict in log if verdict.outcome is Outcome.ACCEPTED)
        assert set(took.values()) <= {1}
        assert set(report.accepted) == set(took)


@given(**CASES)
def test_the_customers_server_is_asked_first_whatever_is_known_of_it(scripts, deadline, with_lanes, apart):
    """Health changes no order between a customer's server and a smarthost (M7), save while it wants a pause."""
    slowed = False
    for report, log in run(scripts, deadline, with_lanes=with_lanes, apart=apart, mails=3):
        if not slowed and report.attempts:
            assert report.attempts[0].server == SERVERS[0].name
        slowed = slowed or any(verdict.slow_down for _, server, _, verdict in log if server == SERVERS[0])


HEALTHS = st.builds(
    Health,
    faults=st.integers(0, 5),
    bad_until=st.floats(0, 200),
    slow=st.integers(0, 3),
    slow_until=st.floats(0, 200),
)
ROUTES = st.lists(
    st.tuples(st.sampled_from(SERVERS), st.sampled_from(["", "@suite.example", "ann@suite.example"])),
    min_size=1,
)


@given(
    ROUTES,
    st.integers(0, 3),
    st.dictionaries(st.sampled_from(SERVERS), HEALTHS),
    st.floats(0, 250),
)
def test_the_second_look_loses_no_server_and_crosses_no_rank(chosen, smarthosts, health, now):
    """The same servers, each group for itself, the well ones first, and in the order decided among equals."""
    ann = Address.parse("ann@suite.example")
    rank = {"ann@suite.example": 0, "@suite.example": 1, "": 2}
    own = [
        OfferedServer(server=server, owner=Owner.CUSTOMER, senders=(senders,) if senders else ())
        for server, senders in sorted(chosen, key=lambda one: rank[one[1]])
    ]
    offered = (*own, *(OfferedServer(server=one, owner=Owner.APPLICATION) for one in SERVERS[:smarthosts]))
    routes = RoutesDecision(reason=RoutesReason.CUSTOMER, offered=offered)
    found = second_look(routes, ann, health, now)
    start = 0
    groups = [
        [one.server for one in own if one.senders == ((senders,) if senders else ())] for senders in rank
    ]
    for group in (*groups, list(SERVERS[:smarthosts])):
        now_there = list(found.servers[start : start + len(group)])
        assert Counter(now_there) == Counter(group)
        standings = [
            ["ok", "slowed", "suspect", "down"].index(health.get(one, Health()).standing(now))
            for one in now_there
        ]
        assert standings == sorted(standings)
        for level in set(standings):
            same = [one for one, other in zip(now_there, standings, strict=True) if other == level]
            assert same == [one for one in group if one in same]
        start += len(group)
    assert (found.reason == "by_health") == (found.servers != routes.servers)


def test_the_cases_have_all_shapes(record_property):
    """Failing over, staying, silence, pauses and refusals all occur; their shares are printed."""
    counts = Counter()

    @given(**CASES)
    def count(scripts, deadline, with_lanes, apart):
        for report, log in run(scripts, deadline, with_lanes=with_lanes, apart=apart, mails=3):
            counts["mails"] += 1
            counts["failed over"] += len({server for _, server, _, _ in log}) > 1
            counts["another round"] += len(report.attempts) > 3
            counts["unknown"] += bool(report.unknown)
            counts["rejected"] += bool(report.rejected)
            counts["accepted"] += bool(report.accepted)
            counts["paused"] += any(verdict.slow_down for _, _, _, verdict in log)
            counts["other order"] += bool(report.decisions)

    count()
    mails = counts.pop("mails")
    shares = {name: many / mails for name, many in counts.items()}
    record_property(
        "printed",
        f"shares of {mails} mails: " + ", ".join(f"{one} {share:.0%}" for one, share in shares.items()),
    )
    assert [one for one, share in shares.items() if share < 0.005] == []
    assert len(shares) == 7
    assert mails >= 150
