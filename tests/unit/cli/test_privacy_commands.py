"""``mailsend erase`` and ``mailsend person`` (M38)."""

from __future__ import annotations

import pytest

from mailsend import Mailer, Message, Settings

BOB = "bob@example.org"
WHY = ("--reason", "he asked for it", "--by", "ann")


@pytest.fixture
def mailer(mailsend, settings):
    """Give a Mailer whose store has one mail to a person, sent and written down, and one that waits."""
    text = settings.read_text()
    store = 'store = "sqlite:///mailsend.db"\nsecret_keys = ["the-first-of-the-secret-keys"]\n'
    settings.write_text(text.replace("[application]\n", f"[application]\n{store}", 1))
    assert mailsend("store", "upgrade").code == 0
    with Mailer(Settings.load(settings)) as opened:
        yield opened


def _enqueue(mailer, **more):
    return mailer.enqueue(Message(**{"to": f"Bob <{BOB}>", "subject": "Hello", "text": "Hello", **more}))


def test_an_erasure_tells_what_it_found(mailsend, mailer, tmp_path):
    """Numbers stand for people and in the document; afterwards there is nothing left to find."""
    mailer.outbox.delete(_enqueue(mailer), reason="x", by="ann")
    dry = mailsend("erase", BOB, "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert dry.out.splitlines() == [
        "mails       1",
        "recipients  1",
        "contents    1",
        "! Nothing was changed: this was a dry run.",
    ]
    said = mailsend("erase", BOB, *WHY)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "mails       1",
        "recipients  1",
        "contents    1",
        "✓ The store's files hold nothing of it.",
    ]
    again = mailsend("erase", BOB, *WHY)
    assert again.out.splitlines()[0] == "✓ The store has nothing of this person."
    assert b"bob@" not in (tmp_path / "mailsend.db").read_bytes()


def test_a_mail_that_waits_stands_in_the_way(mailsend, mailer):
    """That is not permitted, with advice; with leave it is cancelled."""
    _enqueue(mailer)
    said = mailsend("erase", BOB, *WHY)
    assert (said.code, said.out) == (77, "")
    assert "--cancel-open" in said.err
    done = mailsend("erase", BOB, *WHY, "--cancel-open", "--json")
    assert done.code == 0
    assert {name: done.document[name] for name in ("mails", "cancelled", "compacted", "dry_run")} == {
        "mails": 1,
        "cancelled": 1,
        "compacted": True,
        "dry_run": False,
    }


def test_what_is_left_to_people_is_told(mailsend, mailer):
    """A mail to others that waits keeps its content, and files that are not written anew are told of."""
    _enqueue(mailer, to="eve@example.org", text=f"Ask {BOB}")
    dry = mailsend("erase", BOB, "--dry-run")
    assert "! It would still stand in open mails (1): that is changed by hand.\n" in dry.out
    said = mailsend("erase", BOB, *WHY, "--no-compact")
    assert said.code == 0
    assert "! It still stands in open mails (1): change that by hand, and erase again.\n" in said.out
    assert "--compact" in said.out
    dry = mailsend("erase", "eve@example.org", "--dry-run")
    assert "! 1 mail not at an end:" in dry.out
    dry = mailsend("erase", "eve@example.org", "--dry-run", "--cancel-open")
    assert "! 1 mail would be cancelled:" in dry.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("erase",), 64),
        (("erase", BOB), 64),
        (("erase", "bob", *WHY), 65),
        (("person",), 64),
        (("person", "bob"), 65),
    ],
)
def test_an_address_and_a_reason_are_needed(mailsend, mailer, words, code):
    """What is missing or no address is told, and nothing is done."""
    assert mailsend(*words).code == code


def test_all_that_is_known_of_a_person_is_one_document(mailsend, mailer):
    """It is JSON with and without being asked for it, the mails themselves only where that is asked for."""
    first = _enqueue(mailer)
    said = mailsend("person", BOB, "--by", "ann")
    assert (said.code, said.document["address"]) == (0, BOB)
    (mail,) = said.document["mails"]
    assert (mail["id"], mail["subject"], "content" in mail) == (first, "Hello", False)
    assert [one["address"] for one in mail["as_recipient"]] == [BOB]
    (mail,) = mailsend("person", BOB, "--with-content", "--json").document["mails"]
    assert len(mail["content"]) > 100


def test_without_a_store_there_is_nothing_to_erase(mailsend, settings):
    """Both say so, with advice."""
    for words in (("erase", BOB, *WHY), ("person", BOB)):
        said = mailsend(*words)
        assert said.code == 78
        assert "needs a store" in said.err
