"""A worker that comes too late, and knows what the server answered: nobody is sent to again for want of it."""

from __future__ import annotations

import itertools
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from kept_mails import keep, rows
from sqlalchemy import text
from store_samples import KEYS, NOW
from stored_mails import a_mail

from mailsend.decide.state import Act
from mailsend.mailer.queueing.ending import ending_of, ending_of_lapsed
from mailsend.model.address import Address, ByAddress
from mailsend.model.report import Attempt, Outcome, RecipientResult
from mailsend.model.rules import RetryRules
from mailsend.store import open_store, upgrade
from mailsend.store.queue.finish import Mark, mark_all
from mailsend.store.queue.settle import settle
from mailsend.store.schema import mails
from mailsend.store.times import moment
from mailsend.store.vault import Vault

RETRY, HOLD = RetryRules(), RetryRules(unknown="hold")
LEASE = 60.0
LONG = 60.0  # seconds that nothing here should need
SENT = NOW + timedelta(seconds=1)
LAPSED = NOW + timedelta(seconds=LEASE + 2)
AGAIN = LAPSED + timedelta(hours=1)
ACCEPTED, REJECTED, UNKNOWN = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNKNOWN
_names = itertools.count()


def claim(store, now, retry=RETRY):
    def settle(lapsed):
        return ending_of_lapsed(lapsed, retry=retry, now=now)

    name = f"claim {next(_names)}"
    return store.queue.claim(name=name, most=9, now=now, lease=LEASE, settle=settle).result()


def mark(store, claimed, now, *positions):
    who = positions or tuple(range(len(claimed.recipients)))
    return store.queue.mark(claimed.row.id, claimed.row.fence, who, server="mx", now=now).result()


def ending(claimed, told, now, attempts=(), **more):
    results = {
        place: RecipientResult(outcome=outcome, server="mx", attempts=1) for place, outcome in told.items()
    }
    return ending_of(
        claimed.row,
        claimed.recipients,
        results,
        attempts,
        retry=RETRY,
        now=now,
        jitter=0.5,
        worker="w",
        **more,
    )


def late(store, claimed, told, now=LAPSED, **more):
    """Finish too late, and settle; give whose it was."""
    end = ending(claimed, told, now, **more)
    assert not store.queue.finish(end, now=now).result()
    return store.queue.settle(end, now=now).result()


def the(store, id="01mail"):
    (row,) = [one for one in rows(store, mails.message) if one.id == id]
    told = [one for one in rows(store, mails.recipient) if one.message == id]
    return row, sorted(told, key=lambda one: one.position)


def outcomes(store):
    row, told = the(store)
    return row.state, [one.outcome for one in told]


def events(store):
    return [(one.act, one.by, json.loads(one.facts)) for one in rows(store, mails.event)]


@pytest.fixture(params=[RETRY, HOLD], ids=["resend", "hold"])
def retry(request):
    return request.param


@pytest.fixture
def slow(store, retry):
    """Give the claim of a worker that let content out to both and fell silent: they are unknown since."""
    keep(store, a_mail())
    (one,) = claim(store, SENT)
    assert mark(store, one, SENT)
    assert claim(store, LAPSED, retry) == ()
    assert {who.pinned for who in the(store)[1]} == {"mx"}
    return one


def test_an_answer_that_came_late_is_written_down(store, slow, retry):
    """Both were taken: nobody is sent to again, no person has to decide, and the event says what happened."""
    before = the(store)[0].state
    assert before == ("queued" if retry is RETRY else "held")
    assert late(store, slow, {0: ACCEPTED, 1: ACCEPTED}) == (0, 1)
    row, told = the(store)
    assert (row.state, row.reason, row.why, row.due_at, row.rank) == ("done", "", "", None, None)
    assert (row.done_at is not None, row.attempts, row.server) == (True, 1, "mx")
    assert [(one.outcome, one.due_at, one.pinned, one.attempts) for one in told] == [
        ("accepted", None, "", 1)
    ] * 2
    facts = {"before": before, "after": "done", "recipients": [0, 1]}
    assert events(store) == [("settle", "mailsend", facts)]
    assert claim(store, AGAIN) == ()


def test_nothing_is_settled_twice(store, slow):
    """Whoever asks again, since he did not hear the answer, changes nothing more."""
    late(store, slow, {0: ACCEPTED, 1: REJECTED})
    before = the(store), events(store)
    assert late(store, slow, {0: ACCEPTED, 1: REJECTED}) == ()
    assert (the(store), events(store)) == before


