"""A customer's server from entered to released, looked at for real, with and without a store (S1, Q6, M9)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mailsend.doctor.dkim_record import new_key
from mailsend.errors import InvalidSettings, StoreError, UnknownCustomer
from mailsend.mailer import AsyncMailer, Mailer
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.model.rules import Rules
from mailsend.model.server import ServerState
from mailsend.model.submission import Refusal, Submission
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer
from mailsend.testing.received import Received

KEY = new_key().decode()
APPLICATION = {
    "fallback_sender": "no-reply@suite.example",
    "allowed_domains": ["suite.example"],
    "store": "memory:",
    "secret_keys": ["k" * 43],
}
RAT = {"allowed_domains": ["rat.example"], "fallback_sender": "Rat <office@rat.example>"}
TO_BOB = Message(to="bob@elsewhere.example", customer="rat", subject="Hello", text="Hello\n")


def settings(customer: dict | None = None, **application: object) -> Settings:
    return Settings.model_validate(
        {"application": {**APPLICATION, **application}, "customers": {"rat": {**RAT, **(customer or {})}}}
    )


class Delivering(ScriptedServer):
    """A server that writes what it takes into a maildir, changed by ``tamper``."""

    def __init__(self, folder: Path, tamper: Callable[[bytes], bytes] = bytes, **more: object) -> None:
        super().__init__(**more)
        self.folder, self.tamper, self.reverse_path = folder, tamper, ""

    def received(self, mail: Received) -> int:
        number = super().received(mail)
        came = b"Return-Path: <%s>\r\n" % (self.reverse_path or mail.reverse_path).encode()
        came += b"Received: from here by there\r\n" + self.tamper(mail.data)
        waiting = self.folder / "tmp" / f"{self.port}.{number}.mail"
        waiting.write_bytes(came.replace(b"\r\n", b"\n"))
        waiting.rename(self.folder / "new" / waiting.name)
        return number


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for one in ("new", "cur", "tmp"):
        (tmp_path / one).mkdir()
    return tmp_path


def with_maildir(folder: Path) -> Settings:
    return settings(
        {"dkim_keys": [{"domain": "rat.example", "selector": "s", "key": KEY}]},
        bounce_address="bounces@suite.example",
        bounce_mailbox=f"maildir://{folder}",
    )


def verified(folder: Path, **server: object):
    tamper = server.pop("tamper", bytes)
    with Delivering(folder, tamper, tls="starttls", accounts={"box@rat.example": "pw"}) as one:
        one.reverse_path = server.pop("reverse_path", "")
        with Mailer(with_maildir(folder)) as mailer:
            mailer.servers.add("rat", replace(one.server, **server), by="ops")
            return mailer.servers.verify("rat", round_trip=True, wait=10, by="ops")


def test_a_server_carries_mail_once_it_is_verified_and_released_and_no_longer_once_locked() -> None:
    """Entered, verified, released, locked: each with who, and mail is sent through a released one alone."""
    with ScriptedServer(tls="starttls", accounts={"ann": "pw"}) as server, Mailer(settings()) as mailer:
        entered = mailer.servers.add("rat", server.server, by="ops")
        before = mailer.preview(TO_BOB)
        found = mailer.servers.verify("rat", by="ops")
        still = mailer.preview(TO_BOB)
        released = mailer.servers.release("rat", by="boss", note="as agreed")
        mail = mailer.preview(TO_BOB)
        sent = mailer.send(TO_BOB)
        locked = mailer.servers.lock("rat", by="boss")
        after, held = mailer.preview(TO_BOB), mailer.deliver(mail)

    assert [entered.state, found.record.state, released.state, locked.state] == [
        "entered",
        "verified",
        "released",
        "locked",
    ]
    assert [(one.state, one.by, one.note) for one in released.steps] == [
        ("entered", "ops", ""),
        ("verified", "ops", ""),
        ("released", "boss", "as agreed"),
    ]
    assert released.findings["ok"] is True
    assert [isinstance(one, Refusal) for one in (before, still, mail, after)] == [True, True, False, True]
    assert "it is verified, not released" in still.explain()
    assert sent.complete
    assert [(one.outcome, str(one.reason)) for one in held.recipients.values()] == [
        (Outcome.HELD, "server_not_released")
    ]
    assert len(server.messages) == 1


def test_a_server_that_fails_stays_entered_and_cannot_be_released() -> None:
    """A wrong password verifies nothing, and the step to released is refused."""
    with ScriptedServer(tls="starttls", accounts={"ann": "pw"}) as server, Mailer(settings()) as mailer:
        server.accounts["ann"] = "another"
        wrong = server.server
        server.accounts["ann"] = "pw"
        mailer.servers.add("rat", wrong, by="ops")
        found = mailer.servers.verify("rat", by="ops")
        with pytest.raises(StoreError, match="not verified"):
            mailer.servers.release("rat", by="boss")

    assert (found.ok, found.record.state) == (False, ServerState.ENTERED)


def test_another_password_is_another_server() -> None:
    """A released server that is set to another account begins at entered, and carries nothing."""
    accounts = {"ann": "pw", "bea": "pw"}
    with ScriptedServer(tls="starttls", accounts=accounts) as server, Mailer(settings()) as mailer:
        mailer.servers.add("rat", server.server, by="ops")
        mailer.servers.verify("rat", by="ops")
        mailer.servers.release("rat", by="boss")
        del server.accounts["ann"]
        changed = mailer.servers.set("rat", server=server.server, by="ops")
        refused = mailer.preview(TO_BOB)

    assert changed.state is ServerState.ENTERED
    assert isinstance(refused, Refusal)


def test_a_server_of_the_settings_is_verified_and_released_too() -> None:
    """Its definition stays in the settings, its state is kept by the store."""
    with ScriptedServer() as server, Mailer(settings({"server": server.url})) as mailer:
        locked = mailer.servers.list("rat")
        mailer.servers.verify("rat", by="ops")
        released = mailer.servers.release("rat", by="boss")
        sent = mailer.send(TO_BOB)
        listed = mailer.servers.list("rat")
        with pytest.raises(StoreError, match="stands in the settings"):
            mailer.servers.remove("rat", by="ops")

    assert [(one.state, one.from_rules, one.steps) for one in locked] == [("locked", True, ())]
    assert (released.state, released.server.port, sent.complete) == ("released", server.port, True)
    assert [(one.state, one.from_rules, len(one.steps)) for one in listed] == [("released", True, 3)]


def test_the_last_route_of_a_customers_mail_remains() -> None:
    """The last server goes only where smarthosts carry the mail instead (Q6)."""
    with ScriptedServer() as server:
        with Mailer(settings()) as mailer:
            mailer.servers.add("rat", server.server, by="ops")
            with pytest.raises(StoreError, match="one route has to remain") as caught:
                mailer.servers.remove("rat", by="ops")
        with Mailer(settings(smarthosts=["memory:"])) as mailer:
            mailer.servers.add("rat", server.server, by="ops")
            gone = mailer.servers.remove("rat", by="ops")
            left = mailer.servers.list("rat")

    assert caught.value.advice
    assert (gone.name, left) == (server.server.name, ())


def test_the_order_of_servers_is_the_order_in_which_they_are_tried() -> None:
    """Routes follow what order says; every server has to be named."""
    with ScriptedServer() as one, ScriptedServer() as two, Mailer(settings()) as mailer:
        for each in (one, two):
            mailer.servers.add("rat", each.server, by="ops")
            mailer.servers.verify("rat", each.server.name, by="ops")
            mailer.servers.release("rat", each.server.name, by="boss")
        with pytest.raises(StoreError, match="leaves out"):
            mailer.servers.order("rat", [two.server.name], by="ops")
        with pytest.raises(InvalidSettings, match="there are several"):
            mailer.servers.lock("rat", by="ops")
        ordered = mailer.servers.order("rat", [two.server.name, one.server.name], by="ops")
        mail = mailer.preview(TO_BOB)

    assert [each.name for each in ordered] == [two.server.name, one.server.name]
    assert isinstance(mail, Submission)
    assert [each.name for each in mail.routes.servers] == [two.server.name, one.server.name]


def test_without_a_store_a_probe_works_and_a_state_does_not() -> None:
    """What only looks needs no store; what changes a state says that it needs one."""
    with ScriptedServer() as server, Mailer(_storeless(server)) as mailer:
        report = mailer.servers.probe("rat")
        anywhere = mailer.servers.probe(server=server.url, mail_from="ann@rat.example")
        listed = mailer.servers.list("rat")
        for ask in (
            lambda: mailer.servers.verify("rat", by="ops"),
            lambda: mailer.servers.release("rat", by="ops"),
            lambda: mailer.servers.add("rat", server.url, by="ops"),
        ):
            with pytest.raises(StoreError, match="needs a store") as caught:
                ask()
            assert "mailsend store upgrade" in caught.value.advice

    assert (report.ok, anywhere.ok) == (True, True)
    assert report.findings[-1].facts["sender"] == "office@rat.example"
    assert [(one.state, one.from_rules) for one in listed] == [("locked", True)]


def _storeless(server: ScriptedServer) -> Settings:
    application = {name: value for name, value in APPLICATION.items() if name != "store"}
    return Settings.model_validate(
        {"application": application, "customers": {"rat": {**RAT, "server": server.url}}}
    )


def test_who_does_it_has_to_be_said() -> None:
    """An empty name is refused, and so are unknown customers and servers."""
    with Mailer(settings()) as mailer:
        with pytest.raises(InvalidSettings, match="nobody is named"):
            mailer.servers.add("rat", "smtp://mail.rat.example", by=" ")
        with pytest.raises(UnknownCustomer):
            mailer.servers.list("mouse")
        with pytest.raises(InvalidSettings, match="has no server"):
            mailer.servers.find("rat")
        with pytest.raises(InvalidSettings, match="neither a customer nor a server"):
            mailer.servers.probe()


class People:
    """A directory that keeps the state of its customers' servers itself."""

    def __init__(self, url: str, *, is_async: bool = False) -> None:
        self.state: ServerState | None = ServerState.RELEASED
        self.is_async = is_async
        application = {name: value for name, value in APPLICATION.items() if name != "store"}
        self.rules = Rules.from_dict(
            {"application": application, "customers": {"rat": {**RAT, "server": url}}}
        )

    def rules_for(self, customer: str, business_unit: str | None) -> Rules:
        return self.rules

    def server_state(self, customer, server):
        if not self.is_async:
            return self.state

        async def later():
            return self.state

        return later()


