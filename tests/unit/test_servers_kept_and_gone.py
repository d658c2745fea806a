"""Servers that a store keeps a state of: those that the settings have no more, the last one, whom they are for."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from dataclasses import replace

import pytest

from mailsend.errors import InvalidSettings, StoreError
from mailsend.mailer import AsyncMailer, Mailer
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.model.server import Server, ServerState
from mailsend.settings import Settings
from mailsend.store import upgrade
from mailsend.transport.smtp.memory import gate_for

FIRST, SECOND, THIRD = (f"smtp://ann:pass@{one}.rat.example" for one in "abc")


@pytest.fixture
def store(tmp_path):
    """The URL of a store that several mailers open."""
    url = f"sqlite:///{tmp_path}/mailsend.db"
    upgrade(url)
    return url


def settings_for(store, server=None, *, smarthosts=("memory:",), keys=("k" * 43,), **customer):
    rat = {"allowed_domains": ["rat.example"], "fallback_sender": "office@rat.example", **customer}
    if server is not None:
        rat["server"] = server
    application = {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": list(smarthosts),
        "store": store,
        "secret_keys": list(keys),
    }
    return Settings.model_validate({"application": application, "customers": {"rat": rat}})


def mailer(store, server=None, **more):
    return Mailer(settings_for(store, server, **more))


def names(records):
    return [one.name for one in records]


def test_a_server_that_left_the_settings_hinders_no_order(store):
    """Its state is kept, should it come back, and the servers that are there can still be ordered."""
    with mailer(store, FIRST) as before:
        before.servers.lock("rat", by="bea")
    with mailer(store) as after:
        after.servers.add("rat", SECOND, by="bea")
        after.servers.add("rat", THIRD, by="bea")
        ordered = after.servers.order("rat", ["c.rat.example", "b.rat.example"], by="bea")
        assert names(ordered) == ["c.rat.example:587", "b.rat.example:587"]
    with mailer(store, FIRST, server_released=True) as again:
        assert [one.state for one in again.servers.list("rat")] == [
            ServerState.ENTERED,
            ServerState.ENTERED,
            ServerState.LOCKED,
        ]


def test_a_server_that_left_the_settings_can_be_entered(store):
    """With the same account it begins at entered; while it stands in the settings it is refused."""
    with mailer(store, FIRST) as before:
        before.servers.lock("rat", by="bea")
        with pytest.raises(StoreError, match="stands in the settings"):
            before.servers.add("rat", FIRST, by="bea")
    with mailer(store) as after:
        added = after.servers.add("rat", FIRST, by="bea")
        assert (added.name, added.state, added.from_rules) == (
            "a.rat.example:587",
            ServerState.ENTERED,
            False,
        )
        assert names(after.servers.list("rat")) == ["a.rat.example:587"]


def test_of_two_that_remove_at_once_one_is_refused(store):
    """What each of them saw before does not count: one route remains (Q6)."""
    with mailer(store, smarthosts=()) as one:
        one.servers.add("rat", FIRST, by="bea")
        one.servers.add("rat", SECOND, by="bea")
        seen_before = one.servers._case("rat")
        one.servers.remove("rat", "a.rat.example", by="bea")
        with pytest.raises(StoreError, match="one route has to remain"):
            one.servers._desk.remove(seen_before, "b.rat.example", "cid")
        assert names(one.servers.list("rat")) == ["b.rat.example:587"]


def test_whom_a_server_is_for_is_kept_in_one_spelling(store):
    """Routes compare domains as A-labels, and what is no sender would never be compared with anybody."""
    with mailer(store) as one:
        added = one.servers.add(
            "rat", FIRST, senders=["@B\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.Example"], by="bea"
        )
        assert added.senders == ("@xn--bcher-kva.example",)
        assert one.servers.set("rat", senders=["Ann@Rat.Example"], by="bea").senders == ("Ann@rat.example",)
        with pytest.raises(InvalidSettings) as caught:
            one.servers.set("rat", senders=["@rat.example", "everybody"], by="bea")
        assert caught.value.where == "senders[1]"


def test_a_log_in_that_is_no_address_cannot_be_the_reverse_path(store):
    """In a URL it is refused when it is read, and a server made by code or by --trait when it is kept."""
    with mailer(store) as one:
        wrong = replace(Server.from_url(FIRST), mail_from="login")
        with pytest.raises(InvalidSettings, match="needs a user that is an address") as caught:
            one.servers.add("rat", wrong, by="bea")
        assert (caught.value.where, caught.value.__context__) == ("mail_from", None)
        right = Server.from_url("smtp://ann%40rat.example:pass@a.rat.example?mail_from=login")
        assert one.servers.add("rat", right, by="bea").server == right


def test_a_lock_that_cannot_be_kept_leaves_the_report_as_it_is(store, caplog):
    """Without a secret key no state of an account can be kept; the mail has its answer, and the log the reason."""
    with mailer(store, FIRST, keys=(), server_released=True) as one:
        gate = gate_for(one.rules.customers["rat"].servers[0].server.fingerprint)
        for now in (0.0, 301.0, 2200.0):
            gate.refused(now)
        (report,) = one.send_many(
            [Message(to="bob@elsewhere.example", customer="rat", subject="Hello", text="Hello\n")]
        )
    assert report.error is None
    assert [(each.outcome, each.reason) for each in report.recipients.values()] == [
        (Outcome.DEFERRED, "auth_paused")
    ]
    assert "could not be locked" in caplog.text


@pytest.mark.parametrize("way", ["Mailer", "AsyncMailer"])
def test_servers_whose_key_is_lost_can_be_removed_and_entered_anew(store, way):
    """Each by its whole name; the customer's others, which can be read, are not taken away by that."""
    settings = settings_for(store, keys=("z" * 43,))

    async def removed(name):
        async with AsyncMailer(settings) as other:
            return await other.servers.remove("rat", name, by="bea")

    def remove(one, name):
        if way == "Mailer":
            return one.servers.remove("rat", name, by="bea")
        return asyncio.run(removed(name))

    with mailer(store) as before:
        before.servers.add("rat", FIRST, by="bea")
        before.servers.add("rat", "smtp://b.rat.example", by="bea")
    with Mailer(settings) as after:
        with pytest.raises(StoreError, match="opens with none of the secret keys"):
            after.servers.list("rat")
        with pytest.raises(StoreError, match="can be read"):
            remove(after, "b.rat.example:587")
        gone = remove(after, "a.rat.example:587")
        assert (gone.name, gone.server) == ("a.rat.example:587", None)
        after.servers.add("rat", FIRST, by="bea")
        assert names(after.servers.list("rat")) == ["b.rat.example:587", "a.rat.example:587"]


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("definition", "no JSON"),
        ("definition", "[1]"),
        ("definition", '{"kind":"bogus"}'),
        ("definition", '{"internal_domains":["@"]}'),
        ("steps", "7"),
        ("steps", "[{}]"),
        ("findings", "["),
        ("senders", "7"),
        ("state", "weird"),
    ],
)
def test_a_row_that_was_changed_by_hand_is_told_as_that(store, tmp_path, column, written):
    """No error of a parser comes through, and nothing of the row is shown."""
    with mailer(store) as one:
        one.servers.add("rat", "smtp://b.rat.example", by="bea")
        with contextlib.closing(sqlite3.connect(tmp_path / "mailsend.db")) as database:
            database.execute(f"UPDATE mailsend_server SET {column} = ?", (written,))
            database.commit()
        with pytest.raises(StoreError) as caught:
            one.servers.list("rat")
    assert "by hand" in caught.value.advice
    assert caught.value.__context__ is None
