"""Settings from the environment, from files that it names, and from what others call SMTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.rules import Logo, TestMode
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server, ServerKind, TlsMode
from mailsend.settings import Provenance, Settings

PNG = b"\x89PNG\r\n\x1a\n..."
ACME = """
[application]
fallback_sender = "no-reply@suite.example"
allowed_domains = ["suite.example"]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that is the current one and holds the least that settings need."""
    (tmp_path / "mailsend.toml").write_text(ACME)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_variables(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_the_environment_alone_can_configure_an_application(folder, monkeypatch):
    """Nothing but variables is needed: every key has its name."""
    (folder / "mailsend.toml").unlink()

    rules = with_variables(
        monkeypatch,
        MAILSEND_APPLICATION__FALLBACK_SENDER="no-reply@suite.example",
        MAILSEND_APPLICATION__ALLOWED_DOMAINS="suite.example,other.example",
        MAILSEND_APPLICATION__TEST_MODE__ENABLED="true",
        mailsend_application__test_mode__recipient="test@suite.example",
        MAILSEND_APPLICATION__BRANDING__COLORS__PRIMARY="#fff",
        MAILSEND_CUSTOMERS__RAT__ALIAS_DOMAINS='{"old-rat.example": "rat.example"}',
        MAILSEND_CUSTOMERS__RAT__ALLOWED_DOMAINS='["rat.example"]',
        SMTP_URL="smtp://relay.example",
    ).rules

    assert [str(one) for one in rules.application.allowed_domains] == ["suite.example", "other.example"]
    assert rules.scope().test_mode.enabled is True
    assert rules.application.branding.colors == {"primary": "#fff"}
    assert {str(a): str(b) for a, b in rules.customers["rat"].alias_domains.items()} == {
        "old-rat.example": "rat.example"
    }
    assert rules.application.smarthosts == (Server(host="relay.example", port=587),)


def test_names_of_customers_are_spelled_as_in_the_file(folder, monkeypatch):
    """Variables know neither case nor hyphens; the file's customer and unit are meant."""
    (folder / "mailsend.toml").write_text(
        ACME + "[customers.Rat-Catcher.business_units.'Zürich']\nlocale='de'\n"
    )

    rules = with_variables(
        monkeypatch,
        MAILSEND_CUSTOMERS__RAT_CATCHER__LOG_DAYS="7",
        MAILSEND_CUSTOMERS__RAT_CATCHER__BUSINESS_UNITS__ZÜRICH__LOCALE="de-CH",
    ).rules

    assert list(rules.customers) == ["Rat-Catcher"]
    assert rules.customers["Rat-Catcher"].log_days == 7
    assert rules.customers["Rat-Catcher"].business_units["Zürich"].locale == "de-CH"


def test_an_empty_variable_is_none(monkeypatch):
    """What a deployment leaves empty does not hide the file."""
    assert with_variables(
        monkeypatch, MAILSEND_APPLICATION__ALLOWED_DOMAINS=""
    ).rules.application.allowed_domains


def test_a_whole_table_can_be_json(monkeypatch):
    """A table may be written as JSON, and its values have JSON's types."""
    rules = with_variables(
        monkeypatch, MAILSEND_APPLICATION__TEST_MODE='{"enabled": false, "recipient": "t@suite.example"}'
    ).rules

    assert rules.application.test_mode.enabled is False
    assert isinstance(rules.application.test_mode, TestMode)


def test_json_that_is_none_is_told_by_its_key(monkeypatch):
    """Broken JSON is an error of the key that it was meant for."""
    with pytest.raises(
        InvalidSettings, match=r"^application\.test_mode: expected a table, not text \(in MAILSEND_"
    ):
        with_variables(monkeypatch, MAILSEND_APPLICATION__TEST_MODE='{"enabled": hunter2}')


def test_a_part_of_what_another_variable_says_whole_is_refused(monkeypatch):
    """One variable for a list and one for an item of it contradict each other."""
    with pytest.raises(InvalidSettings, match="says a part of what another variable says whole"):
        with_variables(
            monkeypatch,
            MAILSEND_APPLICATION__SMARTHOSTS="smtp://a.example",
            MAILSEND_APPLICATION__SMARTHOSTS__0__TIMEOUT="3",
        )


