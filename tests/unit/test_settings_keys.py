"""DKIM keys, looked at when settings are read."""

from __future__ import annotations

from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from mailsend.errors import InvalidSettings
from mailsend.model.rules import Rules
from mailsend.settings import Settings, check_keys

ACME = {
    "fallback_sender": "a@suite.example",
    "allowed_domains": ["suite.example"],
    "smarthosts": ["memory:"],
}


@cache
def pem(kind: str, password: str = "") -> str:
    key = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else rsa.generate_private_key(65537, int(kind))
    )
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def key(kind: str, selector: str, *domains: str, **more: object) -> dict[str, object]:
    return {"domains": [*domains], "selector": selector, "key": pem(kind), **more}


def settings(*keys: dict[str, object], customer: tuple[dict[str, object], ...] = ()) -> Settings:
    customers = {"a": {"dkim_keys": [key("2048", "r", "*")]}, "x": {"dkim_keys": [*customer]}}
    return Settings.model_validate({"application": {**ACME, "dkim_keys": [*keys]}, "customers": customers})


@pytest.mark.parametrize(
    ("keys", "customer"),
    [
        ([], ()),
        ([key("2048", "r", "suite.example")], ()),
        ([key("2048", "r", "suite.example"), key("ed25519", "e", "suite.example")], ()),
        ([key("ed25519", "e", "suite.example", "x.example"), key("2048", "r", "*")], ()),
        ([key("ed25519", "e", "suite.example", state="retired")], ()),
        ([key("2048", "r", "*", state="published"), key("ed25519", "e", "*", state="published")], ()),
        ([key("2048", "r", "*"), key("ed25519", "e", "*", state="published")], ()),
    ],
)
def test_an_ed25519_key_beside_an_rsa_key_is_taken(keys, customer):
    """Ed25519 signs where an RSA key of the same domain signs under another selector."""
    assert settings(*keys, customer=customer).findings() == ()


@pytest.mark.parametrize(
    ("keys", "customer", "where", "domain"),
    [
        ([key("ed25519", "e", "suite.example")], (), "application.dkim_keys[0]", "suite.example"),
        ([key("2048", "r", "other.example"), key("ed25519", "e", "*")], (), "application.dkim_keys[1]", "*"),
        (
            [key("2048", "r", "suite.example"), key("ed25519", "e", "suite.example", "x.example")],
            (),
            "application.dkim_keys[1]",
            "x.example",
        ),
        (
            [key("2048", "r", "*", state="retired"), key("ed25519", "e", "*")],
            (),
            "application.dkim_keys[1]",
            "*",
        ),
        (
            [key("2048", "r", "*", state="published"), key("ed25519", "e", "*")],
            (),
            "application.dkim_keys[1]",
            "*",
        ),
        ([], (key("ed25519", "e", "x.example"),), "customers.x.dkim_keys[0]", "x.example"),
        (
            [key("2048", "r", "*")],
            (key("ed25519", "e", "x.example"),),
            "customers.x.dkim_keys[0]",
            "x.example",
        ),
        (
            [key("2048", "e", "*")],
            (key("ed25519", "e", "x.example"),),
            "customers.x.dkim_keys[0]",
            "x.example",
        ),
    ],
)
def test_an_ed25519_key_alone_is_refused(keys, customer, where, domain):
    """Where no RSA key signs beside it, Gmail and Microsoft would see no signature (M25)."""
    with pytest.raises(InvalidSettings) as refused:
        settings(*keys, customer=customer)

    assert str(refused.value) == (
        f"{where}: an Ed25519 key stands alone for {domain}, and Gmail and Microsoft do not verify it"
    )
    assert refused.value.advice == "Add an RSA key for the same domain under another selector."


