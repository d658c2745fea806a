"""``mailsend list``, ``suppress`` and ``limit``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailsend.store import open_store, upgrade

KEY = "the-first-of-the-secret-keys"


@pytest.fixture(autouse=True)
def with_store(settings: Path) -> Path:
    """Name a store in the settings, with its tables."""
    text = settings.read_text().replace(
        "[application]\n", f'[application]\nstore = "sqlite:///mailsend.db"\nsecret_keys = ["{KEY}"]\n', 1
    )
    settings.write_text(text.replace('["memory:"]', '["memory:?max_per_day=2"]'))
    upgrade(f"sqlite:///{settings.parent / 'mailsend.db'}")
    return settings


def _without(document, *names):
    return [{name: value for name, value in one.items() if name not in names} for one in document]


def test_an_address_is_suppressed_shown_and_written_to_again(mailsend) -> None:
    """``suppress`` is short for the suppression list, and each step says what it did."""
    said = mailsend("suppress", "add", "BOB@example.org", "@example.com", "--note", "asked", "--by", "ann")
    assert (said.code, said.out, said.err) == (
        0,
        "✓ BOB@example.org is on the suppress list.\n✓ @example.com is on the suppress list.\n",
        "",
    )
    said = mailsend("suppress", "list")
    assert [line.split() for line in said.out.splitlines()] == [
        ["id", "address", "customer", "reason", "until", "times", "by", "note"],
        ["1", "BOB@example.org", "(all)", "by_hand", "for", "good", "1", "ann", "asked"],
        ["2", "@example.com", "(all)", "by_hand", "for", "good", "1", "ann", "asked"],
    ]
    assert mailsend("list", "show", "suppress").out == said.out
    said = mailsend("suppress", "remove", "bob@example.org", "--note", "a mistake")
    assert (said.code, said.out) == (0, "✓ bob@example.org is off the suppress list.\n")
    assert [one["pattern"] for one in mailsend("suppress", "list", "--json").document] == ["@example.com"]


def test_the_documents_tell_everything(mailsend) -> None:
    """Of what was added, of what is listed, and of what went."""
    kept = {
        "id": 1,
        "list": "block",
        "customer": "ratcatcher",
        "pattern": "bob@example.org",
        "reason": "complaint",
        "note": "",
        "source": "",
        "by": "ann",
        "level": "user",
        "times": 1,
        "until": "2126-12-31T00:00:00+00:00",
    }
    options = (
        "--customer",
        "ratcatcher",
        "--reason",
        "complaint",
        "--until",
        "2126-12-31",
        "--level",
        "user",
    )
    said = mailsend("list", "add", "block", "bob@example.org", *options, "--by", "ann", "--json")
    assert _without(said.document, "made_at") == [kept]
    made = datetime.fromisoformat(said.document[0]["made_at"])
    assert timedelta(0) <= datetime.now(UTC) - made < timedelta(hours=1)
    assert mailsend("list", "show", "block", "--json").document == said.document
    assert mailsend("list", "show", "block", "bob@example.org", "--json").document == said.document
    assert mailsend("list", "show", "block", "eve@example.org", "--json").document == []
    gone = mailsend("list", "remove", "block", "bob@example.org", "--customer", "ratcatcher", "--json")
    assert gone.document == [{"pattern": "bob@example.org", "removed": 1}]


def test_what_is_met_again_is_told(mailsend) -> None:
    """How often, and until when."""
    mailsend("suppress", "add", "bob@example.org", "--customer", "ratcatcher", "--until", "2126-01-01T12:00")
    said = mailsend("suppress", "add", "bob@example.org", "--customer", "ratcatcher", "--until", "7d")
    assert said.out == (
        "✓ bob@example.org is on the suppress list of ratcatcher until 2126-01-01 12:00 UTC (met 2 times).\n"
    )


@pytest.mark.parametrize(("span", "seconds"), [("30m", 1800), ("2h", 7200), ("3d", 259200), ("1w", 604800)])
def test_an_end_may_be_a_span_from_now(mailsend, span, seconds) -> None:
    """Minutes, hours, days and weeks."""
    said = mailsend("suppress", "add", "bob@example.org", "--until", span, "--json")
    one = said.document[0]
    lasts = datetime.fromisoformat(one["until"]) - datetime.fromisoformat(one["made_at"])
    assert abs(lasts.total_seconds() - seconds) < 60


def test_long_lists_come_page_by_page(mailsend) -> None:
    """The last line says how to go on."""
    mailsend("suppress", "add", *(f"b{number}@example.org" for number in range(3)))
    said = mailsend("suppress", "list", "--limit", "2")
    assert said.out.splitlines()[-1] == "2 entries; the next ones: --after 2"
    said = mailsend("suppress", "list", "--limit", "2", "--after", "2", "--json")
    assert [one["pattern"] for one in said.document] == ["b2@example.org"]
    assert mailsend("suppress", "list", "--customer", "ratcatcher").out == (
        "Nothing is on the suppress list of ratcatcher here.\n"
    )
    assert mailsend("list", "show", "allow").out == "Nothing is on the allow list here.\n"


def test_an_erased_entry_shows_no_address(mailsend, with_store) -> None:
    """It is still there, and says so."""
    mailsend("suppress", "add", "bob@example.org", "--by", "ann")
    from mailsend.model.address import Address
    from mailsend.model.secret import Secret

    url = f"sqlite:///{with_store.parent / 'mailsend.db'}"
    with open_store(url, secret_keys=(Secret(KEY),)) as store:
        address = Address.parse("bob@example.org")
        store._writer.do(lambda transaction: store.lists.erase(transaction, address))
    assert "(erased)" in mailsend("suppress", "list").out
    assert mailsend("suppress", "list", "bob@example.org", "--json").document[0]["pattern"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("suppress", "add"), 64, "no address is named"),
        (("suppress", "add", "bob"), 65, "'bob' is not a valid address"),
        (("suppress", "add", "bob@example.org", "--until", "soon"), 64, "--until soon: this is no time"),
        (("suppress", "add", "bob@example.org", "--until", "2001-01-01"), 64, "this has passed"),
        (("suppress", "add", "bob@example.org", "--reason", "spam"), 64, "spam"),
        (("suppress", "add", "bob@example.org", "--customer", "nobody"), 78, "there is no such customer"),
        (("suppress", "remove", "bob@example.org"), 65, "what is not on the list cannot be taken off it"),
        (("list", "add", "grey", "bob@example.org"), 64, "grey"),
        (("list",), 64, ""),
        (("suppress",), 64, ""),
        (("limit",), 64, ""),
        (("limit", "reset"), 64, "no limit is named"),
        (("limit", "reset", "x"), 64, "no reason is given"),
        (("limit", "reset", "x", "--reason", "why"), 65, "there is no limit 'x'"),
    ],
)
def test_what_cannot_be_done_is_told(mailsend, arguments, code, words) -> None:
    """With the code of its kind."""
    said = mailsend(*arguments)
    assert said.code == code
    assert words in said.err


def test_what_is_not_on_the_list_of_a_customer_is_told(mailsend) -> None:
    """The application's entry is not the customer's; JSON says of each in one document whether it was there."""
    mailsend("suppress", "add", "bob@example.org", "@example.com")
    said = mailsend("suppress", "remove", "bob@example.org", "--customer", "ratcatcher")
    assert (said.code, said.out) == (65, "✗ bob@example.org is not on the suppress list of ratcatcher.\n")
    assert mailsend("suppress", "remove", "@example.com", "--reason", "complaint").code == 65
    told = mailsend("suppress", "remove", "bob@example.org", "@example.net", "--json")
    assert (told.code, told.err) == (65, "")
    assert told.document == [
        {"pattern": "bob@example.org", "removed": 1},
        {"pattern": "@example.net", "removed": 0},
    ]
    assert mailsend("suppress", "remove", "@example.com", "--reason", "by_hand").code == 0


def test_without_a_store_lists_are_unavailable(mailsend, with_store) -> None:
    """It is said what is missing."""
    with_store.write_text(with_store.read_text().replace('store = "sqlite:///mailsend.db"\n', ""))
    said = mailsend("suppress", "list")
    assert said.code == 78
    assert "a list needs a store" in said.err


def test_limits_are_listed_and_reset(mailsend) -> None:
    """How much is taken now; a reset gives all of it back."""
    assert mailsend("limit", "list").out == "Nothing has been taken from any limit yet.\n"
    mailsend("send", "--to", "bob@example.org", "--text", "Hello", "--json")
    said = mailsend("limit", "list", "--json")
    [limit] = said.document
    [rate] = limit["rates"]
    back = datetime.fromisoformat(rate.pop("next_back"))
    assert datetime.fromisoformat(limit["at"]) + timedelta(days=1) == back
    assert (limit["limit"], rate) == (
        "memory::0",
        {"amount": 2, "seconds": 86400.0, "counts": "mails", "taken": 1},
    )
    [_, row] = mailsend("limit", "list").out.splitlines()
    assert row.split() == [
        "memory::0",
        "1",
        "of",
        "2",
        "mails",
        "86400",
        "s",
        *f"{back:%Y-%m-%d %H:%M:%S} UTC".split(),
    ]
    said = mailsend("limit", "reset", "memory::0", "--reason", "another day", "--by", "ann")
    assert (said.code, said.out) == (0, "✓ memory::0: everything is there again.\n")
    assert mailsend("limit", "list", "--json").document == []
    mailsend("send", "--to", "bob@example.org", "--text", "Hello", "--json")
    said = mailsend("limit", "reset", "memory::0", "--reason", "another day", "--json")
    assert said.document == {"limit": "memory::0", "reset": True}
