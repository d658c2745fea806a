"""``mailsend test-mode``: the switch, and mails that test mode holds sent for real by a person's word."""

from __future__ import annotations

import pytest

from mailsend import Mailer, Message, Settings
from mailsend.cli import test_mode

BY = ("--by", "ann", "--reason", "looked at")
TEST = "test@suite.example"


@pytest.fixture
def config(mailsend, settings):
    """Give settings with a store and a test address, test mode off."""
    store = 'store = "sqlite:///mailsend.db"\nsecret_keys = ["the-first-of-the-secret-keys"]\n'
    text = settings.read_text().replace("[application]\n", f"[application]\n{store}", 1)
    settings.write_text(f'{text}\n[application.test_mode]\nrecipient = "{TEST}"\n')
    assert mailsend("store", "upgrade").code == 0
    return settings


@pytest.fixture
def mailer(config):
    with Mailer(Settings.load(config)) as opened:
        yield opened


def _message(**more):
    return Message(**{"to": "bob@example.org", "subject": "Hello", "text": "Hello\n", **more})


def _envelope(mailer, mail):
    return {one.envelope_address for one in mailer.outbox.get(mail).recipients}


# The switch.


def test_it_is_switched_on_and_off_for_all_processes(mailsend, mailer):
    """One command switches, another one says so, and the application's mail goes there."""
    assert mailsend("test-mode", "status").out == "✓ Test mode is off: all mail goes to its recipients.\n"
    said = mailsend("test-mode", "on", *BY)
    assert (said.code, said.out, said.err) == (0, f"! Test mode is on: all mail goes to {TEST}.\n", "")
    assert mailsend("test-mode", "status", "--json").document == {
        "enabled": True,
        "recipient": TEST,
        "customers": {},
    }
    mailer.send(_message())
    assert [str(one.envelope.recipients[0]) for one in mailer.captured] == [TEST]
    assert mailsend("test-mode", "off", *BY).out == "✓ Test mode is off: all mail goes to its recipients.\n"
    assert mailsend("test-mode", "status", "--json").document["enabled"] is False


def test_another_address_may_be_named(mailsend, config):
    """It goes before that of the settings."""
    assert (
        mailsend("test-mode", "on", "qa@suite.example", "--json").document["recipient"] == "qa@suite.example"
    )


def test_it_may_be_for_one_customer(mailsend, config):
    """The application's mail goes on; the status tells both."""
    said = mailsend("test-mode", "on", "--customer", "ratcatcher", *BY)
    assert said.out == f"! Test mode is on: all mail of ratcatcher goes to {TEST}.\n"
    assert mailsend("test-mode", "status").out == (
        "✓ Test mode is off: all mail goes to its recipients.\n"
        f"! It is on for ratcatcher: all its mail goes to {TEST}.\n"
    )
    told = mailsend("test-mode", "status", "--customer", "ratcatcher", "--json").document
    assert told == {"enabled": True, "recipient": TEST, "customers": {"ratcatcher": TEST}}
    said = mailsend("test-mode", "off", "--customer", "ratcatcher", *BY)
    assert said.out == "✓ Test mode is off: all mail of ratcatcher goes to its recipients.\n"
    assert mailsend("test-mode", "status", "--json").document["customers"] == {}


def test_a_customer_of_the_store_has_one_too(mailsend, config, tmp_path):
    """Where customers stand in the store, it is found there."""
    text = config.read_text()
    head, _, tail = text.partition("[customers.ratcatcher]")
    config.write_text(
        head.replace("[application]\n", '[application]\ndirectory = "store"\n', 1)
        + tail[tail.index("[application.test_mode]") :]
    )
    rules = tmp_path / "rat.toml"
    rules.write_text('allowed_domains = ["rat.example"]\n')
    assert mailsend("customer", "set", "rat", "--from", rules, "--by", "ann").code == 0
    assert mailsend("test-mode", "on", "--customer", "rat", *BY).code == 0
    assert mailsend("test-mode", "status", "--customer", "rat", "--json").document["enabled"] is True


@pytest.mark.parametrize("act", ["on", "status"])
def test_a_customer_that_nobody_knows_is_refused(mailsend, config, act):
    """A misspelt name must not look like a switch."""
    said = mailsend("test-mode", act, "--customer", "ratcather")
    assert (said.code, "there is no such customer" in said.err) == (78, True)
    assert mailsend("test-mode", "status", "--json").document["customers"] == {}


def test_a_customer_that_has_gone_can_be_switched_off(mailsend, config):
    """What stands in the store can always be taken back."""
    mailsend("test-mode", "on", "--customer", "ratcatcher", *BY)
    text = config.read_text().replace("customers.ratcatcher", "customers.piper")
    config.write_text(text)
    assert mailsend("test-mode", "off", "--customer", "ratcatcher", *BY).code == 0
    assert mailsend("test-mode", "status", "--json").document["customers"] == {}


def test_the_settings_word_is_changed_in_the_settings(mailsend, config):
    """A command does not switch off what the settings switch on."""
    config.write_text(config.read_text().replace("recipient =", "enabled = true\nrecipient ="))
    said = mailsend("test-mode", "off", *BY)
    assert (said.code, "the settings switch test mode on" in said.err) == (78, True)


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        ((), 64, ""),
        (("on", "bob@@example.org"), 65, "not a valid address"),
        (("on", "a@x.example", "b@x.example"), 64, ""),
        (("confirm", "nope", "--yes"), 65, "no held mail"),
        (("sideways",), 64, ""),
    ],
    ids=str,
)
def test_what_is_typed_wrongly_is_told(mailsend, config, words, code, what):
    """With its code and without a traceback."""
    said = mailsend("test-mode", *words)
    assert (said.code, what in said.err, "Traceback" in said.err) == (code, True, False)


