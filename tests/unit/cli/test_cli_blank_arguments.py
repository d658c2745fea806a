"""Blank arguments, as a variable that is not set makes them: refused as wrong usage, and nothing is done."""

from __future__ import annotations

import pytest

from mailsend import Mailer, Message, Settings
from mailsend.store.schema.mails import event

ID = "01m81txm5093mtkt3cdecta33d"
WHY = ("--reason", "wrong prices")
ACTS = ("retry", "force", "hold", "release", "freeze", "thaw", "delete")
SERVER = ("ratcatcher", "mail.example.com")

BY = [
    *[("queue", one, ID, *WHY) for one in ACTS],
    ("queue", "hold", "template:x", "--standing", *WHY),
    ("queue", "lift", "1", *WHY),
    ("queue", "show", ID),
    ("queue", "show", ID, "--content"),
    ("log", "show", ID),
    ("log", "resend", ID, *WHY),
    *[(*group, one, "bob@example.org") for group in (("suppress",),) for one in ("add", "remove")],
    *[("list", one, "block", "bob@example.org") for one in ("add", "remove")],
    ("limit", "reset", "smtp:mail.example.com:587", *WHY),
    ("server", "add", "ratcatcher", "smtp://mail.example.com"),
    ("server", "set", *SERVER, "--port", "588"),
    *[("server", one, *SERVER) for one in ("order", "remove", "verify", "release", "lock", "unlock")],
    ("customer", "set", "owl", "locale=de-CH"),
    ("person", "bob@example.org"),
    ("erase", "bob@example.org", *WHY),
    ("test-mode", "on", "test@suite.example"),
    ("test-mode", "off"),
    ("test-mode", "confirm", ID, "--yes"),
]
REASON = [
    *[("queue", one, ID) for one in ACTS],
    ("queue", "hold", "template:x", "--standing"),
    ("queue", "lift", "1"),
    ("log", "resend", ID),
    ("limit", "reset", "smtp:mail.example.com:587"),
    ("erase", "bob@example.org"),
    ("test-mode", "on", "test@suite.example"),
    ("test-mode", "off"),
    ("test-mode", "confirm", ID, "--yes"),
    ("suppress", "add", "bob@example.org"),
]
HELLO = ("--to", "bob@example.org", "--subject", "Hello", "--text", "Hello")
CUSTOMER = [
    ("send", *HELLO),
    ("preview", *HELLO),
    ("explain", *HELLO),
    ("suppress", "list"),
    ("suppress", "add", "bob@example.org"),
    ("suppress", "remove", "bob@example.org"),
    ("list", "show", "block"),
    ("list", "add", "block", "bob@example.org"),
    ("test-mode", "status"),
    ("test-mode", "on", "test@suite.example"),
    ("test-mode", "off"),
    ("server", "list"),
    ("server", "add", "smtp://mail.example.com"),
    *[
        ("server", one, "mail.example.com")
        for one in ("set", "order", "remove", "probe", "verify", "release")
    ],
]
ALONE = [
    ("log", "show"),
    ("log", "resend", *WHY),
    ("log", "case"),
    ("queue", "show"),
    ("queue", "hold", *WHY),
    ("queue", "hold", "--standing", *WHY),
    ("test-mode", "confirm", "--yes"),
    ("customer", "show"),
    ("customer", "set", "--note", "x"),
    ("limit", "reset", *WHY),
    ("template", "show"),
    ("server", "list"),
    *[("server", one, "ratcatcher") for one in ("add", "set", "order", "remove", "probe", "verify", "lock")],
    *[("server", one) for one in ("add", "set", "order", "remove", "probe", "verify", "unlock")],
    ("server", "add", "ratcatcher", "--host"),
    ("server", "add", *SERVER[:1], "smtp://mail.example.com", "--user"),
    ("server", "add", *SERVER[:1], "smtp://mail.example.com", "--sender"),
    ("send", *HELLO, "--customer", "ratcatcher", "--business-unit"),
]


@pytest.fixture
def mailer(mailsend, settings):
    """Give a Mailer whose store has its tables, and test mode switched on."""
    store = 'store = "sqlite:///mailsend.db"\nsecret_keys = ["the-first-of-the-secret-keys"]\n'
    settings.write_text(settings.read_text().replace("[application]\n", f"[application]\n{store}", 1))
    assert mailsend("store", "upgrade").code == 0
    with Mailer(Settings.load(settings)) as opened:
        opened.test_mode.on("test@suite.example")
        yield opened


def acts(mailer):
    store = mailer._core.store_door.open("a test")
    return store._database.looking(lambda one: one.connection.execute(event.select()).all())


@pytest.mark.parametrize("blank", ["", " \t"])
@pytest.mark.parametrize(
    ("option", "commands"), [("--by", BY), ("--reason", REASON), ("--customer", CUSTOMER), (None, ALONE)]
)
def test_a_blank_argument_is_wrong_usage(mailsend, mailer, option, commands, blank):
    """Whichever command it is given to: it ends with 64, and has done nothing."""
    before = acts(mailer)
    codes = {}
    for one in commands:
        said = mailsend(*one, *([] if option is None else [option]), blank)
        codes[" ".join(one)] = said.code, said.out
    assert {one: told for one, told in codes.items() if told != (64, "")} == {}
    assert (acts(mailer), mailer.test_mode.status().enabled) == (before, True)


def test_what_is_wrong_is_told(mailsend, mailer):
    """By the option's or the argument's name, in words and in JSON."""
    said = mailsend("test-mode", "off", "--customer", "")
    assert (said.code, said.err.splitlines()[0]) == (
        64,
        "mailsend test-mode off: Invalid value for '--customer': it is blank",
    )
    document = mailsend("log", "show", " ", "--json").document
    assert document["error"]["message"] == "Invalid value for 'ID': it is blank"


def test_a_log_in_name_that_is_blank_names_nobody(mailsend, mailer, monkeypatch):
    """Then --by is asked for."""
    monkeypatch.setenv("LOGNAME", " ")
    said = mailsend("test-mode", "on", "test@suite.example")
    assert (said.code, said.err) == (64, "mailsend: nobody is named\n  Say who does it: --by NAME.\n")


def test_a_blank_query_finds_what_none_finds(mailsend, mailer):
    """Where all are shown without one; nothing is changed by looking."""
    mailer.enqueue(Message(to="bob@example.org", subject="Hello", text="Hello"))
    for command in (("queue", "list"), ("log", "search"), ("log", "stats")):
        assert mailsend(*command, " ", "--json").document == mailsend(*command, "--json").document