def test_without_a_store_a_directory_says_how_far_a_server_has_come() -> None:
    """Released it carries mail, locked it does not, and None leaves it to the rules."""
    application = {name: value for name, value in APPLICATION.items() if name != "store"}
    plain = Settings.model_validate({"application": application})
    with ScriptedServer() as server:
        people = People(server.url)
        with Mailer(plain, directory=people) as mailer:
            mail = mailer.preview(TO_BOB)
            people.state = ServerState.LOCKED
            locked, held = mailer.preview(TO_BOB), mailer.deliver(mail)
            people.state = None
            by_rules = mailer.preview(TO_BOB)
            people.is_async = True
            with pytest.raises(TypeError, match="an async directory goes with AsyncMailer"):
                mailer.preview(TO_BOB)

        async def awaited() -> tuple[object, object]:
            people.state = ServerState.RELEASED
            async with AsyncMailer(plain, directory=people) as mailer:
                return await mailer.preview(TO_BOB), await mailer.servers.list("rat")

        later, listed = asyncio.run(awaited())

    assert isinstance(mail, Submission)
    assert (isinstance(locked, Refusal), isinstance(by_rules, Refusal)) == (True, True)
    assert [one.outcome for one in held.recipients.values()] == [Outcome.HELD]
    assert isinstance(later, Submission)
    assert [one.state for one in listed] == [ServerState.RELEASED]


