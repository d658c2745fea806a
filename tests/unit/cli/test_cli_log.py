"""``mailsend log``: searched, shown, exported, counted, told as a case, and sent again."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailsend import Mailer, Message, Settings
from mailsend.cli import log_stats
from mailsend.model.statistics import Counts
from mailsend.store import upgrade
from mailsend.store.events import note

KEY = "the-first-of-the-secret-keys"


@pytest.fixture(autouse=True)
def with_store(settings: Path) -> Path:
    """Name a store in the settings, with its tables."""
    text = settings.read_text().replace(
        "[application]\n",
        f'[application]\nstore = "sqlite:///mailsend.db"\nsecret_keys = ["{KEY}"]\ntimezone = "Europe/Zurich"\n',
        1,
    )
    settings.write_text(text)
    upgrade(f"sqlite:///{settings.parent / 'mailsend.db'}")
    return settings


@pytest.fixture
def mailer(settings):
    """Give a Mailer with the same store."""
    with Mailer(Settings.load(settings)) as opened:
        yield opened


@pytest.fixture
def sent(mailer):
    """Give the id of a mail that was sent: to two, by a person, in a customer's name."""
    mailer.enqueue(
        Message(
            to=("Bob <bob@gmail.com>", "eve@example.org"),
            from_="ann@elsewhere.example",
            subject="=Hello",
            text="The body\n",
            actor="Erna",
            customer="ratcatcher",
            tags=("order",),
        )
    )
    mailer.deliver_due()
    return mailer.journal.search().mails[0].id


def _queued(text):
    """Take times out, which differ."""
    return re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "TIME", text)


def test_a_search_shows_what_it_finds(mailsend, sent):
    """A line for each mail, in the application's time zone; words may be split by the shell."""
    said = mailsend("log", "search", "subject:*hello", "actor:erna")
    assert (said.code, said.err) == (0, "")
    head, row = said.out.splitlines()
    assert re.split(r"  +", head) == [
        "queued (Europe/Zurich)",
        "id",
        "state",
        "from",
        "to",
        "subject",
        "outcome",
    ]
    assert re.split(r"  +", _queued(row)) == [
        "TIME",
        sent,
        "done",
        "office@operations-the-rat.example",
        "bob@gmail.com and 1 more",
        "=Hello",
        "accepted",
    ]
    assert mailsend("log", "search", "subject:nothing").out == "The log has nothing like this.\n"


def test_an_event_names_the_recipients_that_it_concerns(mailsend, mailer):
    """Where one of several was given up, it is told which one."""
    id = mailer.enqueue(Message(to=("Bob <bob@gmail.com>", "eve@example.org"), subject="x", text="x\n"))
    store = mailer._core.store_door.open("a test")
    facts = {"recipients": [1]}

    def work(transaction):
        note(transaction, "gave_up", now=datetime.now(UTC), by="mailsend", message=id, facts=facts)
        note(transaction, "seen", now=datetime.now(UTC), by="ann", message=id, reason="asked")

    store._writer.do(work)
    for room in ("log", "queue"):
        said = mailsend(room, "show", id).out.splitlines()
        assert said[-2].endswith(" gave_up eve@example.org by mailsend")
        assert said[-1].endswith(" seen by ann: asked")


def test_every_column_can_be_chosen(mailsend, sent):
    """In any order; another name is told with those that there are."""
    from mailsend.cli.log_looking import COLUMNS

    said = mailsend("log", "search", "--columns", "outcome, id")
    assert [line.split() for line in said.out.splitlines()] == [["outcome", "id"], ["accepted", sent]]
    every = mailsend("log", "search", "--columns", ",".join(COLUMNS)).out.splitlines()
    for part in (sent, "Erna", "order", "ratcatcher", "memory:", "250 2.0.0", "ann@elsewhere.example"):
        assert part in every[1]
    wrong = mailsend("log", "search", "--columns", "id,colour")
    assert (wrong.code, "colour" in wrong.err, "source-ip" in wrong.err) == (64, True, True)


