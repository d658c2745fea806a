"""The table of a mail's states: what may be done when, and what becomes of it."""

from __future__ import annotations

import pytest

from mailsend.decide.state import (
    Act,
    MailStateRefused,
    Refused,
    allowed_from,
    allowed_when_frozen,
    comes_to,
    frozen_after,
    next_state,
    outcome_under,
    state_of,
)
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome
from mailsend.model.words import catalogue

QUEUED, SENDING, HELD = MailState.QUEUED, MailState.SENDING, MailState.HELD
DONE, CANCELLED, EXPIRED = MailState.DONE, MailState.CANCELLED, MailState.EXPIRED

TABLE = {
    (Act.PUT, None): (QUEUED, SENDING, HELD, DONE, EXPIRED),
    (Act.CLAIM, QUEUED): (SENDING,),
    (Act.FINISH, SENDING): (QUEUED, HELD, DONE, EXPIRED),
    (Act.GIVE_BACK, SENDING): (QUEUED,),
    (Act.LAPSE, SENDING): (QUEUED, HELD, DONE, EXPIRED),
    (Act.SETTLE, QUEUED): (QUEUED, DONE, EXPIRED),
    (Act.SETTLE, SENDING): (QUEUED, DONE, EXPIRED),
    (Act.SETTLE, HELD): (HELD, DONE, EXPIRED),
    (Act.SETTLE, DONE): (DONE,),
    (Act.SETTLE, CANCELLED): (CANCELLED,),
    (Act.SETTLE, EXPIRED): (DONE, EXPIRED),
    (Act.GIVE_UP, QUEUED): (EXPIRED,),
    (Act.GIVE_UP, SENDING): (EXPIRED,),
    (Act.EXPIRE, QUEUED): (EXPIRED,),
    (Act.EXPIRE, HELD): (EXPIRED,),
    (Act.HOLD, QUEUED): (HELD,),
    (Act.RELEASE, HELD): (QUEUED,),
    (Act.RETRY, QUEUED): (QUEUED,),
    (Act.FORCE, QUEUED): (QUEUED,),
    (Act.FORCE, HELD): (QUEUED,),
    (Act.FORCE, DONE): (QUEUED,),
    (Act.CANCEL, QUEUED): (CANCELLED,),
    (Act.CANCEL, HELD): (CANCELLED,),
    (Act.FREEZE, QUEUED): (QUEUED,),
    (Act.FREEZE, SENDING): (SENDING,),
    (Act.FREEZE, HELD): (HELD,),
    (Act.THAW, QUEUED): (QUEUED,),
    (Act.THAW, SENDING): (SENDING,),
    (Act.THAW, HELD): (HELD,),
}
EVERY = [(act, state) for act in Act for state in (None, *MailState)]
AMONG = [(act, state) for act in Act for state in MailState]
WITH_ONE_WAY = [one for one in AMONG if len(TABLE.get(one, ())) == 1]
NOT_POSSIBLE = [one for one in AMONG if one not in TABLE]


def _frozen(act: Act) -> bool:
    """Give a flag with which the act is possible."""
    return allowed_when_frozen(act)[0]


@pytest.mark.parametrize(("act", "state"), EVERY)
def test_an_act_leads_where_the_table_says(act, state):
    """Each act leads from each state to those that stand here, and from all others nowhere."""
    assert comes_to(state, act) == TABLE.get((act, state), ())


@pytest.mark.parametrize("act", Act)
def test_sql_is_told_the_states_in_which_an_act_is_possible(act):
    """``allowed_from`` names each state that the act leads from, and a put leads from none."""
    assert sorted(allowed_from(act)) == sorted(state for one, state in TABLE if one is act and state)


@pytest.mark.parametrize(("act", "state"), WITH_ONE_WAY)
def test_an_act_with_one_way_takes_it(act, state):
    """Where the table has one way, it is taken, whether it is named or not."""
    (to,) = TABLE[act, state]

    assert next_state(state, act, frozen=_frozen(act), unknown=True) is to
    assert next_state(state, act, frozen=_frozen(act), unknown=True, to=to) is to


@pytest.mark.parametrize(("act", "state"), NOT_POSSIBLE)
def test_what_cannot_be_done_is_refused_by_the_name_of_the_state(act, state):
    """Where the table has no way, the state itself is the reason."""
    found = next_state(state, act, frozen=_frozen(act), unknown=True)

    assert isinstance(found, Refused)
    assert found.reason == MailStateRefused(state)


