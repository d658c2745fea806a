"""Settings: which source counts, what the files are that they name, and what is told of them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.address import Mailbox
from mailsend.model.rules import Logo
from mailsend.model.rules_reader import read_rules
from mailsend.model.secret import Secret
from mailsend.model.server import Server, ServerKind, TlsMode
from mailsend.settings import Finding, Provenance, Settings

PNG = b"\x89PNG\r\n\x1a\n..."
ACME = """
[application]
name = "from the file"
fallback_sender = "no-reply@suite.example"
allowed_domains = ["suite.example"]
smarthosts = ["smtp://relay.suite.example"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def error_of(*, load: Path | None = None, **keywords: object) -> InvalidSettings:
    """Read settings that are wrong, and give the error."""
    with pytest.raises(InvalidSettings) as refused:
        Settings.load(load, **keywords) if load else Settings(**keywords)
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    return refused.value


def test_the_example_of_the_documentation_is_valid(folder):
    """A whole settings file, as it is shown to people, is read with every key."""
    (folder / "logo.png").write_bytes(PNG)
    (folder / "secrets").mkdir()
    (folder / "secrets" / "keys").write_text("0123456789abcdef\nfedcba9876543210\n")
    path = folder / "mailsend.toml"
    path.write_text(
        ACME
        + """
        admin_address = "postmaster@suite.example"
        bounce_address = "bounces@suite.example"
        store = "sqlite:///mailsend.db"
        lease = 120
        secret_keys_file = "secrets/keys"
        max_message_size = 25000000
        proved_for_smarthost = []
        [application.retry]
        first = 60
        window = 259200
        unknown = "resend"
        [application.test_mode]
        enabled = false
        recipient = "test@suite.example"
        [application.branding]
        partner_name = "Acme"
        logo = "logo.png"
        colors = { primary = "#0b5fff" }
        [customers.ratcatcher]
        allowed_domains = ["operations-the-rat.example"]
        alias_domains = { "rat.example" = "operations-the-rat.example" }
        fallback_sender = "Operations the Rat <office@operations-the-rat.example>"
        server = "submission://mail.operations-the-rat.example"
        [customers.ratcatcher.business_units.zurich]
        fallback_sender = "Zurich <zurich@operations-the-rat.example>"
        locale = "de-CH"
        """
    )

    settings = Settings()

    expected = {
        "application": {
            "name": "from the file",
            "fallback_sender": "no-reply@suite.example",
            "allowed_domains": ["suite.example"],
            "smarthosts": ["smtp://relay.suite.example"],
            "admin_address": "postmaster@suite.example",
            "bounce_address": "bounces@suite.example",
            "store": f"sqlite:///{folder / 'mailsend.db'}",
            "secret_keys": ["0123456789abcdef", "fedcba9876543210"],
            "max_message_size": 25000000,
            "test_mode": {"recipient": "test@suite.example"},
            "branding": {
                "partner_name": "Acme",
                "logo": Logo(data=PNG, filename="logo.png", content_type="image/png"),
                "colors": {"primary": "#0b5fff"},
            },
        },
        "customers": {
            "ratcatcher": {
                "allowed_domains": ["operations-the-rat.example"],
                "alias_domains": {"rat.example": "operations-the-rat.example"},
                "fallback_sender": "Operations the Rat <office@operations-the-rat.example>",
                "server": "submission://mail.operations-the-rat.example",
                "business_units": {
                    "zurich": {
                        "fallback_sender": "Zurich <zurich@operations-the-rat.example>",
                        "locale": "de-CH",
                    }
                },
            }
        },
    }
    assert settings.rules == read_rules(expected)
    assert settings.file == path
    assert settings.findings() == ()


def test_keywords_count_before_environment_before_secret_files_before_the_file(folder, monkeypatch):
    """The four sources are merged key by key, in this order."""
    (folder / "mailsend.toml").write_text(ACME + 'locale = "en"\ntimezone = "UTC"\nlease = 1\n')
    (folder / "run").mkdir()
    for key, value in (("name", "from a secret file"), ("lease", "2"), ("locale", "fr")):
        (folder / "run" / f"mailsend_application__{key}").write_text(f"{value}\n")
    monkeypatch.setenv("MAILSEND_SECRETS_DIR", str(folder / "run"))
    monkeypatch.setenv("MAILSEND_APPLICATION__NAME", "from the environment")
    monkeypatch.setenv("MAILSEND_APPLICATION__LEASE", "3")

    application = Settings(application={"name": "from a keyword"}).rules.application

    assert (application.name, application.lease, application.locale, application.timezone) == (
        "from a keyword",
        3.0,
        "fr",
        "UTC",
    )


def test_the_file_is_that_of_the_variable_else_that_of_the_current_folder(folder, monkeypatch):
    """MAILSEND_CONFIG, then mailsend.toml, then pyproject.toml; no folder above is looked at."""
    (folder / "pyproject.toml").write_text(ACME.replace("application", "tool.mailsend.application"))
    found = [Settings().file]
    (folder / "mailsend.toml").write_text(ACME)
    found.append(Settings().file)
    (folder / "other.toml").write_text(ACME)
    monkeypatch.setenv("MAILSEND_CONFIG", "other.toml")
    found.append(Settings().file)
    monkeypatch.delenv("MAILSEND_CONFIG")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")

    assert found == [folder / "pyproject.toml", folder / "mailsend.toml", Path("other.toml")]
    assert str(error_of()) == "there are no settings"


def test_a_pyproject_of_others_is_no_settings_file(folder):
    """A pyproject.toml without our table is passed over, and refused where it is named."""
    (folder / "pyproject.toml").write_text("[project]\nname = 'shop'\n")

    assert str(error_of()) == "there are no settings"
    assert str(error_of(load=folder / "pyproject.toml")).endswith("it has no table [tool.mailsend]")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "there is no such file"),
        (b"[application]\nname = hunter2\n", "it is not valid TOML: Invalid value (at line 2, column 8)"),
        (b"name = 'hunter2\xff'", "it is not text in UTF-8"),
        (b"x = " + b"[" * 100_000, "it is not valid TOML: "),
    ],
)
def test_a_file_that_cannot_be_read_is_told_without_its_content(folder, content, why):
    """The error names the file and, where it can, the line; the parser's error is not kept."""
    path = folder / "mailsend.toml"
    if content is not None:
        path.write_bytes(content)

    error = error_of(load=path)

    assert str(error).startswith(f"{path}: {why}")
    assert error.advice
    assert error.__context__ is None


