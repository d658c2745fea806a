"""Files with the content of mails are for whoever asked alone, and no symbolic link leads them elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mailsend import Mailer, Message, Settings

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the modes of files are POSIX's")


@pytest.fixture
def mail(mailsend, settings):
    """Give the id of a mail in a store."""
    store = 'store = "sqlite:///mailsend.db"\nsecret_keys = ["the-first-of-the-secret-keys"]\n'
    settings.write_text(settings.read_text().replace("[application]\n", f"[application]\n{store}", 1))
    assert mailsend("store", "upgrade").code == 0
    with Mailer(Settings.load(settings)) as mailer:
        return mailer.enqueue(Message(to="bob@example.org", subject="x", text="x", html="<p>x</p>"))


@pytest.fixture(autouse=True)
def an_open_mask():
    """Let new files be for everybody, where nobody says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(file):
    return stat.S_IMODE(file.stat().st_mode)


def test_saved_files_are_for_their_owner_alone(mailsend, mail, tmp_path):
    """New ones, and those that were there for everybody before; they are written over as ever."""
    folder = tmp_path / "seen"
    folder.mkdir()
    old = folder / f"{mail}.eml"
    old.write_text("what was there before, and longer than " + "the mail " * 1000)
    old.chmod(0o644)
    assert mailsend("queue", "show", mail, "--save", folder).code == 0
    assert {one.name: _mode(one) for one in folder.iterdir()} == {f"{mail}.eml": 0o600, f"{mail}.html": 0o600}
    assert b"what was there before" not in old.read_bytes()
    assert mailsend("log", "show", mail, "--eml", tmp_path / "mail.eml").code == 0
    assert _mode(tmp_path / "mail.eml") == 0o600
    log = tmp_path / "log.csv"
    log.touch(0o644)
    assert mailsend("log", "export", "--out", log).code == 0
    assert (_mode(log), "bob@example.org" in log.read_text()) == (0o600, True)


@pytest.mark.parametrize("there", [True, False])
def test_no_symbolic_link_is_written_through(mailsend, mail, tmp_path, there):
    """Whoever put it there does not choose which file is written; the advice names the link."""
    folder, target = tmp_path / "seen", tmp_path / "target"
    folder.mkdir()
    if there:
        target.write_text("mine")
    (folder / f"{mail}.eml").symlink_to(target)
    said = mailsend("queue", "show", mail, "--save", folder)
    assert said.code == 73
    assert "symbolic link" in said.err
    assert (target.read_text() if there else target.exists()) == ("mine" if there else False)


@pytest.mark.parametrize("through_a_link", [False, True])
def test_what_is_no_file_keeps_its_mode(mailsend, mail, tmp_path, through_a_link):
    """A device can be written to, also by such a name as /dev/stdout; it stays as it is for everybody else."""
    before, device = _mode(Path(os.devnull)), Path(os.devnull)
    if through_a_link:
        device = tmp_path / "device"
        device.symlink_to(os.devnull)
    assert mailsend("log", "show", mail, "--eml", device).code == 0
    assert _mode(Path(os.devnull)) == before


def test_a_link_that_changes_meanwhile_is_not_written_through(mailsend, mail, tmp_path, monkeypatch):
    """It led to a device when it was looked at, and to a file when it was opened."""
    target, link = tmp_path / "target", tmp_path / "mail.eml"
    target.write_text("mine")
    link.symlink_to(target)
    known = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda one: one != link and known(one))
    said = mailsend("log", "show", mail, "--eml", link)
    assert (said.code, target.read_text()) == (73, "mine")