@pytest.mark.parametrize("to", TABLE[Act.FINISH, SENDING])
def test_a_finish_comes_to_what_was_computed(to):
    """After an attempt the mail comes to the state that its recipients' outcomes give."""
    assert next_state(SENDING, Act.FINISH, to=to) is to


@pytest.mark.parametrize(("act", "to"), [(Act.FINISH, None), (Act.FINISH, CANCELLED), (Act.LAPSE, CANCELLED)])
def test_a_way_that_does_not_exist_is_a_mistake(act, to):
    """To name no way where there are several, or one that does not exist, is the caller's mistake."""
    with pytest.raises(ValueError, match=rf"{act} leads from sending to queued or .*, not to"):
        next_state(SENDING, act, to=to)


def test_a_single_way_by_another_name_is_a_mistake():
    """A claim cannot be asked to end elsewhere."""
    with pytest.raises(ValueError, match="claim leads from queued to sending, not to done"):
        next_state(QUEUED, Act.CLAIM, to=DONE)


@pytest.mark.parametrize("act", Act)
def test_the_clock_and_a_retry_pass_a_frozen_mail_by(act):
    """Claims, retries and endings by the clock take no frozen mail; only such a one is thawed."""
    only_unfrozen = {Act.CLAIM, Act.GIVE_UP, Act.EXPIRE, Act.RETRY, Act.FREEZE}
    expected = (False,) if act in only_unfrozen else (True,) if act is Act.THAW else (False, True)

    assert allowed_when_frozen(act) == expected


@pytest.mark.parametrize(
    ("act", "frozen", "reason"),
    [
        (Act.CLAIM, True, MailStateRefused.FROZEN),
        (Act.RETRY, True, MailStateRefused.FROZEN),
        (Act.EXPIRE, True, MailStateRefused.FROZEN),
        (Act.FREEZE, True, MailStateRefused.FROZEN),
        (Act.THAW, False, MailStateRefused.NOT_FROZEN),
    ],
)
def test_the_flag_is_a_reason_of_its_own(act, frozen, reason):
    """What the flag does not let through is refused for it."""
    found = next_state(QUEUED, act, frozen=frozen)

    assert isinstance(found, Refused)
    assert found.reason is reason


def test_a_mail_that_is_done_is_forced_only_for_an_unknown_outcome():
    """Who may have the mail already is sent to again only where nobody knows."""
    assert next_state(DONE, Act.FORCE, unknown=True) is QUEUED
    assert next_state(DONE, Act.FORCE) == Refused(MailStateRefused.DONE, "Send it anew: mailsend log resend.")


def test_a_frozen_mail_can_be_forced_and_is_thawed_by_it():
    """Force goes past the flag and takes it away."""
    assert next_state(QUEUED, Act.FORCE, frozen=True) is QUEUED
    assert frozen_after(Act.FORCE, QUEUED, frozen=True) is False


@pytest.mark.parametrize(
    ("act", "state", "before", "after"),
    [
        (Act.FREEZE, QUEUED, False, True),
        (Act.THAW, HELD, True, False),
        (Act.FINISH, QUEUED, True, True),
        (Act.HOLD, HELD, True, True),
        (Act.LAPSE, SENDING, True, True),
        (Act.FINISH, DONE, True, False),
        (Act.CANCEL, CANCELLED, True, False),
        (Act.FINISH, EXPIRED, True, False),
        (Act.RELEASE, QUEUED, False, False),
    ],
)
def test_the_flag_stays_until_it_is_taken_away_or_the_mail_has_ended(act, state, before, after):
    """Only freeze, thaw, force and an ending change the flag."""
    assert frozen_after(act, state, frozen=before) is after


@pytest.mark.parametrize("reason", MailStateRefused)
def test_every_refusal_has_words_and_advice(reason):
    """Each refusal tells why in words, English where nothing else is asked for, and what to do instead."""
    found = next_state(QUEUED, Act.THAW) if reason is MailStateRefused.NOT_FROZEN else None
    if reason is MailStateRefused.FROZEN:
        found = next_state(QUEUED, Act.RETRY, frozen=True)
    elif found is None:
        act = Act.RELEASE if reason is MailStateRefused.QUEUED else Act.RETRY
        found = next_state(MailState(reason), act)

    assert isinstance(found, Refused)
    assert found.reason is reason
    assert found.explain() == catalogue("en")[f"mail.{reason}"]
    assert found.explain("de") == catalogue("de")[f"mail.{reason}"]
    assert found.advice == ADVICE[reason]


