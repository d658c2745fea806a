"""Where a store is, as settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsend.errors import InvalidSettings
from mailsend.settings import Settings
from mailsend.store.location import read_location

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


def test_a_store_is_nothing_to_look_at():
    """A store that is named is as it should be, with queue and log in it."""
    assert Settings.model_validate({"application": {**ACME, "store": "memory:"}}).findings() == ()


@pytest.mark.parametrize("url", ["file:box%00", "file:///box%00"])
def test_a_folder_that_no_system_could_open_is_refused_as_such(tmp_path, url):
    """So is that of a server, whether its path counts from the file or not."""
    (tmp_path / "mailsend.toml").write_text(TOML.replace("memory:", url))
    with pytest.raises(InvalidSettings, match="a folder is missing"):
        Settings.load(tmp_path / "mailsend.toml")


def test_names_in_any_script_are_shown_as_they_are_written(tmp_path):
    """A business unit's name beyond ASCII stands in its key; what cannot be shown is escaped."""
    unit = '[customers.rat]\nallowed_domains = ["rat.example"]\n[customers.rat.business_units."{}"]\nlocale = "de"\n'
    shown = []
    for name in ("zürich", "z\\u202eb"):
        (tmp_path / "mailsend.toml").write_text(TOML + unit.format(name))
        shown.append(Settings.load(tmp_path / "mailsend.toml").provenance()[-1].key)
    assert shown == [
        'customers.rat.business_units."zürich".locale',
        'customers.rat.business_units."z\\u202eb".locale',
    ]


def test_a_file_that_no_system_could_open_is_refused_as_such(tmp_path):
    """A NUL in it is told with what to write, as any other URL that cannot be read."""
    (tmp_path / "mailsend.toml").write_text(f'{TOML}store = "sqlite:///a%00b.db"\n')
    with pytest.raises(InvalidSettings, match="the file cannot be read from the URL"):
        read_location(_store(Settings.load(tmp_path / "mailsend.toml")))


@pytest.mark.parametrize(("store", "told"), [({}, 1), ({"store": "memory:"}, 0)])
def test_a_server_that_is_not_released_is_told_where_the_settings_say_so(store, told):
    """With a store the state of a server stands there, so the settings do not say that it is unused."""
    customer = {"allowed_domains": ["rat.example"], "server": "smtp://mail.rat.example"}
    settings = Settings.model_validate({"application": {**ACME, **store}, "customers": {"rat": customer}})
    assert [one.where for one in settings.findings()].count("customers.rat.servers") == told