def test_a_folder_is_no_settings_file(folder):
    """A folder in place of a file is told as such."""
    assert str(error_of(load=folder)) == f"{folder}: it is a folder"


def test_a_mapping_is_read_alone(folder, monkeypatch):
    """``model_validate`` looks at neither environment nor settings files."""
    (folder / "mailsend.toml").write_text(ACME)
    monkeypatch.setenv("MAILSEND_APPLICATION__NAME", "from the environment")
    monkeypatch.setenv("SMTP_URL", "smtp://relay.example")
    data = {"application": {"fallback_sender": "a@b.example", "allowed_domains": ["b.example"]}}

    settings = Settings.model_validate(data)

    assert settings.rules == read_rules(data)
    assert settings.provenance() == (
        Provenance("application.fallback_sender", "mapping", "a@b.example"),
        Provenance("application.allowed_domains", "mapping", "b.example"),
    )


@pytest.mark.parametrize("data", [None, [], "x", {"application": 3}])
def test_a_mapping_of_another_kind_is_refused(data):
    """What is no table is told as such, whatever it is."""
    with pytest.raises(InvalidSettings, match="expected a table, not"):
        Settings.model_validate(data)


def test_paths_count_from_the_file_that_says_them(folder, monkeypatch):
    """Logo, templates, CA file and mail folder lie beside the settings file, not beside the caller."""
    home = folder / "etc"
    (home / "templates").mkdir(parents=True)
    (home / "logo.png").write_bytes(PNG)
    (home / "ca bundle.pem").write_text("CA")
    (home / "mailsend.toml").write_text(
        ACME.replace(
            '["smtp://relay.suite.example"]',
            '["smtp://r1.example?timeout=3&ca_file=ca%20bundle.pem", "file:out box", '
            '{ url = "smtp://r2.example", ca_file = "ca bundle.pem" }]',
        )
        + '\ntemplate_dirs = ["templates"]\nbranding = { logo = "logo.png" }\n'
        + "[customers.rat]\nserver = 'file:///var/out'\n"
    )

    rules = Settings.load("etc/mailsend.toml").rules

    ca_file = str(home / "ca bundle.pem")
    assert rules.application.smarthosts == (
        Server(host="r1.example", port=587, timeout=3.0, ca_file=ca_file),
        Server(kind=ServerKind.FILE, tls=TlsMode.DANGEROUS_NONE, folder=str(home / "out box")),
        Server(host="r2.example", port=587, ca_file=ca_file),
    )
    assert rules.application.template_dirs == (str(home / "templates"),)
    assert rules.application.branding.logo == Logo(data=PNG, filename="logo.png")
    assert rules.customers["rat"].servers[0].server.folder == "/var/out"


