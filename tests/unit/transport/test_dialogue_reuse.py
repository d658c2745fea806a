"""A connection that was used, or has waited: what goes wrong first on it says nothing of the mail."""

from __future__ import annotations

import pytest
from talking import A, B, C, Talk, errand, group, told

from mailsend.model.server import Pipelining

ACROSS, WITHIN, OFF = Pipelining.ACROSS, Pipelining.WITHIN, Pipelining.OFF
LEVELS = pytest.mark.parametrize("level", [ACROSS, WITHIN, OFF])
LOST = ("deferred", "connection_lost")


def refusing(level):
    """A connection on which one mail was refused, and none was carried."""
    talk, one = Talk(level), errand(C)
    talk.take(one)
    group_goes_on = [] if level is OFF else ["503 5.5.1 Need MAIL"] * 2
    talk.says("451 4.3.0 Disk", *group_goes_on)
    talk.finished.clear()
    return talk


def resting(level):
    """A connection that was opened for nobody, and waited."""
    talk = Talk(level)
    talk.dialogue.is_used = True
    return talk


@pytest.mark.parametrize("used", [refusing, resting])
@LEVELS
def test_a_used_connection_that_is_gone_is_no_attempt(level, used):
    """It need not have carried a mail: a refused one, or waiting, is reason enough for a server to close it."""
    talk, one = used(level), errand(A)
    talk.take(one)
    talk.lost()
    assert (talk.untried, talk.finished, talk.lowered) == ([one], [], [])


@pytest.mark.parametrize("used", [refusing, resting])
@LEVELS
def test_421_on_a_used_connection_is_no_attempt(level, used):
    """Neither is the word that it was open for too long."""
    talk, one = used(level), errand(A)
    talk.take(one)
    talk.says("421 4.4.2 Idle")
    assert (talk.untried, talk.finished) == ([one], [])


@pytest.mark.parametrize(
    ("line", "reason"), [("530 5.7.0 Log in", "auth_required"), ("503 5.5.1 Nested MAIL", "protocol")]
)
def test_what_only_this_session_can_mean_is_asked_in_another(line, reason):
    """A log-in that has run out, a transaction that was never taken back: on a new connection it is the answer."""
    for talk, told_then in ((refusing(OFF), {}), (Talk(OFF), {"a": ("deferred", reason)})):
        one = errand(A)
        talk.take(one)
        talk.says(line)
        assert (told(one), talk.dialogue.ended or reason == "protocol") == (told_then, True)
        assert talk.untried == ([] if told_then else [one])


@LEVELS
def test_a_connection_that_is_cut_in_the_content_is_an_attempt(level):
    """It was alive when the server asked for the content: a large mail is not written over and over."""
    talk, one = refusing(level), errand(A)
    talk.take(one)
    for line in ("250 Ok", "250 Ok"):
        talk.says(line)
    for heard in talk._reader.feed(b"354 Go\r\n"):
        talk.dialogue.hear(heard, 0.0)
    talk.lost()
    assert (told(one), talk.finished, talk.untried) == ({"a": LOST}, [one], [])


@pytest.mark.parametrize(
    "line",
    [
        "554 SMTP synchronization error",
        "550 5.5.1 Improper use of SMTP command pipelining",
        "521 5.5.1 Synchronisation error",
    ],
)
def test_a_server_that_says_in_words_that_it_lost_step_is_lowered(line):
    """Exim has no code of its own for it; where nothing went ahead the words are an answer."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    talk.says(line)
    assert (talk.lowered, talk.untried, one.results) == ([WITHIN], [one], {})
    talk, one = Talk(OFF), errand(A)
    talk.take(one)
    talk.says(line)
    assert (talk.lowered, talk.untried, len(one.results)) == ([], [], 1)


def test_a_mailbox_called_pipeline_confuses_nobody():
    """What is said about a name is not said about the group."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    talk.says("250 Ok", "550 5.1.1 <pipeline@example.org>: nobody")
    assert (talk.lowered, told(one)) == ([], {"a": ("rejected", "no_such_user")})


@pytest.mark.parametrize("level", [ACROSS, WITHIN])
def test_a_refused_recipient_is_not_everybody(level):
    """A reply said twice puts one recipient's refusal where DATA's reply is due: nobody is told it."""
    talk, one = Talk(level), errand(A, B)
    assert talk.take(one) == group(A, B)
    talk.says("250 Ok", "250 Ok", "250 A is taken", "550 5.1.1 B is nobody", "354 Go")
    assert (one.results, talk.untried, talk.lowered) == ({}, [one], [WITHIN])


def test_of_a_single_recipient_it_is_believed():
    """Some servers look for the mailbox at DATA."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    talk.says("250 Ok", "250 Ok", "550 5.1.1 Nobody")
    assert told(one) == {"a": ("rejected", "no_such_user")}
