"""Laws of a mail's states, walked as callers, workers, the clock and people may walk them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mailsend.decide.state import (
    LAST_WORDS,
    Act,
    Refused,
    allowed_from,
    allowed_when_frozen,
    comes_to,
    frozen_after,
    next_state,
    outcome_under,
    settled_state,
    state_of,
)
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome

ENDED = {MailState.DONE, MailState.CANCELLED, MailState.EXPIRED}
OPEN = {Outcome.PENDING, Outcome.DEFERRED}
OUTCOMES = st.lists(st.sampled_from(Outcome), min_size=1, max_size=4)
UNENDED = st.lists(
    st.sampled_from([one for one in Outcome if one not in (Outcome.CANCELLED, Outcome.EXPIRED)]), min_size=1
)
TRIED = [Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.HELD]
PEOPLE = [Act.HOLD, Act.RELEASE, Act.RETRY, Act.FORCE, Act.CANCEL, Act.FREEZE, Act.THAW, Act.EXPIRE]


class MailWalk(RuleBasedStateMachine):
    """One mail with its recipients, and everything that may be done to it in any order."""

    @initialize(many=st.integers(1, 4), held=st.booleans())
    def put(self, many, held):
        """It begins in the queue, or held."""
        self.outcomes = [Outcome.HELD if held else Outcome.PENDING] * many
        self.state = state_of(self.outcomes)
        self.frozen = False
        self.refused = 0
        assert self.state in comes_to(None, Act.PUT)

    def _do(self, act, *, to=None):
        found = next_state(
            self.state, act, to=to, frozen=self.frozen, unknown=Outcome.UNKNOWN in self.outcomes
        )
        if isinstance(found, Refused):
            possible = self.state in allowed_from(act) and self.frozen in allowed_when_frozen(act)
            assert not possible or (self.state is MailState.DONE and Outcome.UNKNOWN not in self.outcomes)
            return False
        assert found in comes_to(self.state, act)
        self.frozen = frozen_after(act, found, frozen=self.frozen)
        self.outcomes = [outcome_under(found, one) for one in self.outcomes]
        self.state = found
        return True

    @rule(act=st.sampled_from(PEOPLE))
    def somebody_acts(self, act):
        """A person or the clock does something, possible or not; what is refused changes nothing."""
        before = self.state, self.frozen, tuple(self.outcomes)
        if not self._do(act):
            assert (self.state, self.frozen, tuple(self.outcomes)) == before

    @rule()
    def claim(self):
        """A worker takes it, but never while it is frozen."""
        frozen = self.frozen
        assert not (self._do(Act.CLAIM) and frozen)

    @precondition(lambda self: self.state is MailState.SENDING)
    @rule(
        drawn=st.lists(st.sampled_from(TRIED), min_size=4, max_size=4),
        over=st.booleans(),
        resend=st.booleans(),
    )
    def finish(self, drawn, over, resend):
        """A worker has tried whoever was open, and the state is computed from all of them."""
        tried = OPEN | {Outcome.UNKNOWN}
        self.outcomes = [new if old in tried else old for old, new in zip(self.outcomes, drawn, strict=False)]
        computed = state_of(self.outcomes, resend=resend, over=over and not self.frozen)
        assert self._do(Act.FINISH, to=computed)

    @precondition(lambda self: self.state is MailState.SENDING)
    @rule()
    def give_back(self):
        """A worker that stops gives it back, and it can be claimed again."""
        assert self._do(Act.GIVE_BACK)

    @precondition(lambda self: self.state is MailState.SENDING)
    @rule(marked=st.booleans(), resend=st.booleans())
    def lapse(self, marked, resend):
        """A worker is gone: before its mark nothing was sent, after it nobody knows."""
        if marked:
            self.outcomes = [Outcome.UNKNOWN if one in OPEN else one for one in self.outcomes]
        assert self._do(Act.LAPSE, to=state_of(self.outcomes, resend=resend))

    @precondition(lambda self: Outcome.UNKNOWN in self.outcomes)
    @rule(told=st.sampled_from(sorted(LAST_WORDS)), resend=st.booleans())
    def settle(self, told, resend):
        """A late finisher knows of one what nobody else does: whoever else there is stays as he was."""
        place = self.outcomes.index(Outcome.UNKNOWN)
        self.outcomes[place] = told
        others = [one for at, one in enumerate(self.outcomes) if at != place]
        before = self.state
        to = settled_state(before, self.outcomes, resend=resend)
        found = next_state(before, Act.SETTLE, to=to, frozen=self.frozen, unknown=True)
        assert found is to
        self.state, self.frozen = to, frozen_after(Act.SETTLE, to, frozen=self.frozen)
        assert [outcome_under(to, one) for one in others] == others
        assert before in ENDED or to in ENDED or to is before or before is MailState.SENDING
        assert to is not MailState.SENDING

    @precondition(lambda self: self.state in (MailState.QUEUED, MailState.SENDING) and not self.frozen)
    @rule()
    def give_up(self):
        """Its retry window ends while somebody is open."""
        if OPEN & set(self.outcomes):
            assert self._do(Act.GIVE_UP)

    @invariant()
    def held_is_the_whole_mail(self):
        """A recipient is held exactly while the mail is, and nobody is open under a held mail."""
        if self.state is MailState.HELD:
            assert not OPEN & set(self.outcomes)
        else:
            assert Outcome.HELD not in self.outcomes

    @invariant()
    def nobody_is_open_when_it_has_ended(self):
        """Under a mail that has ended nobody is open, and it is not frozen."""
        if self.state in ENDED:
            assert not OPEN & set(self.outcomes)
            assert not self.frozen

    @invariant()
    def what_ended_says_so(self):
        """A recipient is cancelled or expired only under such a mail."""
        for outcome, state in (
            (Outcome.CANCELLED, MailState.CANCELLED),
            (Outcome.EXPIRED, MailState.EXPIRED),
        ):
            assert outcome not in self.outcomes or self.state is state


TestMailWalk = MailWalk.TestCase


@given(OUTCOMES, st.sampled_from(MailState))
def test_what_becomes_of_recipients_is_settled_at_once(outcomes, state):
    """To bring recipients under a state a second time changes nothing."""
    once = [outcome_under(state, one) for one in outcomes]

    assert [outcome_under(state, one) for one in once] == once


@given(UNENDED, st.booleans(), st.booleans())
def test_a_computed_state_is_what_its_recipients_say_under_it(outcomes, resend, over):
    """Computed again from the recipients under it, a state stays as it is."""
    state = state_of(outcomes, resend=resend, over=over)
    under = [outcome_under(state, one) for one in outcomes]

    assert state_of(under, resend=resend and not over) is state


@given(OUTCOMES, st.booleans(), st.booleans())
def test_what_is_over_is_never_queued(outcomes, resend, over):
    """A mail whose time has passed does not stay in the queue, and none is on its way without a worker."""
    state = state_of(outcomes, resend=resend, over=over)

    assert not (over and state is MailState.QUEUED)
    assert state is not MailState.SENDING