@pytest.mark.parametrize("retry", [RETRY], indirect=True)
def test_who_is_still_unknown_is_sent_to_again(store, slow):
    """One was taken; of the other the late one knows no more than the row does."""
    due = the(store)[0].due_at
    assert late(store, slow, {0: ACCEPTED, 1: UNKNOWN}) == (0,)
    assert outcomes(store) == ("queued", ["accepted", "unknown"])
    assert the(store)[0].due_at == the(store)[1][1].due_at == due
    (again,) = claim(store, AGAIN)
    assert mark(store, again, AGAIN, 1)
    assert not mark(store, again, AGAIN, 0)


@pytest.mark.parametrize("told", [UNKNOWN, Outcome.DEFERRED, Outcome.HELD, Outcome.EXPIRED])
def test_what_is_no_last_word_changes_nothing(store, slow, told):
    """Later tries decide, as they would without it."""
    before = the(store)
    assert late(store, slow, {0: told, 1: told}) == ()
    assert (the(store), events(store)) == (before, [])


def test_a_refusal_that_came_late_is_told_to_the_author(store, slow):
    """Its event is the one that the notices are made from, as if it had come in time."""
    late(store, slow, {0: REJECTED, 1: ACCEPTED})
    assert outcomes(store) == ("done", ["rejected", "accepted"])
    assert events(store)[1:] == [("gave_up", "mailsend", {"recipients": [0]})]
    assert [one.mail.id for one in store.upkeep.notices.waiting(since=NOW)] == ["01mail"]


def test_a_refusal_that_its_caller_is_told_is_told_to_nobody_else(store, slow):
    """Whoever waits for an answer to ``send`` has it already."""
    late(store, slow, {0: REJECTED, 1: ACCEPTED}, tell_author=False)
    assert [one[0] for one in events(store)] == ["settle"]


@pytest.mark.parametrize("retry", [RETRY], indirect=True)
def test_a_newer_claim_loses_the_mail_before_it_lets_anything_out(store, slow):
    """Both have it already: the newer claim may neither send it once more nor say what became of it."""
    (newer,) = claim(store, AGAIN)
    assert late(store, slow, {0: ACCEPTED, 1: ACCEPTED}, AGAIN) == (0, 1)
    before = the(store)
    assert (before[0].state, before[0].lease_until, before[0].worker) == ("done", None, "")
    assert outcomes(store) == ("done", ["accepted", "accepted"])
    assert not mark(store, newer, AGAIN)
    assert late(store, newer, {0: Outcome.DEFERRED, 1: REJECTED}, AGAIN) == ()
    assert the(store) == before


@pytest.mark.parametrize("retry", [RETRY], indirect=True)
def test_who_is_left_is_due_again_at_once(store, slow):
    """Taken out of the newer claim's hands for the sake of one, the mail goes out to the other."""
    (newer,) = claim(store, AGAIN)
    assert late(store, slow, {0: ACCEPTED, 1: UNKNOWN}, AGAIN) == (0,)
    assert outcomes(store) == ("queued", ["accepted", "unknown"])
    assert not mark(store, newer, AGAIN, 1)
    (again,) = claim(store, AGAIN)
    assert again.row.fence == newer.row.fence + 2
    assert mark(store, again, AGAIN, 1)
    assert not mark(store, again, AGAIN, 0)


@pytest.mark.parametrize("retry", [RETRY], indirect=True)
def test_a_newer_claim_that_lets_content_out_keeps_the_mail(store, slow):
    """A copy is on its way to one of them: what is known of the other waits until that is over."""
    (newer,) = claim(store, AGAIN)
    assert mark(store, newer, AGAIN, 0)
    before = the(store)
    assert late(store, slow, {0: ACCEPTED, 1: ACCEPTED}, AGAIN) is None
    assert the(store) == before
    results = {0: Outcome.DEFERRED, 1: Outcome.DEFERRED}
    assert store.queue.finish(ending(newer, results, AGAIN), now=AGAIN).result()
    assert late(store, slow, {0: ACCEPTED, 1: ACCEPTED}, AGAIN) == (1,)
    assert outcomes(store) == ("queued", ["unknown", "accepted"])