@pytest.mark.parametrize(
    ("lines", "where", "why"),
    [
        (
            "branding = { logo = 'no.png' }",
            "application.branding.logo",
            "no.png cannot be read: No such file",
        ),
        ("branding = { logo = '.' }", "application.branding.logo", " cannot be read: Is a directory"),
        (
            'branding = { logo = "\\u0000" }',
            "application.branding.logo",
            "cannot be read: the path is not valid",
        ),
        ("branding = { logo = 'text' }", "application.branding.logo", "this is no PNG, JPEG or GIF picture"),
        ("template_dirs = ['no']", "application.template_dirs[0]", "there is no folder "),
        ("template_dirs = 'no'", "application.template_dirs", "expected a list, not text"),
        ("template_dirs = [1]", "application.template_dirs[0]", "expected text, not a number"),
        (
            "[[application.dkim_keys]]\nkey_file = 'no.pem'",
            "application.dkim_keys[0].key_file",
            "no.pem cannot be read: No such file",
        ),
        (
            "[[application.dkim_keys]]\nkey_file = 'binary'",
            "application.dkim_keys[0].key_file",
            "binary is not text in UTF-8",
        ),
        (
            "[[application.dkim_keys]]\nkey = 'x'\nkey_file = 'text'",
            "application.dkim_keys[0].key_file",
            "key and key_file are both set",
        ),
        (
            "[[application.dkim_keys]]\nkey_file = 1",
            "application.dkim_keys[0].key_file",
            "a path can only stand in a settings file",
        ),
        (
            "[customers.x]\nserver = 'smtp://h?ca_file=no.pem'",
            "customers.x.server",
            "no.pem cannot be read: No such file",
        ),
        (
            "[[customers.x.servers]]\nurl = 'smtp://h'\npassword_file = 'no'",
            "customers.x.servers[0].password_file",
            "no cannot be read: No such file",
        ),
        ("[customers.x]\nserver = 3", "customers.x.server", "expected a server URL as text"),
    ],
)
def test_a_file_that_settings_name_and_that_cannot_be_read_is_told_by_key_and_path(folder, lines, where, why):
    """A missing, binary or wrong file is an error at load that names the key and the path."""
    (folder / "text").write_text("hunter2")
    (folder / "binary").write_bytes(b"\xffhunter2")
    (folder / "mailsend.toml").write_text(ACME + lines)

    error = error_of()

    assert error.where == where
    assert why in error.why
    assert "hunter2" not in f"{error} {error.advice}"


def test_a_file_larger_than_any_key_or_logo_is_refused(folder):
    """Reading what settings name is bounded."""
    (folder / "logo.png").write_bytes(bytes(10_000_001))
    (folder / "mailsend.toml").write_text(ACME + "branding = { logo = 'logo.png' }")

    assert error_of().why == f"{folder / 'logo.png'} is larger than 10000000 bytes"


def test_a_missing_file_of_secret_keys_is_a_finding(folder):
    """Secret keys are needed by few things, so that they are missing is no error at load."""
    (folder / "mailsend.toml").write_text(ACME + "secret_keys_file = 'secrets/keys'")

    settings = Settings()

    assert settings.rules.application.secret_keys == ()
    assert [str(one) for one in settings.findings()] == [
        f"application.secret_keys_file: there is no file {folder / 'secrets/keys'}"
    ]


