"""``mailsend customer``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mailsend.store import upgrade

BY = ("--by", "ann")
RAT = """\
allowed_domains = ["rat.example"]
fallback_sender = "Rat <office@rat.example>"
server = "smtp://ann:hunter2@mail.rat.example:587"
"""


@pytest.fixture(autouse=True)
def with_store(settings: Path) -> Path:
    """Let customers come from a store that has its tables."""
    text = (
        settings.read_text()
        .partition("[customers.")[0]
        .replace(
            "[application]\n",
            '[application]\nstore = "sqlite:///mailsend.db"\ndirectory = "store"\n'
            'secret_keys = ["the-first-of-the-secret-keys"]\n',
            1,
        )
    )
    settings.write_text(text)
    upgrade(f"sqlite:///{settings.parent / 'mailsend.db'}")
    return settings


@pytest.fixture
def rat(with_store: Path) -> Path:
    file = with_store.parent / "rat.toml"
    file.write_text(RAT)
    return file


def test_a_customer_is_entered_and_used(mailsend, rat) -> None:
    """From a file; from then on mail goes out in its name."""
    assert mailsend("customer", "list").out == (
        "The store has no customer yet: mailsend customer set NAME --from FILE enters one.\n"
    )
    said = mailsend("customer", "set", "rat", "--from", rat, "--note", "new", "--by", "ann")
    assert (said.code, said.out, said.err) == (0, "✓ rat is at version 1.\n", "")
    said = mailsend("explain", "--customer", "rat", "--from", "x@rat.example", "--json")
    assert said.document[0]["value"] == "x@rat.example"
    table = [line.split() for line in mailsend("customer", "list").out.splitlines()]
    assert (table[0], table[1][:2], table[1][-2:]) == (
        ["customer", "version", "at", "by", "note"],
        ["rat", "1"],
        ["ann", "new"],
    )


def test_a_customer_is_shown_without_its_secrets(mailsend, rat) -> None:
    """Line by line, or as one document; an earlier version as well."""
    mailsend("customer", "set", "rat", "--from", rat, "--note", "new", "--by", "ann")
    mailsend("customer", "set", "rat", "locale=de-CH", "--by", "bob")
    said = mailsend("customer", "show", "rat")
    assert said.out.splitlines()[-4:] == [
        'allowed_domains = ["rat.example"]',
        'fallback_sender = "Rat <office@rat.example>"',
        'server = "smtp://***@mail.rat.example:587"',
        'locale = "de-CH"',
    ]
    assert said.out.startswith("Customer")
    document = mailsend("customer", "show", "rat", "--version", "1", "--json").document
    assert document.pop("at")
    assert document == {
        "customer": "rat",
        "version": 1,
        "by": "ann",
        "note": "new",
        "rules": {
            "allowed_domains": ["rat.example"],
            "fallback_sender": "Rat <office@rat.example>",
            "server": "smtp://***@mail.rat.example:587",
        },
    }
    history = mailsend("customer", "show", "rat", "--history", "--json").document
    assert [(one["version"], one["by"]) for one in history] == [(1, "ann"), (2, "bob")]
    assert len(mailsend("customer", "show", "rat", "--history").out.splitlines()) == 3
    assert "Note" in mailsend("customer", "show", "rat", "--version", "1").out


@pytest.mark.parametrize(
    ("edit", "rules"),
    [
        ("log_days=7", {"log_days": 7}),
        ("fallback_to_smarthost=true", {"fallback_to_smarthost": True}),
        ('allowed_domains=["rat.example", "b.example"]', {"allowed_domains": ["rat.example", "b.example"]}),
        ("branding.partner_name=Rat & Co", {"branding": {"partner_name": "Rat & Co"}}),
        ("business_units.zurich.locale=de", {"business_units": {"zurich": {"locale": "de"}}}),
        ("server=", {"server": None}),
    ],
)
def test_single_keys_are_changed(mailsend, rat, edit, rules) -> None:
    """Values as TOML writes them, or plain text; an empty one takes the key away."""
    mailsend("customer", "set", "rat", "--from", rat)
    before = mailsend("customer", "show", "rat", "--json").document["rules"]
    assert mailsend("customer", "set", "rat", edit, "--json").document["version"] == 2
    after = mailsend("customer", "show", "rat", "--json").document["rules"]
    changed = {**before, **rules}
    assert after == {name: value for name, value in changed.items() if value is not None}


def test_a_file_may_be_json_and_hold_the_table_of_the_customer(mailsend, with_store) -> None:
    """As settings have it; files that it names count from its folder."""
    folder = with_store.parent / "kept"
    folder.mkdir()
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    file = folder / "rat.json"
    file.write_text(json.dumps({"customers": {"rat": {"branding": {"logo": "logo.png"}}}}))
    assert mailsend("customer", "set", "rat", "--from", file).code == 0
    logo = mailsend("customer", "show", "rat", "--json").document["rules"]["branding"]["logo"]
    assert logo == {"data": "iVBORw0KGgo=", "filename": "logo.png"}
    said = mailsend("customer", "set", "cat", "--from", file)
    assert (said.code, said.err) == (
        65,
        f"mailsend: {file} holds rat, not cat\n  Write [customers.cat] alone, or what stands under it.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show",), 64, "no customer is named"),
        (("show", "nobody"), 78, "there is no such customer"),
        (("set",), 64, "no customer is named"),
        (("set", "rat"), 64, "rules are given whole, or key by key"),
        (("set", "rat", "locale=de", "--from", "rat.toml"), 64, "rules are given whole, or key by key"),
        (("set", "rat", "--from", "none.toml"), 66, "none.toml cannot be read"),
        (("set", "rat", "locale"), 64, "locale: it is written KEY=VALUE"),
        (("set", "rat", "a..b=1"), 64, "it is written KEY=VALUE"),
        (("set", "nobody", "locale=de"), 78, "there is no such customer"),
        (("set", "rat", "locale=nowhere at all"), 78, "customers.rat.locale: expected a language tag"),
        (("set", "rat", "alowed_domains=[]"), 78, "did you mean allowed_domains?"),
        ((), 64, ""),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_written(mailsend, rat, arguments, code, words) -> None:
    """With the code of its kind; the customer stays what it was."""
    mailsend("customer", "set", "rat", "--from", rat)
    said = mailsend("customer", *arguments)
    assert said.code == code
    assert words in said.err
    assert mailsend("customer", "show", "rat", "--json").document["version"] == 1


def test_a_domain_of_another_customer_is_refused(mailsend, rat) -> None:
    """It is said whose it is (M5)."""
    mailsend("customer", "set", "rat", "--from", rat)
    mailsend("customer", "set", "cat", "--from", rat)
    said = mailsend("customer", "set", "cat", "--from", rat, "--json")
    assert said.code == 78
    assert said.document["error"]["message"].endswith("rat.example belongs to the customer 'rat' already")


def test_a_customer_that_nothing_looks_at_is_told(mailsend, rat, with_store) -> None:
    """Where the settings take customers from elsewhere, what is entered here changes nothing."""
    with_store.write_text(with_store.read_text().replace('directory = "store"\n', ""))
    said = mailsend("customer", "set", "rat", "--from", rat)
    assert (said.code, said.out) == (0, "✓ rat is at version 1.\n")
    assert said.err == (
        'warning: nothing looks at it yet: set application.directory = "store", and take [customers] out\n'
    )
    assert mailsend("customer", "set", "rat", "locale=de-CH", "--json").document["version"] == 2


def test_an_unknown_customer_is_entered_whole(mailsend) -> None:
    """A key alone is no customer; the advice says how to enter one."""
    said = mailsend("customer", "set", "owl", "locale=de-CH")
    assert said.code == 78
    assert said.err.endswith("or enter one: mailsend customer set NAME --from FILE.\n")


def test_rules_are_shown_as_toml_and_their_keys_are_taken_back(mailsend, with_store) -> None:
    """A key of other signs than TOML writes bare is quoted, and set reads it as it is shown."""
    file = with_store.parent / "rules.toml"
    file.write_text(
        'allowed_domains = ["rat.example"]\nfallback_sender = "office@rat.example"\n'
        '[business_units."zürich"]\nlocale = "de-CH"\n[business_units."a.b=\\"c\\""]\nlocale = "de-AT"\n'
        '[business_units.b-c_2]\nlocale = "de-DE"\n'
    )
    assert mailsend("customer", "set", "rat", "--from", file, "--by", "ann").code == 0
    out = mailsend("customer", "show", "rat").out
    shown = out.partition("\n\n")[2]
    assert 'business_units."zürich".locale = "de-CH"\n' in shown
    assert 'business_units.b-c_2.locale = "de-DE"\n' in shown
    assert tomllib.loads(shown) == mailsend("customer", "show", "rat", "--json").document["rules"]
    for key in ('business_units."zürich".locale', "business_units.zürich.timezone"):
        said = mailsend(
            "customer", "set", "rat", f"{key}={'fr-CH' if 'locale' in key else 'Europe/Zurich'}", *BY
        )
        assert (said.code, said.err) == (0, "")
    assert mailsend("customer", "set", "rat", 'business_units."a.b=\\"c\\"".locale=it-CH', *BY).code == 0
    units = mailsend("customer", "show", "rat", "--json").document["rules"]["business_units"]
    assert units == {
        "zürich": {"locale": "fr-CH", "timezone": "Europe/Zurich"},
        'a.b="c"': {"locale": "it-CH"},
        "b-c_2": {"locale": "de-DE"},
    }


@pytest.mark.parametrize(
    ("key", "where"),
    [("it's", "it's"), ("a\nlocale", "locale"), ('"a', '"a'), ("application='x'", "application")],
)
def test_a_key_that_is_none_is_told_whatever_stands_in_it(mailsend, rat, key, where) -> None:
    """A lone quote, or a line break, ends in no traceback."""
    assert mailsend("customer", "set", "rat", "--from", rat, *BY).code == 0
    said = mailsend("customer", "set", "rat", f"{key}=1", *BY)
    assert said.code == 78
    assert where in said.err
