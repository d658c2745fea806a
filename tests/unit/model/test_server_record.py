"""What is kept of a customer's server."""

from __future__ import annotations

from datetime import UTC, datetime

from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server, ServerState
from mailsend.model.server_record import ServerChange, ServerRecord, ServerStep

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_a_record_shows_neither_user_nor_password_and_can_be_hashed():
    """A record is a value like every other one."""
    record = ServerRecord(
        customer="ratcatcher",
        name="mail.rat.example:587",
        position=0,
        server=Server(
            host="mail.rat.example",
            port=587,
            credentials=Credentials(user="hunter1", password=Secret("hunter2")),
        ),
        senders=(),
        state=ServerState.ENTERED,
        steps=(ServerStep(state=ServerState.ENTERED, at=NOW, by="ann"),),
        from_rules=False,
    )
    assert "hunter" not in repr(record)
    assert {record: 1}[record] == 1
    assert record.findings == {}


def test_a_change_may_have_no_state_before_or_after():
    """A server that is new comes from nothing."""
    change = ServerChange(
        at=NOW, by="ann", customer="x", name="y", act="enter", before=None, after=ServerState.ENTERED
    )
    assert (change.before, change.after, change.note) == (None, ServerState.ENTERED, "")