def test_every_setting_is_told_with_where_it_came_from_and_without_secrets(folder, monkeypatch):
    """``provenance`` names file, variable or keyword for each value, and shows no secret."""
    (folder / "pw").write_text("hunter2\n")
    (folder / "logo.png").write_bytes(PNG)
    (folder / "mailsend.toml").write_text(
        ACME
        + """
        store = "postgresql://hunter2@db/x"
        lease = 60
        branding = { logo = "logo.png" }
        [customers."a b"]
        server_released = true
        [[customers."a b".servers]]
        url = "smtp://mail.example:2525?timeout=3"
        user = "hunter2"
        password_file = "pw"
        """
    )
    monkeypatch.setenv("MAILSEND_APPLICATION__SMARTHOSTS", "smtp://hunter2:hunter2@r.example,memory:")
    path = str(folder / "mailsend.toml")

    settings = Settings(application={"name": "Acme"})

    assert set(settings.provenance()) == {
        Provenance("application.name", "keyword", "Acme"),
        Provenance("application.fallback_sender", path, "no-reply@suite.example"),
        Provenance("application.allowed_domains", path, "suite.example"),
        Provenance(
            "application.smarthosts",
            "environment: MAILSEND_APPLICATION__SMARTHOSTS",
            "smtp://r.example, memory:",
        ),
        Provenance("application.store", path, "***"),
        Provenance("application.lease", path, "60"),
        Provenance("application.branding.logo.data", path, "11 bytes"),
        Provenance("application.branding.logo.filename", path, "logo.png"),
        Provenance('customers."a b".server_released', path, "true"),
        Provenance('customers."a b".servers[0].url', path, "smtp://mail.example:2525"),
        Provenance('customers."a b".servers[0].user', path, "***"),
        Provenance('customers."a b".servers[0].password', path, "***"),
    }
    assert "hunter2" not in repr(settings) + repr(settings.rules)


def test_a_higher_source_may_write_short_what_a_lower_one_wrote_long(folder, monkeypatch):
    """``smarthost`` in the environment takes the place of ``smarthosts`` in the file, and back."""
    (folder / "mailsend.toml").write_text(
        ACME + "[customers.x]\nserver = 'smtp://old.example'\nserver_released = true\n"
    )
    monkeypatch.setenv("MAILSEND_APPLICATION__SMARTHOST", "smtp://new.example")
    monkeypatch.setenv("MAILSEND_CUSTOMERS__X__SERVERS", "smtp://new.example")

    rules = Settings().rules

    new = Server(host="new.example", port=587)
    assert rules.application.smarthosts == (new,)
    assert [one.server for one in rules.customers["x"].servers] == [replace(new, pipelining="within")]


def test_what_may_not_be_meant_is_a_finding():
    """Test mode, weak TLS, a missing smarthost and servers that are not used are pointed out."""
    data = {
        "application": {
            "fallback_sender": "a@b.example",
            "allowed_domains": ["b.example"],
            "test_mode": {"enabled": True, "recipient": "test@b.example"},
        },
        "customers": {"x": {"server": "smtp://h.example?tls=none&dangerous=true"}},
    }

    findings = Settings.model_validate(data).findings()

    assert findings == (
        Finding(
            where="application.smarthosts",
            what="there is no smarthost, so mail that no released server of its customer takes is refused",
            advice="Set application.smarthosts, or SMTP_URL in the environment.",
        ),
        Finding(
            where="application.test_mode",
            what="test mode is on: all mail goes to test@b.example",
            advice="Set enabled = false to send to the real recipients.",
        ),
        Finding(
            where="customers.x.servers",
            what="the server is not released, so it is not used",
            advice="Set server_released = true once it has been checked.",
        ),
        Finding(
            where="customers.x.servers[0]",
            what="tls=none: others can read the mail on its way to h.example:587",
            advice="Take tls and dangerous out of its URL.",
        ),
    )


def test_unknown_keys_in_a_file_are_errors(folder):
    """A misspelt key in a file is refused with the nearest known one."""
    (folder / "mailsend.toml").write_text(ACME + "[customers.rat]\nfallback_sendr = 'x'\n")

    assert str(error_of()) == "customers.rat.fallback_sendr: unknown key; did you mean fallback_sender?"


def test_reading_a_mapping_needs_no_pydantic():
    """Importing Settings and validating a mapping loads no pydantic: only files and environment do."""
    program = (
        "import sys\n"
        "from mailsend.settings import Settings\n"
        "Settings.model_validate({'application': {'fallback_sender': 'a@b.example',"
        " 'allowed_domains': ['b.example'], 'smarthosts': ['memory:']}})\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'pydantic', 'pydantic_settings'}))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(os.environ)
    )

    assert (shown.stdout, shown.stderr) == ("[]\n", "")


