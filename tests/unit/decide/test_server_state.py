"""Locked, entered, verified, released: the whole table."""

from __future__ import annotations

import pytest

from mailsend.decide.server_state import Refused, ServerAct, ServerStateRefused, next_state
from mailsend.model.server import ServerState

LOCKED, ENTERED, VERIFIED, RELEASED = ServerState
IS_LOCKED = Refused(ServerStateRefused.LOCKED, "Unlock it or enter it anew, then verify it.")
NOT_VERIFIED = Refused(ServerStateRefused.NOT_VERIFIED, "Verify it first: mailsend server verify.")
NOT_LOCKED = Refused(ServerStateRefused.NOT_LOCKED, "There is nothing to unlock.")

TABLE = {
    ServerAct.ENTER: (ENTERED, ENTERED, ENTERED, ENTERED),
    ServerAct.VERIFY: (IS_LOCKED, VERIFIED, VERIFIED, RELEASED),
    ServerAct.RELEASE: (IS_LOCKED, NOT_VERIFIED, RELEASED, RELEASED),
    ServerAct.LOCK: (LOCKED, LOCKED, LOCKED, LOCKED),
    ServerAct.UNLOCK: (ENTERED, NOT_LOCKED, NOT_LOCKED, NOT_LOCKED),
}


@pytest.mark.parametrize("act", ServerAct)
def test_every_act_in_every_state_has_its_place_in_the_table(act):
    """From locked, entered, verified and released each act leads where the table says."""
    assert tuple(next_state(one, act) for one in ServerState) == TABLE[act]


def test_release_is_reached_by_being_entered_and_verified_alone():
    """Of all ways of up to four steps from locked, those that end released were verified once entered."""
    ways = [((), LOCKED)]
    for _ in range(4):
        for way, state in list(ways):
            for act in ServerAct:
                after = next_state(state, act)
                if isinstance(after, ServerState):
                    ways.append(((*way, act), after))
    released = [way for way, state in ways if state is RELEASED]
    assert released
    for way in released:
        last = max(
            n for n, act in enumerate(way) if act in (ServerAct.ENTER, ServerAct.UNLOCK, ServerAct.LOCK)
        )
        after = way[last + 1 :]
        assert way[last] is not ServerAct.LOCK
        assert after.index(ServerAct.VERIFY) < after.index(ServerAct.RELEASE)


@pytest.mark.parametrize(
    ("state", "act", "en", "de"),
    [
        (LOCKED, ServerAct.RELEASE, "The server is locked.", "Der Server ist gesperrt."),
        (ENTERED, ServerAct.RELEASE, "The server is not verified.", "Der Server ist nicht geprüft."),
        (ENTERED, ServerAct.UNLOCK, "The server is not locked.", "Der Server ist nicht gesperrt."),
    ],
)
def test_a_refused_step_says_why_in_words(state, act, en, de):
    """What cannot be done is told in the reader's language."""
    refused = next_state(state, act)
    assert (refused.explain(), refused.explain("de-CH")) == (en, de)


def test_acts_and_reasons_have_stable_codes():
    """History and callers read these words; they do not change."""
    assert [str(one) for one in ServerAct] == ["enter", "verify", "release", "lock", "unlock"]
    assert [str(one) for one in ServerStateRefused] == ["locked", "not_verified", "not_locked"]