def test_without_a_test_address_it_cannot_be_on(mailsend, config):
    """Neither the command nor the settings name one."""
    config.write_text(config.read_text().partition("\n[application.test_mode]")[0])
    assert mailsend("test-mode", "on").code == 78


def test_without_a_store_there_is_no_switch(mailsend, settings):
    """It would end with the command; the status is that of the settings."""
    for act, code in (("on", 78), ("off", 78), ("confirm", 78)):
        said = mailsend("test-mode", act)
        assert (said.code, "store" in said.err) == (code, True)
    assert mailsend("test-mode", "status").code == 0


# The question.


@pytest.fixture
def held(mailer):
    """Give a mail that a dialogue asks about, and one prepared before test mode was switched on."""
    before = mailer.enqueue(_message(to="eve@example.org"))
    mailer.test_mode.on(by="ann")
    (asked,) = mailer.test_mode.question([_message()]).messages
    mailer.deliver_due()
    assert [str(mailer.outbox.get(one).state) for one in (before, asked)] == ["held", "held"]
    return before, asked


def test_nothing_is_sent_that_nobody_confirmed(mailsend, mailer, held):
    """In a pipe nobody can be asked: it says what would go out, sends nothing, and ends with 77."""
    said = mailsend("test-mode", "confirm")
    assert said.code == 77
    assert said.out == "2 mails to eve@example.org, bob@example.org\n"
    assert "nothing was sent" in said.err
    assert mailsend("test-mode", "confirm", "--json").document["error"]["code"] == 77
    assert [str(mailer.outbox.get(one).state) for one in held] == ["held", "held"]


def test_a_person_is_asked(mailsend, mailer, held, monkeypatch):
    """On a terminal the answer counts: no sends nothing, yes sends."""
    answers = iter([False, True])
    monkeypatch.setattr("typer.confirm", lambda *_, **__: next(answers))
    monkeypatch.setattr(test_mode, "_can_ask", lambda _: True)
    assert mailsend("test-mode", "confirm", *BY).code == 77
    assert mailsend("test-mode", "confirm", *BY).code == 0


def test_what_is_confirmed_goes_to_its_recipients_once(mailsend, mailer, held):
    """Each prepared afresh under a new id, by a named person for a reason; then nothing is held."""
    said = mailsend("test-mode", "confirm", "--yes", "--json", *BY)
    sent = said.document["sent"]
    assert (said.code, set(sent), said.document["refused"]) == (0, set(held), {})
    assert {one: _envelope(mailer, sent[one]) for one in held} == {
        held[0]: {"eve@example.org"},
        held[1]: {"bob@example.org"},
    }
    event = mailer.outbox.get(sent[held[0]]).events[0]
    assert (event.act, event.by, event.reason) == ("confirmed", "ann", "looked at")
    mailer.deliver_due()
    arrived = sorted(str(one.envelope.recipients[0]) for one in mailer.captured)
    assert arrived == ["bob@example.org", "eve@example.org"]
    again = mailsend("test-mode", "confirm", "--yes")
    assert (again.code, again.out) == (0, "Test mode holds nothing.\n")
    assert mailsend("test-mode", "confirm", "--yes", "--json").document == {"sent": {}, "refused": {}}


def test_one_may_be_sent_and_the_others_not(mailsend, mailer, held):
    """Ids say which; the rest goes on to be held."""
    said = mailsend("test-mode", "confirm", held[1], "--yes")
    assert said.out.splitlines() == ["1 mail to bob@example.org", "✓ 1 mail put into the queue"]
    assert [str(mailer.outbox.get(one).state) for one in held] == ["held", "cancelled"]


def test_they_may_go_to_the_test_address_instead(mailsend, mailer, held):
    """The copy that is kept goes itself; one for real recipients is prepared anew."""
    said = mailsend("test-mode", "confirm", "--keep-testing", "--yes", "--json", *BY)
    sent = said.document["sent"]
    assert (sent[held[1]], sent[held[0]] == held[0]) == (held[1], False)
    mailer.deliver_due()
    assert {str(who) for one in mailer.captured for who in one.envelope.recipients} == {TEST}


def test_a_copy_can_be_sent_for_real_when_test_mode_is_over(mailsend, mailer, held):
    """Held test mails are converted later, too (P3)."""
    mailsend("test-mode", "off", *BY)
    sent = mailsend("test-mode", "confirm", held[1], "--yes", "--json", *BY).document["sent"]
    assert _envelope(mailer, sent[held[1]]) == {"bob@example.org"}


def test_what_may_not_go_out_any_more_is_told(mailsend, mailer, held):
    """Prepared afresh, a mail may be refused: the others go, and the code is 65."""
    mailer.lists.block.add("bob@example.org", by="ann")
    said = mailsend("test-mode", "confirm", "--yes")
    assert said.code == 65
    assert f"  ✗ {held[1]}: " in said.out
    assert str(mailer.outbox.get(held[1]).state) == "held"


def test_many_recipients_are_counted(mailsend, mailer):
    """Five are named, and how many more."""
    mailer.test_mode.on(by="ann")
    mailer.test_mode.question([_message(to=[f"n{one}@example.org" for one in range(7)])])
    assert mailsend("test-mode", "confirm").out.startswith("1 mail to n0@example.org, ")
    assert mailsend("test-mode", "confirm").out.endswith(" and 2 more\n")