def test_a_value_can_stand_in_a_file_that_a_variable_names(folder, monkeypatch):
    """NAME_FILE is read in place of NAME, without the line end at its end."""
    (folder / "url").write_text("smtp://ann:pw@relay.example\n")
    (folder / "keys").write_text("0123456789abcdef\nfedcba9876543210\n")
    (folder / "logo.png").write_bytes(PNG)

    settings = with_variables(
        monkeypatch,
        MAILSEND_APPLICATION__SMARTHOST_FILE="url",
        MAILSEND_APPLICATION__SECRET_KEYS_FILE=str(folder / "keys"),
        MAILSEND_APPLICATION__BRANDING__LOGO_FILE="logo.png",
    )

    application = settings.rules.application
    assert application.smarthosts == (
        Server(host="relay.example", port=587, credentials=Credentials(user="ann", password=Secret("pw"))),
    )
    assert application.secret_keys == (Secret("0123456789abcdef"), Secret("fedcba9876543210"))
    assert application.branding.logo == Logo(data=PNG)
    assert (
        Provenance(
            "application.smarthost",
            "environment: MAILSEND_APPLICATION__SMARTHOST_FILE",
            "smtp://relay.example",
        )
        in settings.provenance()
    )


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("MAILSEND_APPLICATION__SMARTHOST", "application.smarthost"),
        ("SMTP_URL", "SMTP_URL"),
        ("SMTP_PASSWORD", "SMTP_PASSWORD"),
    ],
)
def test_a_value_and_its_file_are_not_both_set(folder, monkeypatch, name, where):
    """A value set by NAME and NAME_FILE is an error that names both."""
    (folder / "value").write_text("hunter2")

    with pytest.raises(InvalidSettings) as refused:
        with_variables(monkeypatch, SMTP_HOST="h.example", **{name: "hunter2", f"{name}_FILE": "value"})

    assert str(refused.value) == f"{where}: {name} and {name}_FILE are both set"


@pytest.mark.parametrize("name", ["MAILSEND_APPLICATION__STORE_FILE", "SMTP_URL_FILE"])
def test_a_missing_file_is_told_by_its_variable(folder, monkeypatch, name):
    """A variable that names no file is an error with variable and path."""
    with pytest.raises(InvalidSettings, match=rf"^{name}: no cannot be read: No such file or directory$"):
        with_variables(monkeypatch, **{name: "no"})


def test_a_secret_files_folder_that_is_named_must_be_there(monkeypatch):
    """A wrong MAILSEND_SECRETS_DIR would silently lose every secret."""
    with pytest.raises(InvalidSettings, match=r"^MAILSEND_SECRETS_DIR: there is no folder /no/where$"):
        with_variables(monkeypatch, MAILSEND_SECRETS_DIR="/no/where")


def test_files_of_others_among_the_secret_files_are_left_alone(folder, monkeypatch):
    """Only files whose names begin with mailsend_ are read; one that means nothing is a finding."""
    (folder / "run").mkdir()
    (folder / "run" / "database_password").write_bytes(b"\xff")
    (folder / "run" / "mailsend_application__lease").write_text("60")
    (folder / "run" / "mailsend_aplication").write_text("x")

    settings = with_variables(monkeypatch, MAILSEND_SECRETS_DIR=str(folder / "run"))

    assert settings.rules.application.lease == 60.0
    assert "mailsend_aplication" in [one.where for one in settings.findings()]


@pytest.mark.parametrize(
    ("variables", "server"),
    [
        (
            {"SMTP_URL": "smtp://a.example", "EMAIL_URL": "smtp://b.example"},
            Server(host="a.example", port=587),
        ),
        ({"EMAIL_URL": "smtp+tls://b.example:587"}, Server(host="b.example", port=587)),
        (
            {"EMAIL_URL": "smtp+ssl://b.example"},
            Server(host="b.example", port=465, tls=TlsMode.IMPLICIT),
        ),
        (
            {"EMAIL_URL": "consolemail://"},
            Server(kind=ServerKind.CONSOLE, tls=TlsMode.DANGEROUS_NONE),
        ),
        (
            {"EMAIL_URL": "filemail:///tmp/out"},
            Server(kind=ServerKind.FILE, folder="/tmp/out", tls=TlsMode.DANGEROUS_NONE),
        ),
        ({"MAILER_DSN": "smtp://c.example"}, Server(host="c.example", port=587)),
        ({"SMTP_HOST": "d.example"}, Server(host="d.example", port=587)),
        ({"SMTP_HOST": "2001:db8::1", "SMTP_PORT": "25"}, Server(host="2001:db8::1", port=25)),
        (
            {"SMTP_HOST": "localhost", "SMTP_PORT": "1025"},
            Server(host="localhost", port=1025, tls=TlsMode.DANGEROUS_OPPORTUNISTIC),
        ),
        (
            {"SMTP_HOST": "d.example", "SMTP_PORT": "465", "SMTP_USER": "ann", "SMTP_PASSWORD": "p@/:%"},
            Server(
                host="d.example",
                port=465,
                tls=TlsMode.IMPLICIT,
                credentials=Credentials(user="ann", password=Secret("p@/:%")),
            ),
        ),
    ],
)
def test_variables_of_others_name_the_smarthost_where_none_is_set(monkeypatch, variables, server):
    """SMTP_URL, EMAIL_URL, MAILER_DSN, SMTP_HOST: the first that is set."""
    assert with_variables(monkeypatch, **variables).rules.application.smarthosts == (server,)


