"""The page about a mail's states says what the table says."""

from __future__ import annotations

from states_page import ACTS, PAGE, STATES, page

from mailsend.decide.state import Act
from mailsend.model.mail_state import MailState


def test_the_page_is_the_tables():
    """The committed page is what the table gives: `python tests/docs/write_states.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_nothing_is_left_out():
    """Each state and each act has its words, in the order of the table."""
    assert list(STATES) == list(MailState)
    assert list(ACTS) == list(Act)