def test_pages_follow_each_other(mailsend, mailer):
    """Each says where the next one begins."""
    ids = [mailer.enqueue(Message(to="bob@example.org", text="x")) for _ in range(3)]
    first = mailsend("log", "search", "--limit", 2, "--json").document
    second = mailsend("log", "search", "--limit", 2, "--after", first["next"], "--json").document
    assert [one["id"] for one in (*first["mails"], *second["mails"])] == ids[::-1]
    assert second["next"] is None
    assert f"--after {first['next']}" in mailsend("log", "search", "--limit", 2).out
    assert mailsend("log", "search", "--after", "nowhere").code == 64


def test_a_page_is_turned_by_a_key_on_a_terminal(mailsend, mailer, monkeypatch):
    """Enter shows the next page, q ends, and so does Ctrl-D."""
    ids = [mailer.enqueue(Message(to="bob@example.org", text="x")) for _ in range(5)]
    keys = iter(["", "q"])
    monkeypatch.setattr("mailsend.cli.log_looking._watched", lambda _: True)
    monkeypatch.setattr("builtins.input", lambda _: next(keys))
    said = mailsend("log", "search", "--limit", 2, "--columns", "id")
    assert said.out.split() == ["id", ids[4], ids[3], "id", ids[2], ids[1]]

    def ended(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    said = mailsend("log", "search", "--limit", 2, "--columns", "id")
    assert (said.code, said.out.split()) == (0, ["id", ids[4], ids[3]])


def test_a_mail_is_shown_with_its_conversation_and_decisions(mailsend, mailer, sent):
    """What was decided, tried and done; its content and who looked at it only where that was asked for."""
    plain = mailsend("log", "show", sent)
    assert (plain.code, "The body" in plain.out, "outside our view" in plain.out) == (0, False, True)
    for part in (
        "Decisions",
        "ann@elsewhere.example was passed over",
        "Erna",
        "✓ to bob@gmail.com: accepted",
    ):
        assert part in plain.out
    said = mailsend("log", "show", sent, "--content", "--eml", "mail.eml", "--by", "ann", "--locale", "de")
    assert ("The body" in said.out, "Absender ist" in said.out) == (True, True)
    assert b"The body" in Path("mail.eml").read_bytes()
    assert [(one.act, one.by) for one in mailer.journal.get(sent).events] == [("content_seen", "ann")]
    document = mailsend("log", "show", sent, "--json").document
    assert (document["id"], "content" in document, len(document["explained"]) > 3) == (sent, False, True)
    assert mailsend("log", "show").code == 64
    gone = mailsend("log", "show", "nobody")
    assert (gone.code, "no mail nobody" in gone.err) == (65, True)


def test_sensitive_mail_shows_neither_subject_nor_content(mailsend, mailer):
    """Nor can it be sent again."""
    mail = mailer.enqueue(Message(to="bob@example.org", subject="Secret", text="x", sensitive=True))
    assert "(sensitive)" in mailsend("log", "show", mail).out
    assert "(sensitive)" in mailsend("log", "search").out
    for words in (("show", mail, "--content"), ("resend", mail, "--reason", "x")):
        said = mailsend("log", *words)
        assert (said.code, "sensitive" in said.err) == (77, True)


def test_an_export_is_a_table_or_lines_of_json(mailsend, sent):
    """On standard output, or in a file; what a spreadsheet would compute is text."""
    rows = list(csv.DictReader(io.StringIO(mailsend("log", "export", "actor:erna").out, newline="")))
    assert [(one["id"], one["recipient"], one["subject"]) for one in rows] == [
        (sent, "bob@gmail.com", "'=Hello"),
        (sent, "eve@example.org", "'=Hello"),
    ]
    said = mailsend("log", "export", "--format", "jsonl", "--out", "log.jsonl")
    assert said.out == "✓ 1 mail in log.jsonl.\n"
    assert json.loads(Path("log.jsonl").read_text())["subject"] == "=Hello"
    told = mailsend("log", "export", "--out", "log.csv", "--json").document
    assert told == {"file": "log.csv", "format": "csv", "mails": 1}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("export", "--json"), 64, ""),
        (("export", "--format", "xls"), 64, "'csv', 'jsonl'"),
        (("export", "--out", "nowhere/log.csv"), 73, "nowhere/log.csv"),
        (("search", "colour:blue"), 64, "colour"),
        (("case",), 64, "a case needs a query"),
        (("resend",), 64, "no mail is named"),
        (("resend", "x"), 64, "--reason"),
        (("resend", "x", "--reason", "y"), 65, "no mail x"),
        (("stats", "--since", "yesterday"), 64, "--since yesterday"),
        (("stats", "--until", '2d" from:"x'), 64, "this is no time"),
        (("stats", "--timezone", "Mars/Olympus"), 64, "--timezone: there is no time zone 'Mars/Olympus'"),
        (("stats", "--since", "2d", "--until", "5d"), 64, "--until is not after --since"),
        (("stats", "--period", "century"), 64, "century"),
        (("stats", "--period", "hour", "--since", "2010-01", "--until", "2026-01"), 64, "longer period"),
        (("stats", "--since", "9999-12-31", "--until", "9999-12-31T12:00"), 64, "calendar"),
    ],
)
def test_what_cannot_be_done_is_told(mailsend, words, code, told):
    """With the code that it has in sysexits, and with advice."""
    said = mailsend("log", *words)
    assert (said.code, told in said.err) == (code, True)