def test_a_short_rsa_key_is_a_finding():
    """RSA below 2048 bits still signs, and is pointed out."""
    findings = settings(key("1024", "r", "*")).findings()

    assert [str(one) for one in findings] == [
        "application.dkim_keys[0]: RSA with 1024 bits is weak; 2048 are advised (RFC 8301, section 3.2)."
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"domain": "suite.example", "key": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"},
        {"domain": "suite.example", "key": pem("2048", "hunter2")},
        {"domain": "suite.example", "key": pem("2048", "hunter2"), "password": "hunter3"},
        {"domain": "suite.example", "key": pem("2048").replace("PRIVATE", "PUBLIC")},
    ],
)
def test_a_key_that_cannot_be_used_is_told_by_its_place(wrong):
    """An unreadable key is refused at load, without a letter of key or password."""
    with pytest.raises(InvalidSettings) as refused:
        settings({"selector": "r", **wrong})

    assert refused.value.where == "application.dkim_keys[0].key"
    assert refused.value.why
    assert refused.value.__context__ is None
    told = f"{refused.value} {refused.value.advice}"
    assert ("hunter" in told, pem("2048").splitlines()[1] in told) == (False, False)


def test_a_key_with_its_password_is_read():
    """An encrypted key is read with the password that stands beside it."""
    encrypted = {"domain": "*", "selector": "r", "key": pem("2048", "hunter2"), "password": "hunter2"}

    assert settings(encrypted).findings() == ()


def test_the_rules_of_a_directory_can_be_checked_too():
    """``check_keys`` takes any rules, so that a directory's keys are looked at as well."""
    rules = Rules.from_dict({"application": {**ACME, "dkim_keys": [key("ed25519", "e", "*")]}})

    with pytest.raises(InvalidSettings, match="an Ed25519 key stands alone"):
        check_keys(rules)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("garbage", "expected a private key in PEM (-----BEGIN …)"),
        ("-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n", ""),
    ],
)
def test_a_key_file_that_holds_no_key_is_told_by_its_path(tmp_path, content, why):
    """The file that settings name is told, with the key and without what is in it."""
    (tmp_path / "bad.pem").write_text(content)
    (tmp_path / "mailsend.toml").write_text(
        "[application]\nfallback_sender = 'a@suite.example'\nallowed_domains = ['suite.example']\n"
        "[[application.dkim_keys]]\ndomain = '*'\nselector = 's1'\nkey_file = 'bad.pem'\n"
    )

    with pytest.raises(InvalidSettings) as refused:
        Settings.load(tmp_path / "mailsend.toml")

    assert refused.value.where == "application.dkim_keys[0].key"
    assert refused.value.why.startswith(why)
    assert refused.value.why.endswith(f" (in {tmp_path / 'bad.pem'})")
    assert "planted" not in str(refused.value)
    assert refused.value.advice


def test_a_logo_that_is_no_picture_is_told_by_its_path(tmp_path):
    """The file of a logo is told like that of a key."""
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "mailsend.toml").write_text(
        "[application]\nfallback_sender = 'a@suite.example'\nallowed_domains = ['suite.example']\n"
        "[application.branding]\nlogo = 'logo.svg'\n"
    )

    with pytest.raises(InvalidSettings) as refused:
        Settings.load(tmp_path / "mailsend.toml")

    assert str(refused.value) == (
        f"application.branding.logo: this is no PNG, JPEG or GIF picture (in {tmp_path / 'logo.svg'})"
    )


def test_a_key_file_that_a_variable_names_is_told_with_it(tmp_path, monkeypatch):
    """Variable and file are both named."""
    (tmp_path / "bad.pem").write_text("garbage")
    for name, value in {
        "FALLBACK_SENDER": "a@suite.example",
        "ALLOWED_DOMAINS": "suite.example",
        "DKIM_KEYS__0__DOMAIN": "*",
        "DKIM_KEYS__0__SELECTOR": "s1",
        "DKIM_KEYS__0__KEY_FILE": "bad.pem",
    }.items():
        monkeypatch.setenv(f"MAILSEND_APPLICATION__{name}", value)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidSettings) as refused:
        Settings()

    assert str(refused.value) == (
        "application.dkim_keys[0].key: expected a private key in PEM (-----BEGIN …)"
        " (in MAILSEND_APPLICATION__DKIM_KEYS__0__KEY_FILE, bad.pem)"
    )