def test_a_smarthost_of_ours_goes_before_variables_of_others(monkeypatch):
    """SMTP_URL does not count where a smarthost is set, by any source; an empty list is none."""
    monkeypatch.setenv("SMTP_URL", "smtp://others.example")
    ours, others = Server(host="ours.example", port=587), Server(host="others.example", port=587)

    found = [
        Settings(application={"smarthost": "smtp://ours.example"}).rules.application.smarthosts,
        Settings(application={"smarthosts": []}).rules.application.smarthosts,
        Settings().rules.application.smarthosts,
    ]

    assert found == [(ours,), (others,), (others,)]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (
            {"MAILSEND_APPLICATION__MAX_MESSAGE_SIZE": "big"},
            (
                "application.max_message_size: expected a whole number, not text"
                " (in MAILSEND_APPLICATION__MAX_MESSAGE_SIZE)"
            ),
        ),
        (
            {"MAILSEND_APPLICATION__TEST_MODE": '{"enabled": 5}'},
            (
                "application.test_mode.enabled: expected true or false, not a number"
                " (in MAILSEND_APPLICATION__TEST_MODE)"
            ),
        ),
        (
            {"MAILSEND_APPLICATION__SMARTHOSTS": "smtp://a.example,smtp://"},
            "application.smarthosts[1]: host and port cannot be read (in MAILSEND_APPLICATION__SMARTHOSTS)",
        ),
        (
            {
                "MAILSEND_APPLICATION__SMARTHOSTS__0__URL": "smtp://a.example",
                "MAILSEND_APPLICATION__SMARTHOSTS__0__TIMEOUT": "soon",
            },
            (
                "application.smarthosts[0].timeout: expected a number, not text"
                " (in MAILSEND_APPLICATION__SMARTHOSTS__0__TIMEOUT)"
            ),
        ),
        (
            {"MAILSEND_APPLICATION__TEMPLATE_DIRS": "/no/where"},
            (
                "application.template_dirs[0]: there is no folder /no/where"
                " (in MAILSEND_APPLICATION__TEMPLATE_DIRS)"
            ),
        ),
        (
            {"SMTP_HOST": "a b"},
            "application.smarthosts[0].url: this is not a server URL (in SMTP_HOST)",
        ),
        (
            {"SMTP_HOST": "a.example", "SMTP_USER": "ann"},
            (
                "application.smarthosts[0].url: user and password belong together, and one of them is missing"
                " (in SMTP_HOST)"
            ),
        ),
        ({"SMTP_HOST": "a.example", "SMTP_PORT": "abc"}, "SMTP_PORT: expected a port as a number"),
        (
            {"MAILER_DSN": "http://a.example"},
            "application.smarthosts[0]: unknown scheme (in MAILER_DSN)",
        ),
        (
            {"MAILSEND_APPLICATION__LEASE": "x", "MAILSEND_APPLICATION__TIMEZONE": "y"},
            (
                "application.lease: expected a number, not text (in MAILSEND_APPLICATION__LEASE)\n"
                "application.timezone: expected a time zone (in MAILSEND_APPLICATION__TIMEZONE)"
            ),
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(monkeypatch, variables, says):
    """Besides the dotted key each problem names the variable that says it, and what to do."""
    with pytest.raises(InvalidSettings) as refused:
        with_variables(monkeypatch, **variables)

    assert (str(refused.value), bool(refused.value.advice)) == (says, True)


def test_a_wrong_value_in_a_file_of_a_variable_is_told_with_both(folder, monkeypatch):
    """Where NAME_FILE says it, the variable and the file are named, for each problem its own."""
    (folder / "lease").write_text("soon")
    (folder / "url").write_text("http://a.example")
    secrets = folder / "run"
    secrets.mkdir()
    (secrets / "mailsend_application__retry__first").write_text("soon")

    with pytest.raises(InvalidSettings) as refused:
        with_variables(
            monkeypatch,
            MAILSEND_APPLICATION__LEASE_FILE="lease",
            MAILSEND_SECRETS_DIR=str(secrets),
            SMTP_URL_FILE="url",
        )

    assert sorted(str(refused.value).splitlines()) == [
        "application.lease: expected a number, not text (in MAILSEND_APPLICATION__LEASE_FILE, lease)",
        (
            "application.retry.first: expected a number, not text"
            f" (in {secrets / 'mailsend_application__retry__first'})"
        ),
        "application.smarthosts[0]: unknown scheme (in SMTP_URL_FILE)",
    ]


def test_what_several_variables_say_together_names_none(monkeypatch):
    """A fault that lies in how two values go together is told by its key alone."""
    with pytest.raises(InvalidSettings) as refused:
        with_variables(
            monkeypatch,
            MAILSEND_APPLICATION__TEST_MODE__ENABLED="true",
            MAILSEND_APPLICATION__FALLBACK_SENDER="no-reply@elsewhere.example",
        )

    assert str(refused.value).splitlines() == [
        (
            "application.fallback_sender: elsewhere.example is not an allowed domain here"
            " (allowed: suite.example) (in MAILSEND_APPLICATION__FALLBACK_SENDER)"
        ),
        "application.test_mode.recipient: test mode is enabled, and no recipient is set",
    ]


def test_a_wrong_url_in_a_variable_is_told_without_its_password(monkeypatch):
    """The error names the setting that the variable stands for, and nothing of the URL."""
    with pytest.raises(InvalidSettings) as refused:
        with_variables(monkeypatch, SMTP_URL="smtp://ann:hunter2/@relay.example")

    assert refused.value.where == "application.smarthosts[0]"
    assert "hunter" not in f"{refused.value} {refused.value.advice}"
