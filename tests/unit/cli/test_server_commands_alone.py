"""``mailsend server`` without a network: what it keeps, refuses, and says (S1, Q6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from refusing_store import database_error

from mailsend.cli.output import Output
from mailsend.cli.server_words import exit_of_probe, tell_probe
from mailsend.decide.verdict import Reason
from mailsend.store.database import Database
from mailsend.transport.probe import Finding, Level, ProbeCode, ProbeReport, ProbeStep, Proposal

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PASSWORD = "Geheim/Schl7391"


@pytest.fixture
def store(settings, mailsend):
    """Settings with a store whose tables are there; the application has no smarthost."""
    text = settings.read_text().replace('smarthosts = ["memory:"]', 'store = "sqlite:///kept.db"')
    settings.write_text(text.replace("[application]", '[application]\nsecret_keys_file = "keys"', 1))
    (settings.parent / "keys").write_text("k" * 43)
    (settings.parent / "password").write_text(PASSWORD + "\n")
    assert mailsend("store", "upgrade").code == 0
    return settings


def test_without_a_store_the_list_is_that_of_the_settings(settings, mailsend):
    """Smarthosts and customers' servers are shown with the state that the settings give."""
    settings.write_text(
        settings.read_text().replace(
            "[customers.ratcatcher]", '[customers.ratcatcher]\nserver = "smtp://mail.rat.example"', 1
        )
    )
    said = mailsend("server", "list")
    assert said.code == 0
    assert said.out.splitlines() == [
        "CUSTOMER    SERVER                STATE      SINCE (UTC)",
        "-           memory:               smarthost",
        "ratcatcher  mail.rat.example:587  locked     by the settings",
    ]
    assert [one["name"] for one in mailsend("server", "list", "ratcatcher", "--json").document] == [
        "mail.rat.example:587"
    ]


def test_an_empty_list_says_so(settings, mailsend):
    """Nothing to list is a sentence and an empty array."""
    assert mailsend("server", "list", "--customer", "ratcatcher").out == "There are no servers.\n"
    assert mailsend("server", "list", "ratcatcher", "--json").document == []


@pytest.mark.parametrize(
    "command",
    [
        ("add", "ratcatcher", "smtp://mail.rat.example"),
        ("set", "ratcatcher"),
        ("remove", "ratcatcher"),
        ("order", "ratcatcher", "a"),
        ("verify", "ratcatcher"),
        ("release", "ratcatcher"),
        ("lock", "ratcatcher"),
        ("unlock", "ratcatcher"),
    ],
)
def test_what_changes_a_state_says_that_it_needs_a_store(settings, mailsend, command):
    """Each such command ends with 78 and says how to make a store."""
    said = mailsend("server", *command)
    assert said.code == 78
    assert "the state of servers needs a store" in said.err
    assert "mailsend store upgrade" in said.err


def test_a_server_is_entered_with_a_password_from_a_file(store, mailsend):
    """The password stands in neither output, and the next command is named."""
    said = mailsend(
        *("server", "add", "ratcatcher", "--host", "mail.rat.example", "--user", "ann"),
        *("--password-file", "password", "--sender", "@operations-the-rat.example", "--by", "ops"),
    )
    listed = mailsend("server", "list", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "✓ mail.rat.example:587 of ratcatcher is entered.",
        "Next: mailsend server verify ratcatcher mail.rat.example:587",
    ]
    assert PASSWORD not in listed.out
    (one,) = listed.document
    assert {name: one[name] for name in ("customer", "name", "state", "senders", "tls", "log_in")} == {
        "customer": "ratcatcher",
        "name": "mail.rat.example:587",
        "state": "entered",
        "senders": ["@operations-the-rat.example"],
        "tls": "starttls",
        "log_in": True,
    }
    assert [(step["state"], step["by"]) for step in one["steps"]] == [("entered", "ops")]