def test_the_async_mailer_does_the_same(maildir: Path) -> None:
    """Every method is there, awaited."""

    async def whole_way(server: ScriptedServer) -> list[object]:
        async with AsyncMailer(with_maildir(maildir)) as mailer:
            servers = mailer.servers
            added = await servers.add("rat", server.server, by="ops")
            report = await servers.probe("rat", relay_to="stranger@elsewhere.example")
            found = await servers.verify("rat", round_trip=True, wait=10, by="ops")
            released = await servers.release("rat", by="boss")
            sent = await mailer.send(TO_BOB)
            locked = await servers.lock("rat", by="boss")
            unlocked = await servers.unlock("rat", by="boss")
            changed = await servers.set("rat", senders=["@rat.example"], by="ops")
            ordered = await servers.order("rat", [added.name], by="ops")
            again = await servers.add("rat", "smtp://mail.rat.example", by="ops")
            await servers.remove("rat", again.name, by="ops")
            names = await servers.customers(), (await servers.find("rat")).name
            return [report.ok, found.ok, released.state, sent.complete, locked.state, unlocked.state] + [
                changed.senders,
                [one.name for one in ordered] == [added.name],
                names == (("rat",), added.name),
            ]

    with Delivering(maildir, tls="starttls", accounts={"box@rat.example": "pw"}) as server:
        told = asyncio.run(whole_way(server))

    assert told == [True, True, "released", True, "locked", "entered", ("@rat.example",), True, True]


