"""A query whose quotes the shell took away is told of where it finds nothing."""

from __future__ import annotations

import pytest

from mailsend import Mailer, Message, Settings

HINT = "'customer:\"Kunde 3\"'"
WHY = ("--reason", "x", "--by", "ann")


@pytest.fixture
def mailer(mailsend, settings):
    """Give a Mailer with a store and a customer whose name has a space; one mail of it waits."""
    text = settings.read_text().replace("[customers.ratcatcher", '[customers."Kunde 3"')
    store = 'store = "sqlite:///mailsend.db"\nsecret_keys = ["the-first-of-the-secret-keys"]\n'
    settings.write_text(text.replace("[application]\n", f"[application]\n{store}", 1))
    assert mailsend("store", "upgrade").code == 0
    with Mailer(Settings.load(settings)) as opened:
        opened.enqueue(Message(customer="Kunde 3", to="bob@example.org", subject="Hello", text="x"))
        yield opened


@pytest.mark.parametrize(
    "words",
    [
        ("queue", "list"),
        ("queue", "hold", *WHY),
        ("queue", "delete", "--dry-run"),
        ("log", "search"),
        ("log", "export", "--out", "log.csv"),
        ("log", "case"),
        ("log", "stats"),
    ],
    ids=" ".join,
)
def test_quotes_that_the_shell_took_away_are_told_where_nothing_is_found(mailsend, mailer, words):
    """On standard error, with what to write; the code stays, and what is found needs no word."""
    lost = mailsend(*words, "customer:Kunde 3")
    assert lost.code == 0
    assert HINT in lost.err
    kept = mailsend(*words, 'customer:"Kunde 3"')
    assert (kept.code, kept.err) == (0, "")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("-customer:Kunde 3", "customer:nobody"), "'-customer:\"Kunde 3\"'"),
        (("state:queued", "subject:Your order  4711"), "'subject:\"Your order  4711\"'"),
        (("subject:Your order state:queued",), "'subject:\"Your order\" state:queued'"),
        (("(customer:Kunde 3)",), None),
        (("customer:Kunde", "3"), None),
        (("customer:nobody state:queued",), None),
        (("customer:nobody OR customer:somebody",), None),
        (("customer:nobody -invoice",), None),
        (("invoice 4711",), None),
        (('subject:"Your order"',), None),
        (('subject:"Your order" 4711',), None),
    ],
)
def test_only_a_value_with_spaces_in_one_word_of_the_shell_is_told_of(mailsend, mailer, typed, told):
    """Whoever writes several words of the shell, or quotes, means what he writes."""
    said = mailsend("log", "search", "--", *typed)
    assert said.out == "The log has nothing like this.\n"
    assert (said.err == "") if told is None else (told in said.err)


def test_json_and_quiet_stay_alone(mailsend, mailer):
    """One document, and nothing besides; quietly it says nothing."""
    assert mailsend("log", "search", "customer:Kunde 3", "--json").err == ""
    assert mailsend("queue", "list", "customer:Kunde 3", "--quiet").err == ""