def test_a_password_comes_from_standard_input_or_from_a_variable_as_well(store, mailsend, monkeypatch):
    """- reads one line; a variable is named, so that none has to be typed."""
    monkeypatch.setenv("RAT_PASSWORD", PASSWORD)
    add = ("server", "add", "ratcatcher")
    first = mailsend(*add, "smtp://a.rat.example", "--user", "a", "--password-file", "-", stdin=b"pw\n")
    second = mailsend(*add, "smtps://b.rat.example", "--user", "b", "--password-env", "RAT_PASSWORD")
    assert [first.code, second.code] == [0, 0]
    assert [one["name"] for one in mailsend("server", "list", "--json").document] == [
        "a.rat.example:587",
        "b.rat.example:465",
    ]


def test_a_password_typed_into_a_url_is_taken_with_a_warning(store, mailsend):
    """Others on the machine could read it; it is not repeated."""
    said = mailsend(
        "server", "add", "ratcatcher", f"smtp://ann:{PASSWORD.replace('/', '%2F')}@mail.rat.example"
    )
    assert said.code == 0
    assert "warning: a password on the command line" in said.err
    assert "Geheim" not in said.out + said.err


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("add",), 64, "no customer is named"),
        (("add", "ratcatcher"), 64, "no server is named"),
        (("add", "ratcatcher", "smtp://a.example", "--host", "b.example"), 64, "both given"),
        (("add", "ratcatcher", "smtp://a.example", "--port", "2525"), 64, "--port stands beside a URL"),
        (("add", "ratcatcher", "smtp://a.example", "--tls", "implicit"), 64, "--tls stands beside a URL"),
        (("add", "ratcatcher", "--host", "a.example/?tls=none"), 64, "--host a.example/?tls=none"),
        (("add", "ratcatcher", "--host", "two words"), 64, "--host two words"),
        (("add", "ratcatcher", "--host", "ann@a.example"), 64, "--host ann@a.example"),
        (("add", "ratcatcher", "smtp://a.example", "too-many"), 64, "unexpected extra argument"),
        (("probe", "smtp://a.example", "too-many"), 64, "one word too many"),
        (("probe", "http://a.example"), 78, "unknown scheme"),
        (("order", "ratcatcher"), 64, "no server is named"),
        (("add", "ratcatcher", "smtp://a.example", "--password-file", "password"), 78, "belong together"),
        (("add", "ratcatcher", "smtp://a:b@a.example", "--password-file", "password"), 64, "and beside it"),
        (("probe", "smtp://a:b@a.example", "--user", "a"), 64, "and beside it"),
        (("add", "ratcatcher", "--host", "a.example", "--tls", "none"), 64, "--tls none"),
        (("add", "ratcatcher", "--host", "a.example", "--user", "ann"), 64, "no password"),
        (
            ("add", "ratcatcher", "--host", "a.example", "--user", "a", "--password-env", "NOT_SET"),
            66,
            "is not set",
        ),
        (("add", "ratcatcher", "--host", "a.example", "--user", "a", "--password-file", "none"), 66, "none"),
        (("add", "ratcatcher", "smtp://a.example", "--trait", "colour=red"), 64, "no such trait"),
        (("add", "ratcatcher", "smtp://a.example", "--trait", "tls=none"), 64, "no such trait"),
        (("add", "ratcatcher", "smtp://a.example", "--trait", "signs=maybe"), 78, "signs"),
        (("add", "ratcatcher", "smpt://a.example"), 78, "smtp"),
        (("add", "mouse", "smtp://a.example"), 78, "mouse"),
        (("lock", "ratcatcher"), 78, "has no server"),
        (("probe", "ratcatcher"), 78, "has no server"),
        (("probe", "smtp://a.example", "--from", "nobody"), 65, "--from"),
    ],
)
def test_what_cannot_be_meant_is_said(store, mailsend, command, code, words):
    """Wrong words, servers and customers each end with their code and a reason."""
    said = mailsend("server", *command)
    assert (said.code, words in said.err) == (code, True), said.err