def test_an_honest_server_makes_the_round_trip_and_is_verified(maildir: Path) -> None:
    """What arrives is what was sent: reverse-path, fields, body and signature; nothing is proposed."""
    found = verified(maildir)

    codes = [str(one.code) for one in found.report.findings if one.step == "round_trip"]
    assert codes == [
        "arrived",
        "reverse_path_kept",
        *["field_kept"] * 4,
        "body_kept",
        "signature_verifies",
    ]
    assert found.record.state is ServerState.VERIFIED
    assert {one.trait for one in found.report.proposals} <= {"max_message_size", "pipelining"}


def test_a_server_that_replaces_date_and_message_id_breaks_the_signature_until_its_traits_say_so(
    maildir: Path,
) -> None:
    """The proposals of the first round trip, once set, let the second one through."""

    def tamper(data: bytes) -> bytes:
        data = re.sub(rb"(?m)^Date: [^\r]*", b"Date: Thu, 01 Jan 2026 00:00:00 +0000", data)
        return re.sub(rb"(?mi)^Message-ID: [^\r]*", b"Message-ID: <theirs@mail>", data)

    first = verified(maildir, tamper=tamper)
    proposed = {one.trait: one.value for one in first.report.proposals}
    second = verified(
        maildir,
        tamper=tamper,
        rewrites=tuple(proposed["rewrites"]),
        own_message_id=proposed["own_message_id"],
    )

    assert [str(one.code) for one in first.report.failed] == ["signature_broken"]
    assert first.record.state is ServerState.ENTERED
    assert (proposed["rewrites"], proposed["own_message_id"]) == (["Date"], True)
    assert [str(one.code) for one in second.report.failed] == []
    assert second.record.state is ServerState.VERIFIED


def test_a_footer_and_a_foreign_reverse_path_are_found(maildir: Path) -> None:
    """A changed body breaks the signature; the account's reverse-path speaks for mail_from=login."""
    found = verified(
        maildir, tamper=lambda data: data + b"-- \r\nScanned.\r\n", reverse_path="box@rat.example"
    )

    codes = {str(one.code) for one in found.report.findings}
    assert {"body_changed", "signature_broken", "reverse_path_replaced"} <= codes
    assert {one.trait: one.value for one in found.report.proposals}["mail_from"] == "login"


def test_a_mail_that_never_arrives_is_told_after_the_wait(maildir: Path) -> None:
    """Accepted and not seen: the finding has the queue id, and nothing is verified."""
    with ScriptedServer() as server, Mailer(with_maildir(maildir)) as mailer:
        mailer.servers.add("rat", server.server, by="ops")
        found = mailer.servers.verify("rat", round_trip=True, wait=1, by="ops")

    assert [str(one.code) for one in found.report.failed] == ["not_arrived"]
    assert found.report.failed[0].facts["queue"] == "1"


def test_a_mail_that_is_refused_or_may_not_go_is_told(maildir: Path) -> None:
    """A refusal of the server, and test mode, each end the round trip with their reason."""
    replies = {"bounces@suite.example": "550 5.1.1 No such user"}
    with ScriptedServer(replies=replies) as server, Mailer(with_maildir(maildir)) as mailer:
        mailer.servers.add("rat", server.server, by="ops")
        refused = mailer.servers.verify("rat", round_trip=True, wait=2, by="ops")
        mailer.test_mode.on("test@suite.example")
        tested = mailer.servers.verify("rat", round_trip=True, wait=2, by="ops")

    assert [(str(one.code), one.facts.get("why")) for one in refused.report.failed] == [
        ("not_sent", "550 5.1.1 No such user")
    ]
    assert [str(one.code) for one in tested.report.failed] == ["test_mode"]
    assert server.messages == []


def test_the_round_trip_needs_a_bounce_mailbox() -> None:
    """Without one nothing is sent, and the error says which settings it needs."""
    with ScriptedServer() as server, Mailer(settings()) as mailer:
        mailer.servers.add("rat", server.server, by="ops")
        with pytest.raises(InvalidSettings, match="the round trip needs it") as caught:
            mailer.servers.verify("rat", round_trip=True, by="ops")

    assert "maildir:///path" in caught.value.advice
