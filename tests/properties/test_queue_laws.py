"""Laws of the queue, walked on a real store by callers, workers, the clock and people, in any order."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select
from store_samples import KEYS, NOW
from stored_mails import a_mail

from mailsend.decide.state import Act, Refused, comes_to, next_state
from mailsend.mailer.queueing.depositing import Held, deposit_of
from mailsend.mailer.queueing.ending import ending_of, ending_of_lapsed
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome, RecipientResult
from mailsend.model.rules import RetryRules
from mailsend.store import open_store, upgrade
from mailsend.store.schema import mails
from mailsend.store.times import moment

RETRY = RetryRules()
LEASE = 120.0
PEOPLE = (Act.HOLD, Act.RELEASE, Act.RETRY, Act.FORCE, Act.CANCEL, Act.FREEZE, Act.THAW)
TOLD = (
    Outcome.UNKNOWN,
    Outcome.DEFERRED,
    Outcome.ACCEPTED,
    Outcome.HELD,
    Outcome.REJECTED,
    Outcome.EXPIRED,
    Outcome.SUPPRESSED,
)
ENDED = {MailState.DONE, MailState.CANCELLED, MailState.EXPIRED}
TO = [f"{name}@example.org" for name in "abc"]
# What may follow once nobody knows whether a recipient has the mail: it is never called lost.
AFTER_UNKNOWN = {Outcome.UNKNOWN, Outcome.HELD, Outcome.ACCEPTED, Outcome.REJECTED}
MESSAGES = [
    a_mail(id=f"01mail{number}", to=TO[: number % 3 + 1], customer=None, from_=None) for number in range(3)
]


class Template:
    """An upgraded store, made once: each walk begins with a copy of its file."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mailsend-laws-")
        self.file = Path(self.folder.name) / "mailsend.db"
        upgrade(f"sqlite:///{self.file}")


_template = []


