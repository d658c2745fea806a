"""What a late finisher still has to say."""

from __future__ import annotations

import pytest

from mailsend.decide.state import LAST_WORDS, is_news, settled_state
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome

SILENT = [(Outcome.UNKNOWN, False), (Outcome.UNKNOWN, True), (Outcome.HELD, True)]


def test_last_words_are_those_after_which_nobody_is_asked():
    """A server took it, or refused it for good; all else leaves something open."""
    assert {Outcome.ACCEPTED, Outcome.REJECTED} == LAST_WORDS


@pytest.mark.parametrize("told", Outcome)
@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("stands", Outcome)
def test_only_a_last_word_about_silence_is_news(stands, pinned, told):
    """A row that says anything else of its recipient is not touched, and nothing is left open anew."""
    expected = (stands, pinned) in SILENT and told in LAST_WORDS
    assert is_news(stands, told, pinned=pinned, newest=True) is expected
    assert not is_news(stands, told, pinned=pinned, newest=False)


@pytest.mark.parametrize(
    ("state", "outcomes", "resend", "after"),
    [
        ("queued", "accepted", False, "done"),
        ("queued", "accepted unknown", True, "queued"),
        ("queued", "accepted unknown", False, "done"),
        ("queued", "accepted deferred", False, "queued"),
        ("queued", "accepted expired", False, "expired"),
        ("sending", "accepted", False, "done"),
        ("sending", "accepted unknown", True, "queued"),
        ("sending", "accepted pending", False, "queued"),
        ("sending", "accepted cancelled", False, "queued"),
        ("held", "accepted", False, "done"),
        ("held", "accepted held", False, "held"),
        ("held", "accepted unknown", True, "held"),
        ("held", "rejected expired", False, "expired"),
        ("done", "accepted", False, "done"),
        ("done", "rejected unknown", True, "done"),
        ("cancelled", "accepted", False, "cancelled"),
        ("expired", "accepted", False, "done"),
        ("expired", "accepted expired", False, "expired"),
        ("expired", "accepted unknown", True, "expired"),
    ],
)
def test_the_state_is_computed_anew(state, outcomes, resend, after):
    """As ever, but what a person holds stays held, and what has ended is not begun again."""
    told = [Outcome(one) for one in outcomes.split()]
    assert settled_state(MailState(state), told, resend=resend) is MailState(after)