def test_statistics_are_a_table_with_a_total(mailsend, sent):
    """By period and group; their formulas in words where they are asked for, always in the document."""
    said = mailsend(
        "log", "stats", "--group", "provider", "--period", "year", "--since", "2d", "--until", "2126"
    )
    assert said.code == 64  # a year alone is no time
    said = mailsend("log", "stats", "--group", "provider", "--period", "year", "--since", "2d")
    assert [line.split()[1:4] for line in said.out.splitlines()] == [
        ["(Europe/Zurich)", "provider", "mails"],
        ["(none)", "1", "1"],
        ["Gmail", "1", "1"],
        ["1", "2", "2"],
    ]
    told = mailsend("log", "stats", "--formulas", "--locale", "de").out
    assert "accepted / (accepted + rejected + expired + unknown)" in told
    document = mailsend("log", "stats", "--json").document
    assert (document["by"], document["total"]["accepted_ratio"]) == ("day", 1.0)
    assert document["formulas"]["mean_size"] == "bytes / mails"


@pytest.mark.parametrize(
    ("accepted", "recipients", "told"),
    [
        (0, 3000, "0.0%"),
        (1, 3000, "< 0.1%"),
        (2999, 3000, "> 99.9%"),
        (3000, 3000, "100.0%"),
        (1, 2, "50.0%"),
    ],
)
def test_a_share_is_all_or_none_where_it_is(accepted, recipients, told):
    """Nothing is rounded to all of them, or to none."""
    outcomes = {"accepted": accepted, "rejected": recipients - accepted}
    reasons = {"no_such_user": recipients - accepted}
    counts = Counts(
        mails=1,
        test_copies=0,
        states={},
        recipients=recipients,
        outcomes=outcomes,
        reasons=reasons,
        bytes=1,
        largest=1,
    )
    assert log_stats._cells(counts)[5] == told


def test_the_share_of_each_reason_stands_in_the_table():
    """The most frequent first, and how many more there are."""
    reasons = {"no_such_user": 5, "policy": 3, "spam": 3, "mailbox_full": 1}
    counts = Counts(
        mails=1,
        test_copies=0,
        states={},
        recipients=20,
        outcomes={"rejected": 20},
        reasons=reasons,
        bytes=1,
        largest=1,
    )
    assert log_stats._cells(counts)[-1] == "no_such_user 25.0%, policy 15.0%, spam 15.0%, 1 more"


def test_copies_of_test_mode_are_told_beside_the_table(mailsend, mailer):
    """They count in nothing else."""
    mailer.test_mode.on("test@suite.example", by="ann", reason="a try")
    mailer.enqueue(Message(to="bob@example.org", text="x"))
    said = mailsend("log", "stats", "--period", "year")
    assert said.out.splitlines()[-1] == "Besides: 1 in test mode."
    assert said.out.splitlines()[-2].split()[:2] == ["total", "0"]


