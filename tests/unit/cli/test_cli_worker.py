"""``mailsend worker``: it drains, tells how the workers are, and ends with a code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailsend import Mailer, Message, Settings
from mailsend.store import upgrade


@pytest.fixture
def config(tmp_path):
    """Give settings with an upgraded store."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    file = tmp_path / "mailsend.toml"
    file.write_text(
        f"""
[application]
name = "Acme Suite"
fallback_sender = "Acme Suite <no-reply@suite.example>"
allowed_domains = ["suite.example"]
smarthosts = ["file://{tmp_path / "sent"}"]
store = "{url}"
"""
    )
    return file


def mailer(config):
    return Mailer(Settings.load(config))


def put(config, number=1):
    with mailer(config) as opened:
        for _ in range(number):
            opened.enqueue(Message(to="bob@example.org", subject="Hello", text="Hello"))


def test_once_it_works_until_nothing_is_due(mailsend, config):
    """The mails are out, the duties done, and one document tells."""
    put(config, 3)
    said = mailsend("worker", "--once", "--json", "--config", config)
    assert said.code == 0
    counts = said.document
    assert (counts["claimed"], counts["accepted"]) == (3, 3)
    assert counts["duties"] >= 2
    assert len(list((config.parent / "sent").glob("*.eml"))) == 3


def test_it_says_what_it_did(mailsend, config):
    """In words, for people."""
    put(config)
    assert "1 mail: 1 accepted" in mailsend("worker", "--once", "--no-duties", "--config", config).out
    assert "Nothing was due." in mailsend("worker", "--once", "--no-duties", "--config", config).out


def test_quietly_it_says_nothing(mailsend, config):
    """As a unit of systemd may want it."""
    said = mailsend("worker", "--once", "--quiet", "--config", config)
    assert (said.code, said.out) == (0, "")


def test_without_a_worker_its_health_is_bad(mailsend, config):
    """75: look again later; the queue's depth is told all the same."""
    put(config, 2)
    said = mailsend("worker", "--health", "--json", "--config", config)
    assert said.code == 75
    assert (said.document["queue"]["queued"], said.document["workers"]) == (2, [])
    assert "No worker runs." in mailsend("worker", "--health", "--config", config).out


@pytest.mark.parametrize(
    ("ago", "trouble", "code"), [(1, "", 0), (1, "the database is away", 75), (3600, "", 75)]
)
def test_its_health_is_that_of_those_who_live(mailsend, config, ago, trouble, code):
    """One that was seen lately and has no trouble will do."""
    now = datetime.now(UTC)
    with mailer(config) as opened:
        opened.upkeep.workers.seen(
            "w1",
            host="mars",
            process=7,
            began_at=now - timedelta(days=1),
            now=now - timedelta(seconds=ago),
            told={"trouble": trouble},
        )
    said = mailsend("worker", "--health", "--config", config)
    assert said.code == code
    assert "mars, process 7" in said.out
    assert trouble in said.out


def test_the_health_tells_of_the_duties(mailsend, config):
    """Each with what it told last."""
    mailsend("worker", "--once", "--config", config)
    duties = mailsend("worker", "--health", "--json", "--config", config).document["duties"]
    assert {"notices", "retention"} <= {one["name"] for one in duties}
    assert "duty retention" in mailsend("worker", "--health", "--config", config).out


def test_without_a_store_it_says_what_is_missing(mailsend, tmp_path):
    """With the code for what is not there."""
    file = tmp_path / "mailsend.toml"
    file.write_text(
        '[application]\nfallback_sender = "a@suite.example"\nallowed_domains = ["suite.example"]\n'
    )
    said = mailsend("worker", "--once", "--config", file)
    assert (said.code, "needs a store" in said.err) == (78, True)
