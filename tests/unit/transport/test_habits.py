"""How far commands go ahead of their replies is learnt for a day."""

from __future__ import annotations

import pytest

from mailsend.model.server import Pipelining, Server
from mailsend.transport.smtp.habits import forget_habits, level_for, lower

ACROSS, WITHIN, OFF = Pipelining.ACROSS, Pipelining.WITHIN, Pipelining.OFF
DAY = 86_400.0
SERVER = Server(host="relay.suite.example", port=587)


@pytest.fixture(autouse=True)
def _nothing_learnt():
    forget_habits()
    yield
    forget_habits()


@pytest.mark.parametrize(("trait", "level"), [(None, ACROSS), (ACROSS, ACROSS), (WITHIN, WITHIN), (OFF, OFF)])
def test_where_nothing_was_learnt_the_trait_counts(trait, level):
    """A server without a trait is taken for one that follows the standard."""
    assert level_for(Server(host="a.example", port=25, pipelining=trait), 0.0) is level


def test_a_server_goes_down_step_by_step_and_comes_back_after_a_day():
    """Losing step with several mails ahead leaves one, losing step with one leaves none, for a day each."""
    lower(SERVER, ACROSS, 100.0)
    assert level_for(SERVER, 100.0) is WITHIN
    lower(SERVER, WITHIN, 200.0)
    assert level_for(SERVER, 200.0 + DAY - 0.1) is OFF
    assert level_for(SERVER, 200.0 + DAY) is ACROSS


def test_the_day_begins_anew_with_each_time():
    """A server that loses step again is given another day."""
    lower(SERVER, ACROSS, 0.0)
    lower(SERVER, ACROSS, 1000.0)
    assert (level_for(SERVER, DAY), level_for(SERVER, DAY + 1000.0)) == (WITHIN, ACROSS)


def test_what_another_connection_learns_late_raises_nothing():
    """A server that may do nothing ahead does not get a level back by a connection that was behind."""
    lower(SERVER, WITHIN, 0.0)
    lower(SERVER, ACROSS, 1.0)
    assert level_for(SERVER, 1.0) is OFF


def test_there_is_nothing_below_off():
    """A server that loses step without anything ahead has not learnt anything to us."""
    lower(SERVER, OFF, 0.0)
    assert level_for(SERVER, 0.0) is ACROSS


def test_what_was_learnt_never_raises_a_trait():
    """Where the settings say less than what was learnt, the settings count."""
    lower(SERVER, ACROSS, 0.0)
    careful = Server(host=SERVER.host, port=SERVER.port, pipelining=OFF)
    assert level_for(careful, 0.0) is OFF


def test_it_is_the_server_and_not_the_account_that_is_remembered():
    """Another port is another server; other settings for the same one are not."""
    lower(SERVER, ACROSS, 0.0)
    assert level_for(Server(host=SERVER.host, port=2525), 0.0) is ACROSS
    assert level_for(Server(host=SERVER.host, port=587, timeout=3.0), 0.0) is WITHIN