def test_a_case_is_one_file(mailsend, sent):
    """Markdown for people, JSON for programs, in English or German, without content."""
    said = mailsend("log", "case", "rcpt:bob@gmail.com")
    assert said.out.startswith("# Case file: rcpt:bob@gmail.com\n")
    for part in ("Gmail", "Erna", "outside our view", sent):
        assert part in said.out
    assert "The body" not in said.out
    written = mailsend("log", "case", "rcpt:bob@gmail.com", "--out", "case.md", "--locale", "de")
    assert written.out == "✓ 1 mail: the case is in case.md.\n"
    assert Path("case.md").read_text().startswith("# Fallakte: ")
    document = mailsend("log", "case", "rcpt:bob@gmail.com", "--json").document
    assert (document["number"], document["providers"], document["bounces"]) == (1, ["Gmail"], 0)


def test_a_mail_is_sent_again(mailsend, mailer, sent):
    """To whom it went, or to somebody else; the new one says from which it was made."""
    said = mailsend("log", "resend", sent, "--reason", "he asked", "--by", "ann")
    assert said.code == 0
    assert said.out.endswith(f"is in the queue, made from {sent}, for bob@gmail.com, eve@example.org.\n")
    told = mailsend("log", "resend", sent, "--to", "zoe@example.org", "--reason", "x", "--json").document
    assert told == {
        "id": told["id"],
        "linked_to": sent,
        "state": "queued",
        "recipients": ["zoe@example.org"],
    }
    assert mailer.journal.get(told["id"]).linked_to == sent


# Whoever was started in the background is deaf to it, and so is every program that he starts.
_HEEDS_CTRL_C = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from mailsend.cli import main; main()"
)


class _Follower:
    """``mailsend log search --follow`` in a process of its own, read line by line."""

    def __init__(self, *words, folder):
        command = [sys.executable, "-c", _HEEDS_CTRL_C, "log", "search", "--follow", *words]
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate(timeout=30)

    def line(self):
        return self._process.stdout.readline().split()

    def end(self):
        self._process.send_signal(signal.SIGINT)
        rest, _ = self._process.communicate(timeout=30)
        return self._process.returncode, rest


def test_the_log_is_followed_until_somebody_stops_it(mailer, sent, settings):
    """What is there stands first, then each mail to which something happens; Ctrl-C ends it with 130."""
    with _Follower("--columns", "id,state", folder=settings.parent) as follower:
        assert [follower.line(), follower.line()] == [["id", "state"], [sent, "done"]]
        new = mailer.enqueue(Message(to="eve@example.org", subject="x", text="y"))
        assert follower.line() == [new, "queued"]
        mailer.deliver_due()
        assert follower.line() == [new, "done"]
        assert follower.end() == (130, "")


def test_the_log_is_followed_as_lines_of_json(mailer, sent, settings):
    """A document on each line, and nothing else."""
    with _Follower("rcpt:eve@example.org", "--json", folder=settings.parent) as follower:
        assert json.loads(" ".join(follower.line()))["id"] == sent
        mailer.enqueue(Message(to="bob@example.org", subject="x", text="y"))
        new = mailer.enqueue(Message(to="eve@example.org", subject="x", text="y"))
        told = json.loads(" ".join(follower.line()))
        assert (told["id"], told["state"], "decisions" in told) == (new, "queued", False)
        assert follower.end() == (130, "")


def test_what_cannot_be_followed_is_told(mailsend, mailer):
    """A place in a list, a column that there is not, a query that is none."""
    for words, told in (
        (("--after", "1.x"), "--after and --follow exclude each other"),
        (("--columns", "colour"), "there is no column colour"),
        (("colour:blue",), "colour"),
    ):
        said = mailsend("log", "search", "-f", *words)
        assert (said.code, told in said.err) == (64, True)


def test_a_query_that_begins_with_a_minus_is_told_its_place(mailsend, settings):
    """The shell gives it as it gives options."""
    said = mailsend("log", "search", "-state:done")
    assert (said.code, said.err.splitlines()[1]) == (
        64,
        "  A query that begins with a minus stands behind --, as in: mailsend log search -- -state:done",
    )


def test_a_log_that_cannot_be_read_takes_no_file_away(mailsend, settings, tmp_path):
    """What stands in the file stays until there is something to write."""
    (settings.parent / "mailsend.db").write_bytes(
        b"this is no database, but for a long time was taken for one"
    )
    out = tmp_path / "log.csv"
    out.write_text("yesterday's")
    for form in ("csv", "jsonl"):
        assert mailsend("log", "export", "--format", form, "--out", out).code != 0
        assert out.read_text() == "yesterday's"
