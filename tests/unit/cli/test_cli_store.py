"""``mailsend store``."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from mailsend.store import open_store


@pytest.fixture
def with_store(settings: Path) -> Path:
    """Name a store in the settings, by a path that counts from their file."""
    text = settings.read_text()
    settings.write_text(
        text.replace("[application]\n", '[application]\nstore = "sqlite:///kept/mailsend.db"\n', 1)
    )
    (settings.parent / "kept").mkdir()
    return settings


def test_upgrade_makes_the_store_beside_its_settings(mailsend, with_store, tmp_path, monkeypatch) -> None:
    """The file lies where the settings say it, not where the command runs, and is its owner's alone."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    said = mailsend("store", "upgrade", "--config", with_store)

    assert (said.code, said.out, said.err) == (
        0,
        "✓ The store has its tables now (revision 0006).\n",
        "",
    )
    file = tmp_path / "kept" / "mailsend.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with open_store(f"sqlite:///{file}") as store:
        assert store.servers.customers() == ()
    assert list(elsewhere.iterdir()) == []


def test_a_second_upgrade_has_nothing_to_do(mailsend, with_store) -> None:
    """Running it again does no harm, and says so."""
    mailsend("store", "upgrade")

    said = mailsend("store", "upgrade")

    assert (said.code, said.out) == (0, "✓ The store is up to date (revision 0006).\n")


def test_a_store_that_was_behind_is_told_from_where_to_where(mailsend, with_store, monkeypatch) -> None:
    """An upgrade between revisions names both."""
    monkeypatch.setattr("mailsend.cli.store.upgrade_store", lambda _: ("0001", "0002"))

    said = mailsend("store", "upgrade")

    assert said.out == "✓ The store went from revision 0001 to 0002.\n"


def test_the_document_says_from_where_to_where(mailsend, with_store) -> None:
    """With --json the revisions before and after are one document."""
    assert mailsend("store", "upgrade", "--json").document == {"from": None, "to": "0006", "changed": True}
    assert mailsend("store", "upgrade", "--json").document == {
        "from": "0006",
        "to": "0006",
        "changed": False,
    }


def _without_identity(sql: str) -> str:
    """Leave out which store it makes, and when: that is another one each time."""
    return re.sub(r"'[0-9a-f-]{36}', [0-9]+", "…", sql)


def test_the_sql_is_shown_and_nothing_changed(mailsend, with_store) -> None:
    """With --sql the statements are printed for whoever runs them by hand, until there is nothing left."""
    said = mailsend("store", "upgrade", "--sql")

    assert said.code == 0
    assert said.out.startswith("CREATE TABLE mailsend_alembic_version (")
    assert "CREATE TABLE mailsend_server (" in said.out
    assert list((with_store.parent / "kept").iterdir()) == []
    again = mailsend("store", "upgrade", "--sql", "--json").document
    assert _without_identity(again["sql"]).strip() == _without_identity(said.out).strip()
    mailsend("store", "upgrade")
    assert mailsend("store", "upgrade", "--sql").out == "-- The store is up to date.\n"


def test_without_a_store_there_is_nothing_to_upgrade(mailsend, settings) -> None:
    """Settings without a store are told with the line that names one."""
    said = mailsend("store", "upgrade")

    assert (said.code, said.out) == (78, "")
    assert said.err == (
        'mailsend: application.store: there is no store\n  Set one: store = "sqlite:///mailsend.db".\n'
    )


def test_a_store_that_cannot_be_made_is_unavailable(mailsend, with_store) -> None:
    """Where its folder is missing the command fails with what to do, in JSON as well."""
    (with_store.parent / "kept").rmdir()

    said = mailsend("store", "upgrade", "--json")

    assert said.code == 69
    assert said.err == ""
    assert said.document["error"]["kind"] == "StoreError"
    assert said.document["error"]["message"].endswith("cannot be made: No such file or directory")


def test_the_group_alone_shows_its_commands(mailsend) -> None:
    """``mailsend store`` without a command is a usage error that lists them."""
    said = mailsend("store")

    assert said.code == 64
    assert "upgrade" in said.out