def test_a_server_is_changed_ordered_locked_and_removed(store, mailsend):
    """Each change is told; the last route of a customer's mail remains (77)."""
    for name in ("a", "b"):
        mailsend("server", "add", "ratcatcher", f"smtp://{name}.rat.example")
    ordered = mailsend("server", "order", "ratcatcher", "b.rat.example", "a.rat.example")
    changed = mailsend("server", "set", "ratcatcher", "b.rat.example", "smtps://c.rat.example")
    traits = mailsend("server", "set", "ratcatcher", "c.rat.example", "--trait", "rewrites=Date")
    locked = mailsend("server", "lock", "ratcatcher", "c.rat.example", "--note", "moving")
    verify = mailsend("server", "verify", "ratcatcher", "c.rat.example")
    unlocked = mailsend("server", "unlock", "ratcatcher", "c.rat.example", "--json")
    release = mailsend("server", "release", "ratcatcher", "c.rat.example")
    removed = mailsend("server", "remove", "ratcatcher", "a.rat.example")
    last = mailsend("server", "remove", "ratcatcher")

    assert [line.split()[1] for line in ordered.out.splitlines()[1:]] == [
        "b.rat.example:587",
        "a.rat.example:587",
    ]
    assert changed.out.splitlines()[0] == "✓ c.rat.example:465 of ratcatcher is entered."
    assert (traits.code, locked.out) == (0, "✓ c.rat.example:465 of ratcatcher is locked.\n")
    assert (verify.code, "is locked" in verify.err) == (77, True)
    assert (unlocked.document["state"], unlocked.document["steps"][-1]["state"]) == ("entered", "entered")
    assert (release.code, "not verified" in release.err) == (77, True)
    assert removed.out == "✓ a.rat.example:587 of ratcatcher is removed.\n"
    assert (last.code, "one route has to remain" in last.err) == (77, True)


def test_a_password_beside_a_url_goes_with_the_user_in_it(store, mailsend):
    """A URL may name the user alone; the password comes from the file, and is not lost."""
    said = mailsend("server", "add", "ratcatcher", "smtp://ann@a.example", "--password-file", "password")
    (one,) = mailsend("server", "list", "ratcatcher", "--json").document
    assert (said.code, said.err, one["log_in"]) == (0, "", True)


def test_an_account_is_entered_once(store, mailsend):
    """The same server a second time is not permitted (77); that the store cannot be read is another thing (69)."""
    add = ("server", "add", "ratcatcher", "smtp://a.example")
    first, second = mailsend(*add), mailsend(*add)
    (store.parent / "kept.db").write_text("This is a letter and no database at all. " * 50)
    without = [mailsend(*add), mailsend("server", "order", "ratcatcher", "a.example")]
    assert [first.code, second.code, *(one.code for one in without)] == [0, 77, 69, 69]
    assert "has this account already" in second.err


def test_a_store_that_fails_in_a_step_is_not_what_it_refuses(store, mailsend, monkeypatch):
    """Refused is what would be the next time as well (77); a database that is locked may answer then (69)."""
    add = ("server", "add", "ratcatcher", "smtp://a.example", "--json")
    mailsend(*add)
    refused = mailsend(*add).document["error"]
    failure = database_error()

    def fails(*_, **__):
        raise failure

    monkeypatch.setattr(Database, "writing", fails)
    failed = [
        mailsend("server", *command, "--json").document["error"]
        for command in (
            ("lock", "ratcatcher"),
            ("remove", "ratcatcher"),
            ("order", "ratcatcher", "a.example"),
        )
    ]
    assert (refused["kind"], refused["code"]) == ("StoreRefused", 77)
    assert [(one["kind"], one["code"]) for one in failed] == [("StoreError", 69)] * 3


def test_tls_alone_can_be_changed(store, mailsend):
    """--tls moves a server to the port of that mode and keeps its account; --port names another."""
    mailsend("server", "add", "ratcatcher", "smtp://ann@a.example", "--password-file", "password")
    implicit = mailsend("server", "set", "ratcatcher", "--tls", "implicit", "--json").document
    again = mailsend("server", "set", "ratcatcher", "--tls", "starttls", "--port", "2525", "--json").document
    refused = mailsend("server", "set", "ratcatcher", "--tls", "implicit", "--port", "587")
    told = [(one["name"], one["tls"], one["log_in"]) for one in (implicit, again)]
    assert told == [("a.example:465", "implicit", True), ("a.example:2525", "starttls", True)]
    assert refused.code == 78