@pytest.mark.parametrize("retry", [RETRY], indirect=True)
def test_what_a_newer_claim_let_out_is_its_own_to_tell(store, slow):
    """Content went out once more: the answer to the first is no answer to the second."""
    (newer,) = claim(store, AGAIN)
    assert mark(store, newer, AGAIN, 0)
    results = {0: UNKNOWN, 1: Outcome.DEFERRED}
    assert store.queue.finish(ending(newer, results, AGAIN), now=AGAIN).result()
    assert late(store, slow, {0: REJECTED, 1: REJECTED}, AGAIN) == (1,)
    row, told = the(store)
    assert [one.outcome for one in told] == ["unknown", "rejected"]
    assert (row.attempts, told[1].attempts) == (2, 2)


@pytest.mark.parametrize("retry", [RETRY], indirect=True)
@pytest.mark.parametrize("newer", [ACCEPTED, REJECTED])
def test_a_newer_outcome_stands(store, slow, newer):
    """Neither last word is written over by an earlier one."""
    (one,) = claim(store, AGAIN)
    assert mark(store, one, AGAIN)
    assert store.queue.finish(ending(one, {0: newer, 1: newer}, AGAIN), now=AGAIN).result()
    before = the(store)
    assert late(store, slow, {0: ACCEPTED, 1: REJECTED}, AGAIN) == ()
    assert the(store) == before


@pytest.mark.parametrize(
    ("act", "state", "both"),
    [
        (Act.HOLD, "held", "done"),
        (Act.CANCEL, "cancelled", "cancelled"),
        (Act.FREEZE, "queued", "done"),
        (Act.FORCE, "queued", "done"),
        (Act.EXPIRE, "done", "done"),
    ],
)
@pytest.mark.parametrize("retry", [RETRY], indirect=True)
def test_what_people_did_meanwhile_stays(store, slow, act, state, both):
    """Who was held, taken out or frozen is not let go by what was heard of another."""
    store.outbox.do(act, ["01mail"], reason="wait", by="ann", now=LAPSED)
    assert late(store, slow, {0: ACCEPTED}) == (0,)
    assert outcomes(store) == (state, ["accepted", "unknown"])
    assert (the(store)[0].frozen, the(store)[0].why) == (act is Act.FREEZE, "wait" if act is Act.HOLD else "")
    assert late(store, slow, {1: ACCEPTED}) == (1,)
    assert outcomes(store) == (both, ["accepted", "accepted"])
    row, _ = the(store)
    assert (row.frozen, row.due_at, row.reason) == (0, None, "")
    assert row.done_at is not None


@pytest.mark.parametrize("retry", [HOLD], indirect=True)
def test_who_is_held_with_the_other_stays_held(store, slow):
    """A person decides about those who are left, as he would have to without it."""
    assert late(store, slow, {0: ACCEPTED, 1: UNKNOWN}) == (0,)
    assert outcomes(store) == ("held", ["accepted", "held"])
    assert the(store)[0].reason == "silence_after_dot"
    store.outbox.do(Act.RELEASE, ["01mail"], reason="go", by="ann", now=LAPSED)
    (again,) = claim(store, AGAIN)
    assert not mark(store, again, AGAIN, 0)


def test_what_ends_beside_an_expired_one_is_expired(store):
    """As if the answer had come in time: its reason says why, and its key is free where nobody has it."""
    changed = {1: {"outcome": "expired", "reason": "too_old", "due_at": None}}
    keep(store, a_mail(idempotency_key="once"), recipients=changed)
    (one,) = claim(store, SENT)
    assert mark(store, one, SENT, 0)
    assert claim(store, LAPSED) == ()
    assert late(store, one, {0: REJECTED}) == (0,)
    assert (the(store)[0].state, the(store)[0].reason) == ("expired", "too_old")


def test_sensitive_content_is_forgotten_with_the_last_word(store):
    """It is kept as long as it may be sent again, and no longer (M37)."""
    keep(store, a_mail(sensitive=True), vault=Vault(KEYS, purpose="content"))
    (one,) = claim(store, SENT)
    assert mark(store, one, SENT)
    assert claim(store, LAPSED) == ()
    assert len(rows(store, mails.content)) == 1
    assert late(store, one, {0: ACCEPTED, 1: ACCEPTED}) == (0, 1)
    assert rows(store, mails.content) == []


