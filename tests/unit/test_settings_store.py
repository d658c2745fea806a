"""Where a store is, as settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsend.settings import Settings

ACME = {
    "name": "Acme",
    "fallback_sender": "no-reply@suite.example",
    "allowed_domains": ["suite.example"],
    "smarthosts": ["memory:"],
}
TOML = """
[application]
name = "Acme"
fallback_sender = "no-reply@suite.example"
allowed_domains = ["suite.example"]
smarthosts = ["memory:"]
"""


def _store(settings: Settings) -> str:
    return settings.rules.application.store.reveal()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///mailsend.db", "sqlite:///{0}/mailsend.db"),
        ("sqlite:///../other/m.db", "sqlite:///{1}/other/m.db"),
        ("sqlite+pysqlite:///a%20b/m%25.db", "sqlite+pysqlite:///{0}/a%20b/m%25.db"),
        ("sqlite:////var/lib/mailsend.db", "sqlite:////var/lib/mailsend.db"),
        ("memory:", "memory:"),
        ("postgresql+psycopg://a:b@db/sqlite:", "postgresql+psycopg://a:b@db/sqlite:"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///x.db?mode=ro", "sqlite:///x.db?mode=ro"),
    ],
)
def test_a_relative_file_counts_from_the_file_that_says_it(written, meant, tmp_path, monkeypatch):
    """A path of the settings file counts from its folder, whatever its name; all else stays as it is."""
    folder = tmp_path / "set tings"
    folder.mkdir()
    (folder / "mailsend.toml").write_text(f'{TOML}store = "{written}"\n')
    monkeypatch.chdir(tmp_path)
    encoded = str(folder).replace(" ", "%20")
    assert _store(Settings.load(folder / "mailsend.toml")) == meant.format(encoded, tmp_path)


def test_a_relative_file_of_variables_and_mappings_counts_from_the_current_folder(tmp_path, monkeypatch):
    """What no file says counts from where the program runs."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mailsend.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    meant = f"sqlite:///{Path.cwd()}/mailsend.db"
    mapping = {"application": {**ACME, "store": "sqlite:///mailsend.db"}}
    assert _store(Settings.model_validate(mapping)) == meant
    monkeypatch.setenv("MAILSEND_APPLICATION__STORE", "sqlite:///mailsend.db")
    assert _store(Settings.load(tmp_path / "elsewhere" / "mailsend.toml")) == meant


def test_what_a_store_keeps_so_far_is_told():
    """``check`` says what the store is for in this version, so that nobody waits for a queue."""
    (finding,) = Settings.model_validate({"application": {**ACME, "store": "memory:"}}).findings()
    assert str(finding) == (
        "application.store: it keeps how far customers' servers have come; this version keeps no queue"
        " and no log yet"
    )
    assert finding.advice == "Run 'mailsend store upgrade' after each new version."


@pytest.mark.parametrize(("store", "told"), [({}, 1), ({"store": "memory:"}, 0)])
def test_a_server_that_is_not_released_is_told_where_the_settings_say_so(store, told):
    """With a store the state of a server stands there, so the settings do not say that it is unused."""
    customer = {"allowed_domains": ["rat.example"], "server": "smtp://mail.rat.example"}
    settings = Settings.model_validate({"application": {**ACME, **store}, "customers": {"rat": customer}})
    assert [one.where for one in settings.findings()].count("customers.rat.servers") == told