def test_a_port_alone_is_looked_at_as_in_a_url(store, mailsend):
    """Port 465 is TLS from the first byte: without --tls implicit it is refused, and nothing changes."""
    mailsend("server", "add", "ratcatcher", "smtp://ann@a.example", "--password-file", "password")
    refused = mailsend("server", "set", "ratcatcher", "--port", "465")
    both = mailsend("server", "set", "ratcatcher", "--port", "465", "--tls", "implicit")
    again = mailsend("server", "set", "ratcatcher", "--port", "587")
    moved = mailsend("server", "set", "ratcatcher", "--port", "2525", "--json").document
    assert [refused.code, both.code, again.code] == [78, 0, 78]
    assert "port 465 is TLS from the first byte" in refused.err
    assert (moved["name"], moved["tls"], moved["log_in"]) == ("a.example:2525", "implicit", True)


def test_another_host_begins_without_the_old_traits(store, mailsend):
    """What was found out about one server need not hold for another, and people are told."""
    mailsend(
        "server",
        "add",
        "ratcatcher",
        "smtp://a.example",
        "--trait",
        "max_per_minute=30",
        "--trait",
        "signs=true",
    )
    said = mailsend("server", "set", "ratcatcher", "--host", "b.example", "--trait", "signs=true")
    assert (said.code, said.err) == (
        0,
        "warning: of a.example:587 max_per_minute is not taken over; give --trait again where it holds\n",
    )


def test_another_host_does_not_get_the_old_account(store, mailsend):
    """A password is for one host: it is not carried to another, and people are told."""
    mailsend("server", "add", "ratcatcher", "smtp://ann@a.example", "--password-file", "password")
    said = mailsend("server", "set", "ratcatcher", "--host", "b.example")
    (one,) = mailsend("server", "list", "ratcatcher", "--json").document
    assert (said.code, one["name"], one["log_in"]) == (0, "b.example:587", False)
    assert said.err == "warning: the account of a.example:587 is not taken over; give --user again\n"


def test_traits_are_told_to_programs(store, mailsend):
    """What is not as it comes stands in the document, as the options of a URL."""
    mailsend("server", "add", "ratcatcher", "smtp://a.example")
    said = mailsend(
        "server", "set", "ratcatcher", "--trait", "rewrites=Date,X-Id", "--trait", "signs=true", "--json"
    )
    assert said.document["traits"] == {
        "pipelining": "within",
        "rewrites": ["Date", "X-Id"],
        "signs": True,
    }


def test_what_is_proposed_is_written_as_it_is_set(capsys):
    """A trait is an option of the command; the largest size is a key of the settings."""
    report = ProbeReport(
        server="mail.rat.example:587",
        findings=(),
        proposals=(
            Proposal(trait="rewrites", value=["Date", "X-Id"], because="they came otherwise"),
            Proposal(trait="own_message_id", value=True, because="it came otherwise"),
            Proposal(trait="max_message_size", value=1000, because="SIZE 1000"),
        ),
        started=NOW,
        ended=NOW,
    )
    tell_probe(Output(), report, "en")
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "  --trait rewrites=Date,X-Id  (they came otherwise)",
        "  --trait own_message_id=true  (it came otherwise)",
        "  max_message_size = 1000  (SIZE 1000)",
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"days": -1}, "It ended on 2026-12-31."),
        ({"starts": "2026-12-01T00:00:00+00:00"}, "It holds from 2026-12-01 only."),
        ({"name_matches": False}, "It is for rat.example, not for mail.rat.example."),
        ({"name_matches": False, "names": []}, "It is for CN=rat, not for mail.rat.example."),
        ({"issuer": "CN=rat"}, "It vouches for itself."),
        ({}, "No authority that is trusted here vouches for it."),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(capsys, changed, words):
    """Date, name and whose word it is are three different things to mend."""
    facts = {
        "certificate": "",
        "host": "mail.rat.example",
        "names": ["rat.example"],
        "name_matches": True,
        "subjects": ["CN=rat"],
        "issuer": "CN=authority",
        "starts": "2026-01-01T00:00:00+00:00",
        "ends": "2026-12-31T00:00:00+00:00",
        "days": 39,
    }
    finding = Finding(
        step=ProbeStep.TLS,
        level=Level.FAILED,
        code=Reason.CERTIFICATE_NOT_TRUSTED,
        facts=facts | changed,
        advice="Mend it.",
    )
    report = ProbeReport(server="m", findings=(finding,), started=NOW, ended=NOW)
    tell_probe(Output(), report, "en")
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"  ✗ TLS: No connection that can be trusted came about. {words} Mend it."
    )