class QueueWalk(RuleBasedStateMachine):
    """Some mails of one store, and what is done to them; beside it what must be true of them."""

    def __init__(self):
        super().__init__()
        if not _template:
            _template.append(Template())
        self.folder = tempfile.TemporaryDirectory(prefix="mailsend-walk-")
        file = Path(self.folder.name) / "mailsend.db"
        shutil.copy(_template[0].file, file)
        self.store = open_store(f"sqlite:///{file}", secret_keys=KEYS)
        self.now = NOW
        self.put = 0
        self.claims = 0
        self.hands = {}
        self.was_unknown = set()
        self.settled = {}
        self.seen = {}
        self.forced = 0

    def teardown(self):
        """At last everybody lets everything go: each mail that was acknowledged comes to an end."""
        try:
            self._let_all_go()
        finally:
            self.store.close()
            self.folder.cleanup()

    def _let_all_go(self):
        for _ in range(40):
            rows = self._rows()
            if all(one.state in ENDED for one in rows.values()):
                break
            for act in (Act.THAW, Act.RELEASE):
                self._do(act, list(rows))
            self.now += timedelta(hours=1)
            for one in self._claim(100):
                self._finish(one, [Outcome.ACCEPTED] * len(one.recipients))
        rows = self._rows()
        assert {one.state for one in rows.values()} <= ENDED
        assert len(rows) == self.put

    # What is read

    def _rows(self):
        with self.store._database.writing() as transaction:
            found = transaction.connection.execute(select(mails.message)).all()
        return {one.id: one for one in found}

    def _recipients(self):
        with self.store._database.writing() as transaction:
            found = transaction.connection.execute(select(mails.recipient)).all()
        return {(one.message, one.position): one for one in found}

    # What is done

    def _settle(self, lapsed):
        return ending_of_lapsed(lapsed, retry=RETRY, now=self.now)

    def _claim(self, most):
        self.claims += 1
        return self.store.queue.claim(
            name=f"claim {self.claims}", most=most, now=self.now, lease=LEASE, settle=self._settle
        ).result()

    def _do(self, act, ids):
        return self.store.outbox.do(act, ids, reason="a law", by="ann", now=self.now)

    def _ending(self, claimed, told):
        results = {
            one.position: RecipientResult(outcome=outcome, server="mx", attempts=1, reason="told")
            for one, outcome in zip(claimed.recipients, told, strict=False)
            if one.due_at is not None and one.due_at <= moment(claimed.at)
        }
        return ending_of(
            claimed.row, claimed.recipients, results, (), retry=RETRY, now=self.now, jitter=0.5, worker="w"
        )

    def _finish(self, claimed, told):
        return self.store.queue.finish(self._ending(claimed, told), now=self.now).result()

    def _changed_by(self, before, *acts):
        """States move along the table alone, by these acts in turn."""
        for id, row in self._rows().items():
            was, now = MailState(before[id].state), MailState(row.state)
            once = {to for act in acts for to in comes_to(was, act)}
            for _ in range(2):
                once |= {to for middle in once for act in acts for to in comes_to(middle, act)}
            assert was is now or now in once, (was, now, acts)

    @initialize()
    def begin(self):
        """One mail is there."""
        self.put_in(False)

    @precondition(lambda self: self.put < len(MESSAGES))
    @rule(held=st.booleans())
    def put_in(self, held):
        """Somebody puts a mail in, or keeps it for later."""
        deposit = deposit_of(
            MESSAGES[self.put],
            how="keep" if held else "enqueue",
            now=self.now,
            retry=RETRY,
            vault=None,
            held=Held("kept") if held else None,
        )
        assert self.store.queue.put(deposit, now=self.now).result().fresh
        self.put += 1

    @rule(which=st.integers(0, 2))
    def put_in_again(self, which):
        """The same mail once more changes nothing."""
        if which < self.put:
            before = self._rows(), self._recipients()
            deposit = deposit_of(MESSAGES[which], how="enqueue", now=self.now, retry=RETRY, vault=None)
            assert not self.store.queue.put(deposit, now=self.now).result().fresh
            assert (self._rows(), self._recipients()) == before

    @rule(seconds=st.sampled_from([1, 61, 121, 301, 901, 3600, 86_400, 4 * 86_400]))
    def time_passes(self, seconds):
        """Leases end, and what waited is due."""
        self.now += timedelta(seconds=seconds)

    @rule(most=st.sampled_from([1, 2, 100]))
    def claim(self, most):
        """A worker takes what is due; nobody else holds it, and it is neither frozen nor held."""
        before = self._rows()
        got = self._claim(most)
        at = moment(self.now)
        self._changed_by(before, Act.LAPSE, Act.CLAIM)
        for one in got:
            was = before[one.row.id]
            assert not was.frozen
            assert was.state == MailState.QUEUED or was.lease_until <= at
            assert one.row.fence > was.fence
            self.hands[one.row.id, one.row.fence] = one
        due = [
            one
            for one in before.values()
            if one.state == MailState.QUEUED and not one.frozen and one.due_at <= at
        ]
        assert len(got) >= min(most, len(due))

    @rule(
        told=st.lists(st.sampled_from(TOLD), min_size=3, max_size=3),
        ends=st.sampled_from(["finished", "dead before the mark", "dead after it", "slow after it"]),
        seconds=st.sampled_from([0, 61, 901, 1021]),
    )
    def a_round(self, told, ends, seconds):
        """A worker takes all that is due after a while, and brings it on its way, or dies over it."""
        self.now += timedelta(seconds=seconds)
        before = self._rows()
        for one in self._claim(100):
            due = [who.position for who in one.recipients if who.due_at and who.due_at <= moment(self.now)]
            if ends != "dead before the mark":
                id, fence = one.row.id, one.row.fence
                assert self.store.queue.mark(id, fence, due, server="mx", now=self.now).result()
            if ends == "finished":
                assert self._finish(one, told)
            elif ends == "slow after it":
                self.hands[one.row.id, one.row.fence] = one
        self._changed_by(before, Act.LAPSE, Act.CLAIM, Act.FINISH)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def mark(self, data):
        """Content is about to go out: only while the lease lasts, under the newest number."""
        (id, fence), claimed = data.draw(st.sampled_from(sorted(self.hands.items(), key=lambda one: one[0])))
        row = self._rows()[id]
        due = [one.position for one in claimed.recipients if one.due_at and one.due_at <= moment(claimed.at)]
        may = self.store.queue.mark(id, fence, due, server="mx", now=self.now).result()
        ours = row.state == MailState.SENDING and row.fence == fence and row.lease_until > moment(self.now)
        assert may == (ours and bool(due))

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), told=st.lists(st.sampled_from(TOLD), min_size=3, max_size=3))
    def finish(self, data, told):
        """A worker says what became of a mail; one that is too late is told so, and settles what is unknown."""
        key = data.draw(st.sampled_from(sorted(self.hands)))
        before = self._rows()
        claimed = self.hands.pop(key)
        ours = before[key[0]].state == MailState.SENDING and before[key[0]].fence == key[1]
        assert self._finish(claimed, told) == ours
        if ours:
            self._changed_by(before, Act.FINISH)
        else:
            assert self._rows() == before
            self._settle_late(claimed, told)

    def _settle_late(self, claimed, told):
        """Those alone are settled who are in doubt since this very claim; nobody while another lets content out."""
        id, fence = claimed.row.id, claimed.row.fence
        before, known = self._rows(), self._recipients()
        ending = self._ending(claimed, told)
        news = {
            one.position: one.outcome
            for one in ending.recipients
            if one.outcome in (Outcome.ACCEPTED, Outcome.REJECTED)
            and known[id, one.position].marked == fence
            and (
                known[id, one.position].outcome == Outcome.UNKNOWN
                or (known[id, one.position].outcome == Outcome.HELD and known[id, one.position].pinned)
            )
        }
        newest = before[id].fence
        out = any(one.marked == newest for (mail, _), one in known.items() if mail == id)
        busy = before[id].state == MailState.SENDING and out and news
        settled = self.store.queue.settle(ending, now=self.now).result()
        assert settled == (None if busy else tuple(sorted(news)))
        if not settled:
            assert (self._rows(), self._recipients()) == (before, known)
            return
        self._changed_by(before, Act.SETTLE)
        assert self._rows()[id].state != MailState.SENDING
        assert self._rows()[id].fence == newest + (before[id].state == MailState.SENDING)
        for key, one in self._recipients().items():
            if key[0] == id and key[1] in news:
                assert (one.outcome, one.due_at, one.pinned) == (news[key[1]], None, "")
            else:
                assert one == known[key]

    @precondition(lambda self: self.hands)
    @rule(
        told=st.lists(st.sampled_from([Outcome.ACCEPTED, Outcome.REJECTED]), min_size=3, max_size=3),
        seconds=st.sampled_from([0, 121, 1021]),
        newer=st.sampled_from(["", "claimed", "finished"]),
    )
    def come_late(self, told, seconds, newer):
        """Whoever stood still comes back with last words, when others have his mails, or have let content out again."""
        self.now += timedelta(seconds=seconds)
        for one in self._claim(100) if newer else ():
            if newer == "claimed":
                self.hands[one.row.id, one.row.fence] = one
                continue
            due = [who.position for who in one.recipients if who.due_at and who.due_at <= moment(self.now)]
            self.store.queue.mark(one.row.id, one.row.fence, due, server="mx", now=self.now).result()
            assert self._finish(one, [Outcome.UNKNOWN] * 3)
        for key in sorted(self.hands):
            claimed = self.hands.pop(key)
            if not self._finish(claimed, told):
                self._settle_late(claimed, told)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def give_back(self, data):
        """A worker that stops gives back what it has not begun."""
        before = self._rows()
        self.store.queue.give_back(f"claim {data.draw(st.integers(1, self.claims))}").result()
        self._changed_by(before, Act.GIVE_BACK)

    @rule(act=st.sampled_from(PEOPLE), which=st.integers(0, 2), trying=st.booleans())
    def somebody_acts(self, act, which, trying):
        """A person does something to a mail: the table says whether he can, and each act is written down."""
        rows = self._rows()
        if which >= self.put:
            return
        id = MESSAGES[which].id
        row = rows[id]
        told = [one for key, one in self._recipients().items() if key[0] == id]
        unknown = any(
            one.outcome == Outcome.UNKNOWN or (one.outcome == "held" and one.pinned) for one in told
        )
        wanted = next_state(MailState(row.state), act, frozen=bool(row.frozen), unknown=unknown)
        done = self.store.outbox.do(act, [id], reason="a law", by="ann", now=self.now, dry_run=trying)
        assert bool(done.changed) != isinstance(wanted, Refused)
        after = self._rows()[id]
        if trying or isinstance(wanted, Refused):
            assert after == row
        else:
            assert after.state == wanted
            self.forced += act is Act.FORCE

    # What is always true

    @invariant()
    def nothing_acknowledged_is_lost(self):
        """Every mail is there; whoever is open stands under a mail that is open, and will be tried or released."""
        rows = self._rows()
        assert len(rows) == self.put
        due = {}
        for (id, _), one in self._recipients().items():
            if one.outcome in (Outcome.PENDING, Outcome.DEFERRED):
                assert rows[id].state in (MailState.QUEUED, MailState.SENDING)
                assert one.due_at is not None
            if one.outcome == Outcome.HELD:
                assert rows[id].state == MailState.HELD
            if one.due_at is not None:
                due.setdefault(id, []).append(one.due_at)
        for id, row in rows.items():
            if row.state in (MailState.QUEUED, MailState.SENDING):
                assert id in due
            if row.state == MailState.QUEUED:
                assert row.due_at <= min(due[id])
            if row.state in ENDED:
                assert id not in due
                assert row.due_at is None
                assert row.done_at is not None
                assert not row.frozen

    @invariant()
    def what_is_settled_stays(self):
        """Accepted and rejected are last words; unknown is never called lost, and keeps to its server."""
        for key, one in self._recipients().items():
            outcome = Outcome(one.outcome)
            if key in self.settled:
                assert outcome is self.settled[key]
            if outcome in (Outcome.ACCEPTED, Outcome.REJECTED):
                self.settled[key] = outcome
                assert one.due_at is None
            if key in self.was_unknown:
                assert outcome in AFTER_UNKNOWN
            if outcome is Outcome.UNKNOWN:
                self.was_unknown.add(key)
                assert one.pinned == "mx"
            assert one.resends <= RETRY.unknown_resends + self.forced

    @invariant()
    def numbers_only_grow(self):
        """The number of a claim, the attempts and the events."""
        for id, row in self._rows().items():
            last = self.seen.get(id, (0, 0))
            assert (row.fence, row.attempts) >= last
            self.seen[id] = (row.fence, row.attempts)


TestQueueWalk = QueueWalk.TestCase