def test_variables_that_mean_nothing_are_warnings(folder, monkeypatch, caplog):
    """An unknown MAILSEND_ variable is logged and found, with the name that was probably meant."""
    (folder / "mailsend.toml").write_text(ACME)
    monkeypatch.setenv("MAILSEND_APPLICATION__FALLBAK_SENDER", "hunter2")
    monkeypatch.setenv("MAILSEND_CUSTOMERS__X__BUSINESS_UNITS__Y__ZZZZ", "hunter2")
    monkeypatch.setenv("MAILSEND_APPLICATION__NAME__MORE", "hunter2")
    monkeypatch.setenv("MAILSEND_", "hunter2")

    with caplog.at_level(logging.DEBUG):
        findings = Settings().findings()

    assert [(one.where, one.advice) for one in findings] == [
        ("MAILSEND_", "Take it out."),
        (
            "MAILSEND_APPLICATION__FALLBAK_SENDER",
            "Did you mean MAILSEND_APPLICATION__FALLBACK_SENDER?",
        ),
        ("MAILSEND_APPLICATION__NAME__MORE", "Take it out."),
        ("MAILSEND_CUSTOMERS__X__BUSINESS_UNITS__Y__ZZZZ", "Take it out."),
    ]
    assert [one.getMessage() for one in caplog.records] == [str(one) for one in findings]
    assert "hunter2" not in caplog.text


def test_the_name_of_a_sender_in_the_environment_may_hold_commas(folder, monkeypatch):
    """A single value is taken as it stands, quotes, commas and all."""
    (folder / "mailsend.toml").write_text(ACME)
    monkeypatch.setenv("MAILSEND_APPLICATION__FALLBACK_SENDER", '"Acme, the \\"Suite\\"" <a@suite.example>')

    assert Settings().rules.application.fallback_sender == Mailbox.parse(
        '"Acme, the \\"Suite\\"" <a@suite.example>'
    )


def test_a_secret_in_the_environment_stays_the_text_that_it_is(folder, monkeypatch):
    """A password or key that looks like a number, a list or JSON is kept letter by letter."""
    (folder / "mailsend.toml").write_text(
        ACME + "[customers.x]\n[[customers.x.servers]]\nurl = 'smtp://h.example'\nuser = 'ann'\n"
    )
    monkeypatch.setenv("MAILSEND_CUSTOMERS__X__SERVERS__0__PASSWORD", '{"a": 0012}')

    credentials = Settings().rules.customers["x"].servers[0].server.credentials

    assert credentials is not None
    assert credentials.password == Secret('{"a": 0012}')


def test_a_server_that_is_a_value_already_is_shown_as_nothing():
    """Where a keyword holds a Server, its account stays out of sight."""
    server = Server.from_url("smtp://hunter2:hunter2@relay.example")
    data = {
        "application": {
            "fallback_sender": "a@b.example",
            "allowed_domains": ["b.example"],
            "smarthosts": [server],
        }
    }

    shown = {one.key: one.shown for one in Settings.model_validate(data).provenance()}

    assert shown["application.smarthosts"] == "***"


def test_tables_of_a_list_may_come_from_several_sources(folder, monkeypatch):
    """The file names a server, the environment its password, another server stands alone."""
    (folder / "templates").mkdir()
    (folder / "mailsend.toml").write_text(
        ACME + "[customers.x]\n[[customers.x.servers]]\nurl = 'smtp://h.example'\nuser = 'ann'\n"
    )
    monkeypatch.setenv("MAILSEND_CUSTOMERS__X__SERVERS__0__PASSWORD", "hunter2")
    monkeypatch.setenv("MAILSEND_CUSTOMERS__X__SERVERS__7__URL", "memory:")
    monkeypatch.setenv("MAILSEND_APPLICATION__TEMPLATE_DIRS", "templates, ")

    settings = Settings()

    shown = {one.key: (one.origin, one.shown) for one in settings.provenance()}
    path = str(folder / "mailsend.toml")
    assert {key: value for key, value in shown.items() if key.startswith("customers.")} == {
        "customers.x.servers[0].url": (path, "smtp://h.example"),
        "customers.x.servers[0].user": (path, "***"),
        "customers.x.servers[0].password": (
            "environment: MAILSEND_CUSTOMERS__X__SERVERS__0__PASSWORD",
            "***",
        ),
        "customers.x.servers[1].url": ("several sources", "memory:"),
    }
    assert settings.rules.application.template_dirs == (str(folder / "templates"),)
