"""A store's file that is taken away from under a Mailer: nothing is acknowledged that nobody will find."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from mail_strategies import shop

from mailsend import Mailer, Message, Settings
from mailsend.errors import StoreError

TAKEN = "was deleted, moved or replaced while it was open"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mailsend.db"


@pytest.fixture
def mailer(path):
    """Give a Mailer with a mail in its store."""
    rules = shop()
    rules["application"]["store"] = f"sqlite:///{path}"
    with Mailer(Settings.model_validate(rules)) as opened:
        _enqueue(opened)
        yield opened


def _enqueue(mailer):
    return mailer.enqueue(Message(to="bob@example.org", subject="x", text="y"))


def _refused(act):
    with pytest.raises(StoreError, match=TAKEN) as caught:
        act()
    assert "Put that very file back" in caught.value.advice
    return caught.value


def test_a_file_that_was_deleted_is_written_no_more(mailer, path):
    """Neither by enqueue, nor by a worker; nor is it read."""
    path.unlink()
    for act in (lambda: _enqueue(mailer), mailer.deliver_due, mailer.outbox.stats):
        assert isinstance(_refused(act).__cause__, FileNotFoundError)
    assert not path.exists()


def test_a_file_that_was_moved_is_written_again_once_it_is_back(mailer, path, tmp_path):
    """It is the very one: what was acknowledged is in it."""
    first = mailer.outbox.search().mails[0].id
    path.rename(tmp_path / "elsewhere.db")
    _refused(lambda: _enqueue(mailer))
    (tmp_path / "elsewhere.db").rename(path)
    second = _enqueue(mailer)
    assert [one.id for one in mailer.outbox.search().mails] == [second, first]


def test_another_file_in_its_place_is_not_taken_for_it(mailer, path, tmp_path):
    """Not even a copy of it: what is in the one is not in the other."""
    copy = tmp_path / "copy.db"
    with sqlite3.connect(path) as old, sqlite3.connect(copy) as new:
        old.backup(new)
    old.close()
    new.close()
    before = copy.read_bytes()
    shutil.move(copy, path)
    _refused(lambda: _enqueue(mailer))
    assert path.read_bytes() == before


def test_a_mailer_that_is_closed_begins_with_the_file_that_is_there(mailer, path):
    """The next one that opens makes a new store where there is none."""
    path.unlink()
    for behind in ("-wal", "-shm"):
        path.with_name(path.name + behind).unlink(missing_ok=True)
    _refused(lambda: _enqueue(mailer))
    mailer.close()
    new = _enqueue(mailer)
    assert [one.id for one in mailer.outbox.search().mails] == [new]
