"""The process's memory of its servers."""

from __future__ import annotations

import os

import pytest

from mailsend.mailer import AsyncMailer, Mailer
from mailsend.mailer.lanes import forget_lanes, lanes_of_this_process
from mailsend.model.message import Message
from mailsend.model.server import Server
from mailsend.settings import Settings

SERVER = Server(host="mail.example", port=587, max_per_minute=30)


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    """Other tests' servers are not these."""
    forget_lanes()
    yield
    forget_lanes()


def test_all_mailers_of_a_process_share_one_memory():
    """A server counts by account, and not by Mailer: a limit of two a day is one for both Mailers."""
    settings = Settings.model_validate(
        {
            "application": {
                "name": "Acme",
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "admin_address": "postmaster@suite.example",
                "smarthosts": ["memory:?max_per_day=2"],
            }
        }
    )
    message = Message(to="bob@example.org", subject="x", text="x")
    reports = []
    for _ in range(3):
        with Mailer(settings) as mailer:
            reports += mailer.send_many([message], deadline=5.0)
    assert [one.recipients["bob@example.org"].reason for one in reports] == [
        "accepted",
        "accepted",
        "over_limit",
    ]
    assert AsyncMailer(settings).captured == ()


def test_an_outbox_of_a_test_knows_no_limits(mailsend_outbox):
    """A test of an application is not kept waiting by a limit of its settings."""
    settings = Settings.model_validate(
        {
            "application": {
                "name": "Acme",
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "admin_address": "postmaster@suite.example",
                "smarthosts": ["smtp://mail.example?max_per_day=1"],
            }
        }
    )
    with Mailer(settings) as mailer:
        for _ in range(3):
            assert mailer.send(Message(to="bob@example.org", subject="x", text="x"), deadline=5.0).complete
    assert len(mailsend_outbox) == 3


def test_only_what_says_something_has_a_lane():
    """A server with limits has one from the beginning, another only once there is something to know."""
    lanes = lanes_of_this_process()
    free = Server(host="free.example", port=587)
    assert lanes.known(free) is None
    assert lanes.known(SERVER) is lanes.to(SERVER)
    assert lanes.to(free) is lanes.to(free)
    assert lanes.known(free) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_begins_with_nothing():
    """What the parent was doing, and the locks that it held, are not the child's."""
    lane = lanes_of_this_process().to(SERVER)
    with lane._lock:
        child = os.fork()
        if child == 0:
            fresh = lanes_of_this_process().to(SERVER)
            os._exit(0 if fresh is not lane and fresh.idle else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert lanes_of_this_process().to(SERVER) is lane
