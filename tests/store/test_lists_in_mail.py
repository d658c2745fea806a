"""The lists at work: in a preview, in sending, in the last look."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_samples import KEYS

from mailsend import AsyncMailer, Mailer, Message, Refusal, Settings
from mailsend.errors import InvalidAddress, InvalidSettings, MessageRefused, StoreError, SubmissionRejected
from mailsend.mailer import listed
from mailsend.model.list_entry import Level, ListName, Why
from mailsend.model.report import Outcome
from mailsend.store import open_store

BOB, EVE = "bob@example.org", "eve@example.org"


def _settings(url, **more):
    return Settings.model_validate(
        {
            "application": {
                "name": "Acme Suite",
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "admin_address": "postmaster@suite.example",
                "smarthosts": ["memory:"],
                "secret_keys": [one.reveal() for one in KEYS],
                **({"store": url} if url else {}),
            },
            "customers": {"rat": {"allowed_domains": ["rat.example"], **more}},
        }
    )


@pytest.fixture
def mailer(url):
    with Mailer(_settings(url)) as made:
        yield made


def _message(to=(BOB, EVE), **more):
    return Message(to=to, subject="Hello", text="Hello\n", **more)


def _reasons(prepared):
    return {str(who): str(one.reason) for who, one in prepared.recipients.items()}


def _outcomes(report):
    return {str(who): (str(one.outcome), one.reason) for who, one in report.recipients.items()}


def test_a_suppressed_recipient_is_left_out_and_told(mailer):
    """The preview says so, the envelope is without it, and the report has it as suppressed."""
    mailer.lists.suppressions.add("BOB@example.org", by="ann")
    prepared = mailer.preview(_message())
    assert _reasons(prepared) == {BOB: "suppressed", EVE: "as_requested"}
    assert [str(one) for one in prepared.envelopes[0].recipients] == [EVE]
    assert "bob@example.org was left out: the address is suppressed." in prepared.recipients.explain()
    report = mailer.send(_message())
    assert _outcomes(report) == {BOB: ("suppressed", "suppressed"), EVE: ("accepted", "accepted")}


def test_where_nobody_is_left_the_message_is_refused(mailer):
    """All recipients suppressed is a Refusal (M39)."""
    mailer.lists.block.add("@example.org", by="ann")
    with pytest.raises(MessageRefused) as refused:
        mailer.send(_message())
    assert refused.value.refusal.reason == "nobody_left"
    assert refused.value.refusal.facts == {"left_out": {BOB: "suppressed", EVE: "suppressed"}}


def test_a_customers_list_is_for_its_mail_alone(mailer):
    """Another customer's mail, and the application's own, go on."""
    mailer.lists.suppress.add(BOB, customer="rat", by="ann")
    assert _reasons(mailer.preview(_message(customer="rat")))[BOB] == "suppressed"
    assert _reasons(mailer.preview(_message()))[BOB] == "as_requested"


def test_answers_go_to_nobody_who_is_suppressed(mailer):
    """Reply-To passes a suppressed address over with the reason (M3)."""
    mailer.lists.suppressions.add("help@suite.example", by="ann")
    prepared = mailer.preview(_message(reply_to="help@suite.example", from_="ann@suite.example"))
    assert [str(one) for one in prepared.reply_to.mailboxes] == ["ann@suite.example"]
    assert [str(one.reason) for one in prepared.reply_to.passed_over] == ["suppressed"]


@pytest.mark.parametrize(
    ("essential", "reason"), [(None, "suppressed"), (False, "suppressed"), (True, "as_requested")]
)
def test_essential_mail_passes_a_complaint(mailer, essential, reason):
    """An invoice goes to whoever complained about reminders (M17)."""
    mailer.lists.suppressions.add(BOB, reason="complaint", by="ann")
    assert _reasons(mailer.preview(_message(essential=essential)))[BOB] == reason


def test_essential_mail_does_not_pass_a_missing_mailbox(mailer):
    """No mail arrives where there is nobody."""
    mailer.lists.suppressions.add(BOB, reason=Why.NO_SUCH_USER, by="ann")
    assert _reasons(mailer.preview(_message(essential=True)))[BOB] == "suppressed"


def test_a_template_says_that_its_mail_is_essential(url, tmp_path):
    """Its template.toml does, unless the message says otherwise; a missing template is refused as such."""
    for name, facts in (("bill", "essential = true\n"), ("tidings", "")):
        folder = tmp_path / "templates" / name
        folder.mkdir(parents=True)
        (folder / "template.toml").write_text(facts)
        (folder / "subject.txt.j2").write_text("Hello")
        (folder / "body.txt.j2").write_text("Hello\n")
    with Mailer(_settings(url, template_dirs=[str(tmp_path / "templates")])) as mailer:
        mailer.lists.suppressions.add(BOB, customer="rat", reason="complaint", by="ann")

        def reasons(**more):
            message = Message(to=(BOB, EVE), customer="rat", **more)
            return _reasons(mailer.preview(message))[BOB]

        assert reasons(template="bill") == "as_requested"
        assert reasons(template="bill", essential=False) == "suppressed"
        assert reasons(template="tidings") == "suppressed"
        refused = mailer.preview(Message(to=(BOB, EVE), customer="rat", template="nothing"))
        assert isinstance(refused, Refusal)
        assert refused.step == "template"


def test_the_last_look_leaves_out_who_was_suppressed_since(mailer):
    """A preview that was made before is sent to the others alone."""
    prepared = mailer.preview(_message())
    mailer.lists.suppressions.add(BOB, by="ann")
    report = mailer.deliver(prepared)
    assert _outcomes(report) == {BOB: ("suppressed", "suppressed"), EVE: ("accepted", "accepted")}
    assert [str(one) for one in mailer.captured[0].envelope.recipients] == [EVE]


def test_the_last_look_sends_to_nobody_where_all_were_suppressed_since(mailer):
    """Then no server is asked at all."""
    prepared = mailer.preview(_message())
    mailer.lists.block.add("@example.org", by="ann")
    with pytest.raises(SubmissionRejected) as refused:
        mailer.deliver(prepared)
    report = refused.value.report
    assert {one.outcome for one in report.recipients.values()} == {Outcome.SUPPRESSED}
    assert (report.attempts, mailer.captured) == ((), ())


def test_the_last_look_lets_essential_mail_pass_a_complaint(mailer):
    """What was essential when it was prepared is so when it goes out."""
    essential, ordinary = (mailer.preview(_message(essential=one)) for one in (True, None))
    mailer.lists.suppressions.add(BOB, reason="complaint", by="ann")
    assert _outcomes(mailer.deliver(essential))[BOB] == ("accepted", "accepted")
    assert _outcomes(mailer.deliver(ordinary))[BOB] == ("suppressed", "suppressed")


def test_in_test_mode_suppressed_recipients_are_left_out_too(url):
    """The test copy tells the truth; its own address is asked of no list."""
    settings = _settings(url)
    with Mailer(settings) as mailer:
        mailer.test_mode.on(recipient="test@suite.example")
        mailer.lists.suppressions.add(BOB, by="ann")
        mailer.lists.suppressions.add("test@suite.example", by="ann")
        report = mailer.send(_message())
        assert _outcomes(report) == {BOB: ("suppressed", "suppressed"), EVE: ("accepted", "accepted")}


def test_what_another_process_lists_counts_within_a_second(mailer, url, monkeypatch):
    """Until then memory answers, also for those on no list."""
    clock = 1000.0
    monkeypatch.setattr(listed, "monotonic", lambda: clock)
    assert _reasons(mailer.preview(_message()))[BOB] == "as_requested"
    with Mailer(_settings(url)) as other:
        other.lists.suppressions.add(BOB, by="ann")
    assert _reasons(mailer.preview(_message()))[BOB] == "as_requested"
    clock += 1.01
    assert _reasons(mailer.preview(_message()))[BOB] == "suppressed"


@pytest.mark.parametrize("few", [0, 100])
def test_long_lists_are_asked_for_single_addresses(mailer, url, monkeypatch, few):
    """Where they are too long to be read whole, each address is asked for, and remembered for a second."""
    monkeypatch.setattr(listed, "FEW", few)
    clock = 1000.0
    monkeypatch.setattr(listed, "monotonic", lambda: clock)
    mailer.lists.suppressions.add(BOB, by="ann")
    for _ in range(2):
        assert _reasons(mailer.preview(_message())) == {BOB: "suppressed", EVE: "as_requested"}
    with Mailer(_settings(url)) as other:
        other.lists.suppressions.add(EVE, by="ann")
        other.lists.suppressions.remove(BOB, by="ann")
    assert _reasons(mailer.preview(_message())) == {BOB: "suppressed", EVE: "as_requested"}
    clock += 1.01
    assert _reasons(mailer.preview(_message())) == {BOB: "as_requested", EVE: "suppressed"}


@pytest.mark.parametrize("few", [0, 100])
def test_an_entry_ends_while_it_is_remembered(mailer, monkeypatch, few):
    """Its end is looked at each time."""
    monkeypatch.setattr(listed, "FEW", few)
    now = datetime.now(UTC)
    monkeypatch.setattr(mailer._core.listed, "_now", lambda: now)
    mailer.lists.suppressions.add(BOB, until=now + timedelta(milliseconds=100), by="ann")
    assert _reasons(mailer.preview(_message()))[BOB] == "suppressed"
    now += timedelta(milliseconds=100)
    assert _reasons(mailer.preview(_message()))[BOB] == "as_requested"


def test_memory_has_bounds(mailer, monkeypatch):
    """More addresses and customers than are remembered are asked for anew."""
    monkeypatch.setattr(listed, "FEW", 0)
    monkeypatch.setattr(listed, "MOST_ADDRESSES", 3)
    monkeypatch.setattr(listed, "MOST_CUSTOMERS", 1)
    mailer.lists.suppressions.add(BOB, by="ann")
    for customer in (None, "rat", None):
        for number in range(3):
            prepared = mailer.preview(_message(to=(BOB, f"b{number}@example.org"), customer=customer))
            assert _reasons(prepared)[BOB] == "suppressed"
    assert len(mailer._core.listed._known) <= 3
    assert len(mailer._core.listed._few) == 1


def test_the_lists_are_told(mailer):
    """One list, one address, all that any list says of it."""
    lists = mailer.lists
    lists["allow"].add(BOB, customer="rat", level="user", note="a friend", by="ann")
    until = datetime.now(UTC) + timedelta(days=1)
    kept = lists.suppress.add("@example.org", reason="no_such_user", until=until, by="ann")
    assert (kept.level, kept.until, kept.why) == (Level.ADMIN, until, Why.NO_SUCH_USER)
    assert lists.suppressions.show() == (kept,)
    assert lists.suppressions.show(customer="rat") == ()
    assert [one.list for one in lists.find(BOB)] == [ListName.ALLOW, ListName.SUPPRESS]
    assert lists.suppress.find(BOB) == (kept,)
    assert lists.suppress.remove("@example.org", reason="complaint", by="ann") == 0
    assert lists.suppress.remove("@example.org", note="a mistake", by="ann") == 1
    assert lists.suppress.show() == ()


def test_what_cannot_be_listed_is_refused(mailer):
    """Words that there are not, and what is no address."""
    with pytest.raises(InvalidSettings, match="list: there is no 'grey'"):
        mailer.lists["grey"]
    with pytest.raises(InvalidSettings, match="reason: there is no 'spam'"):
        mailer.lists.suppressions.add(BOB, reason="spam", by="ann")
    with pytest.raises(InvalidAddress):
        mailer.lists.suppressions.add("bob", by="ann")
    with pytest.raises(StoreError):
        mailer.lists.suppressions.add(BOB, by="")


def test_without_a_store_nothing_is_asked_and_nothing_can_be_listed():
    """Mail goes out as ever; the lists say what they need."""
    with Mailer(_settings(None)) as mailer:
        assert _reasons(mailer.preview(_message()))[BOB] == "as_requested"
        assert mailer.send(_message()).complete
        said = "needs a store, and this Mailer has none"
        with pytest.raises(StoreError, match=said):
            mailer.lists.suppress.add(BOB, by="ann")
        with pytest.raises(StoreError, match=said):
            mailer.lists.find(BOB)
        with pytest.raises(StoreError, match=said):
            mailer.limits.list()
        with pytest.raises(StoreError, match=said):
            mailer.customers.list()


def test_the_same_awaited(url):
    """AsyncMailer has the same lists, and leaves out the same people."""

    async def work():
        async with AsyncMailer(_settings(url)) as mailer:
            early = await mailer.preview(_message())
            await mailer.lists.suppress.add(BOB, by="ann")
            prepared = await mailer.preview(_message())
            late = await mailer.deliver(early)
            assert [one.pattern for one in await mailer.lists.suppressions.show()] == [BOB]
            assert [one.pattern for one in await mailer.lists["suppress"].find(BOB)] == [BOB]
            assert [one.pattern for one in await mailer.lists.find(BOB)] == [BOB]
            assert await mailer.lists.block.show() == await mailer.lists.allow.show() == ()
            assert await mailer.lists.suppressions.remove(BOB, by="ann") == 1
            again = await mailer.send(_message())
            return _reasons(prepared), _outcomes(late), _outcomes(again)

    before, late, after = asyncio.run(work())
    assert before == {BOB: "suppressed", EVE: "as_requested"}
    assert late == {BOB: ("suppressed", "suppressed"), EVE: ("accepted", "accepted")}
    assert set(after.values()) == {("accepted", "accepted")}


def test_many_mails_leave_out_the_same_people(mailer):
    """send_many asks the lists for each."""
    mailer.lists.suppressions.add(BOB, by="ann")
    reports = list(mailer.send_many(_message() for _ in range(20)))
    assert {_outcomes(one)[BOB] for one in reports} == {("suppressed", "suppressed")}


def test_a_store_is_opened_by_the_lists_alone(url):
    """What the store's own door gives is the same book."""
    with open_store(url, secret_keys=KEYS) as store, Mailer(_settings(url)) as mailer:
        made = mailer.lists.suppressions.add(BOB, by="ann")
        assert store.lists.page() == (replace(made),)