def test_memory_has_nothing_to_probe(settings, mailsend):
    """Without a name the smarthosts are probed; one in memory is a warning, not a failure."""
    said = mailsend("server", "probe")
    assert said.code == 0
    first, *rest = said.out.splitlines()
    assert (first, len(rest)) == ("memory:", 1)
    assert rest[0].startswith(
        "  ! Connection: memory: reaches no server, so there is nothing to probe. Probe"
    )
    assert mailsend("server", "probe", "--quiet").out == ""


def test_the_group_alone_shows_its_help(mailsend):
    """The names of all commands stand in it, and every one has help of its own."""
    said = mailsend("server")
    names = ("list", "add", "set", "remove", "order", "probe", "verify", "release", "lock", "unlock")
    assert said.code == 64
    for name in names:
        assert name in said.out
        assert mailsend("server", name, "--help").code == 0


@pytest.mark.parametrize(
    ("step", "code", "reply", "exit_code"),
    [
        (ProbeStep.RESOLVE, Reason.NAME_MISSING, None, 68),
        (ProbeStep.RESOLVE, Reason.NAME_LOOKUP_FAILED, None, 75),
        (ProbeStep.RESOLVE, Reason.ADDRESS_FORBIDDEN, None, 77),
        (ProbeStep.CONNECT, Reason.NOT_CONNECTED, None, 69),
        (ProbeStep.CONNECT, Reason.SERVER_BUSY, 421, 75),
        (ProbeStep.CONNECT, Reason.CLIENT_REFUSED, 554, 77),
        (ProbeStep.TLS, Reason.CERTIFICATE_NOT_TRUSTED, None, 69),
        (ProbeStep.TLS, Reason.CA_FILE_UNREADABLE, None, 78),
        (ProbeStep.AUTH, Reason.AUTH_FAILED, 535, 77),
        (ProbeStep.AUTH, Reason.AUTH_PAUSED, None, 77),
        (ProbeStep.AUTH, Reason.AUTH_TEMPORARY, 454, 75),
        (ProbeStep.AUTH, Reason.AUTH_NOT_OFFERED, None, 78),
        (ProbeStep.MAIL, Reason.SENDER_NOT_ALLOWED, 550, 77),
        (ProbeStep.MAIL, Reason.SERVER_FAULT, 451, 75),
        (ProbeStep.ROUND_TRIP, ProbeCode.NOT_ARRIVED, None, 69),
        (ProbeStep.ROUND_TRIP, ProbeCode.TEST_MODE, None, 78),
    ],
)
def test_what_failed_decides_the_exit_code(step, code, reply, exit_code):
    """Each kind of failure has the code of sysexits that says what kind it is."""
    facts = {} if reply is None else {"reply_code": reply}
    finding = Finding(step=step, level=Level.FAILED, code=code, facts=facts, advice="x")
    report = ProbeReport(server="m:587", findings=(finding,), started=NOW, ended=NOW)
    assert exit_of_probe([report]) == exit_code
    assert exit_of_probe([]) == 0
    assert json.loads(json.dumps(report.as_dict()))["findings"][0]["level"] == "failed"