def test_the_attempt_stands_in_the_log(store, slow):
    """What the server said is found there, once."""
    told = RecipientResult(outcome=ACCEPTED, server="mx", attempts=1)
    who = ByAddress({Address.parse("bob@example.org"): told})
    tried = Attempt(
        server="mx", recipients=who, outcome=ACCEPTED, queue_id="4bXy", started=SENT, ended=LAPSED
    )
    late(store, slow, {0: ACCEPTED, 1: ACCEPTED}, attempts=(tried,))
    late(store, slow, {0: ACCEPTED, 1: ACCEPTED}, attempts=(tried,))
    assert [(one.fence, one.server, one.queue_id) for one in rows(store, mails.attempt)] == [
        (1, "mx", "4bXy")
    ]


def test_a_server_that_calls_a_mail_by_a_page_of_text_hinders_no_record(store):
    """An accepted mail whose end no database takes would be sent again; the beginning of its name is kept."""
    keep(store, a_mail())
    (one,) = claim(store, SENT)
    name = secrets.token_hex(4000)
    told = RecipientResult(outcome=ACCEPTED, server="mx", attempts=1)
    who = ByAddress({Address.parse("bob@example.org"): told})
    tried = Attempt(server="mx", recipients=who, outcome=ACCEPTED, queue_id=name)
    end = ending(one, {0: ACCEPTED, 1: ACCEPTED}, SENT, attempts=(tried,))
    assert store.queue.finish(end, now=SENT).result()
    assert outcomes(store)[0] == "done"
    assert [row.queue_id for row in rows(store, mails.attempt)] == [name[:255]]


@pytest.mark.parametrize("who", ["bob@example.org", "ann@operations-the-rat.example"])
def test_who_was_erased_does_not_come_back(store, slow, who):
    """A server repeats addresses in what it says: of a mail with somebody blanked nothing more is told."""
    store.outbox.do(Act.CANCEL, ["01mail"], reason="erase", by="ann", now=LAPSED)
    store.privacy.erase(Address.parse(who), reason="asked for", by="ann", now=LAPSED)
    before = the(store)
    assert late(store, slow, {0: ACCEPTED, 1: ACCEPTED}) == ()
    assert the(store) == before


def test_a_mail_that_is_gone_is_no_mistake(store, slow):
    """Its record has been cleaned away meanwhile: there is nothing to settle."""
    end = ending(slow, {0: ACCEPTED}, LAPSED)
    assert store.queue.settle(replace(end, id="01gone"), now=LAPSED).result() == ()


@pytest.fixture
def both(postgres):
    """Give a store on PostgreSQL: one worker is late with a last word, and a newer one has the mail."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:
        keep(store, a_mail())
        (slow,) = claim(store, SENT)
        assert mark(store, slow, SENT)
        assert claim(store, LAPSED) == ()
        (newer,) = claim(store, AGAIN)
        yield store, ending(slow, {0: ACCEPTED, 1: ACCEPTED}, AGAIN), newer.row


@pytest.mark.postgres
def test_content_that_is_about_to_go_out_is_waited_for(both):
    """Its mark is not committed yet: whoever is late sees it all the same, and leaves the mail alone."""
    store, end, row = both
    at = moment(AGAIN)
    with ThreadPoolExecutor() as threads:
        with store._database.writing() as transaction:
            assert mark_all(transaction, [Mark(row.id, row.fence, (0,), "mx", at)]) == [True]
            settling = threads.submit(_in_a_transaction, store, lambda one: settle(one, end, now=at))
            _until_one_waits(store)
        assert settling.result(LONG) is None
    assert outcomes(store) == ("sending", ["unknown", "unknown"])


@pytest.mark.postgres
def test_no_content_goes_out_while_a_mail_is_settled(both):
    """The newer claim's mark waits for the late one's word, and is refused then."""
    store, end, row = both
    at = moment(AGAIN)
    with ThreadPoolExecutor() as threads:
        with store._database.writing() as transaction:
            assert settle(transaction, end, now=at) == (0, 1)
            marks = [Mark(row.id, row.fence, (0, 1), "mx", at)]
            marking = threads.submit(_in_a_transaction, store, lambda one: mark_all(one, marks))
            _until_one_waits(store)
        assert marking.result(LONG) == [False]
    assert outcomes(store) == ("done", ["accepted", "accepted"])


def _in_a_transaction(store, work):
    with store._database.writing() as transaction:
        return work(transaction)


def _until_one_waits(store):
    """Wait until a backend waits for another's lock."""
    asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    until = time.monotonic() + LONG
    while not store._database.looking(lambda one: one.connection.execute(asked).scalar_one()):
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.01)