ADVICE = {
    MailStateRefused.QUEUED: "It goes out by itself, or at once: mailsend queue retry.",
    MailStateRefused.SENDING: "Wait until it has been tried, and look again.",
    MailStateRefused.HELD: "Release it: mailsend queue release.",
    MailStateRefused.DONE: "Send it anew: mailsend log resend.",
    MailStateRefused.CANCELLED: "Send it anew: mailsend log resend.",
    MailStateRefused.EXPIRED: "Send it anew: mailsend log resend.",
    MailStateRefused.FROZEN: "Thaw it: mailsend queue thaw; or force it.",
    MailStateRefused.NOT_FROZEN: "There is nothing to thaw.",
}


@pytest.mark.parametrize(
    ("outcomes", "resend", "over", "state"),
    [
        ((), False, False, DONE),
        (("accepted",), False, False, DONE),
        (("accepted",), True, False, DONE),
        (("accepted", "rejected", "suppressed"), True, True, DONE),
        (("accepted", "pending"), False, False, QUEUED),
        (("rejected", "deferred"), False, False, QUEUED),
        (("accepted", "pending"), False, True, EXPIRED),
        (("accepted", "deferred"), False, True, EXPIRED),
        (("accepted", "unknown"), False, False, DONE),
        (("accepted", "unknown"), True, False, QUEUED),
        (("accepted", "unknown"), True, True, DONE),
        (("unknown", "deferred"), False, False, QUEUED),
        (("accepted", "held"), False, False, HELD),
        (("pending", "held"), False, True, HELD),
        (("unknown", "held"), True, False, HELD),
        (("accepted", "cancelled"), False, False, CANCELLED),
        (("unknown", "cancelled"), False, False, CANCELLED),
        (("unknown", "cancelled", "expired"), False, False, CANCELLED),
        (("accepted", "expired"), False, False, EXPIRED),
        (("unknown", "expired"), False, False, EXPIRED),
    ],
)
def test_the_state_is_computed_from_the_recipients(outcomes, resend, over, state):
    """One function gives the state of a mail from what became of its recipients."""
    assert state_of([Outcome(one) for one in outcomes], resend=resend, over=over) is state


def test_an_unknown_outcome_ends_unless_it_is_sent_again():
    """Where nothing else is said, an unknown outcome is not sent again and nothing is over."""
    assert state_of([Outcome.UNKNOWN]) is DONE
    assert state_of([Outcome.DEFERRED]) is QUEUED


def test_acts_have_the_names_that_the_store_writes_down():
    """The codes of acts stand in the log, and never change."""
    assert [*Act] == [
        *("put", "claim", "finish", "give_back", "lapse", "settle", "give_up", "expire"),
        *("hold", "release", "retry", "force", "cancel", "freeze", "thaw"),
    ]


@pytest.mark.parametrize("state", MailState)
@pytest.mark.parametrize("outcome", Outcome)
def test_whoever_is_open_goes_with_the_mail(state, outcome):
    """Open recipients are held, cancelled or expired with their mail; what is settled or unknown stays."""
    opened = {Outcome.PENDING, Outcome.DEFERRED}
    expected = outcome
    if state in (QUEUED, SENDING) and outcome is Outcome.HELD:
        expected = Outcome.PENDING
    elif state is HELD and outcome in opened:
        expected = Outcome.HELD
    elif state in (CANCELLED, EXPIRED) and outcome in opened | {Outcome.HELD}:
        expected = Outcome(state)

    assert outcome_under(state, outcome) is expected


@pytest.mark.parametrize(
    ("state", "act", "frozen", "reason"),
    [
        (MailState.QUEUED, Act.RELEASE, True, "frozen"),
        (MailState.QUEUED, Act.RELEASE, False, "queued"),
        (MailState.HELD, Act.RETRY, True, "held"),
        (MailState.SENDING, Act.HOLD, True, "sending"),
    ],
)
def test_what_keeps_a_queued_mail_is_told(state, act, frozen, reason):
    """One that is frozen does not go out by itself; of any other state the state is the reason."""
    assert next_state(state, act, frozen=frozen).reason == reason
