"""A secret planted in every place where one can stand shows itself nowhere."""

from __future__ import annotations

import base64
import dataclasses
import importlib
import inspect
import json
import logging
import pkgutil
import re
import traceback
import typing
from urllib.parse import quote

import pytest

import mailsend.model
from mailsend import errors
from mailsend.model.address import Address, ByAddress
from mailsend.model.report import Report
from mailsend.model.secret import Secret
from mailsend.model.submission import Refusal
from mailsend.prepare import GateRefused
from mailsend.settings import Settings

CANARY = "Geheim/Schl%üssel+7391"
SECRET_NAME = re.compile(r"password|secret|token|key|url", re.IGNORECASE)
# Names that hold no secret: what they are instead.
NO_SECRETS = {
    ("Address", "_key"): "what addresses are compared by",
    ("ListPattern", "key"): "what addresses are compared by",
    ("StoredMail", "idempotency_key"): "the caller's own name for a request",
    ("TestQuestion", "token"): "what a dialogue answers with; it stands in no repr",
    ("Message", "idempotency_key"): "the caller's own name for a request",
    ("Customer", "dkim_keys"): "DkimKey values, whose key is a Secret",
    ("Application", "dkim_keys"): "DkimKey values, whose key is a Secret",
    ("DomainFacts", "key_state"): "whether a key is published",
    **dict.fromkeys((("Match", "key"), ("Span", "key"), ("When", "key")), "what a query asks for"),
    ("Erasure", "keys"): "how many idempotency keys were taken out",
    ("Credentials", "token_provider"): "what gives tokens; its own secrets are Secrets",
}


def _shapes() -> set[str]:
    """Give the canary as it is, percent-encoded, and in base64, alone and behind a user name."""
    raw = CANARY.encode()
    return {
        CANARY,
        quote(CANARY, safe=""),
        quote(CANARY),
        base64.b64encode(raw).decode().rstrip("="),
        base64.b64encode(b"\0user\0" + raw).decode().rstrip("=")[-16:],
        repr(CANARY).strip("'"),
        json.dumps(CANARY).strip('"'),
    }


def _assert_clean(text: str) -> None:
    for shape in _shapes():
        assert shape not in text


def _dataclasses():
    for info in pkgutil.walk_packages(mailsend.model.__path__, "mailsend.model."):
        for name, found in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if dataclasses.is_dataclass(found) and found.__module__ == info.name:
                yield name, found


def test_every_field_whose_name_speaks_of_a_secret_is_one():
    """Fields named password, secret, token, key or url are Secrets, or stand on the list with a reason."""
    checked = []
    for name, found in _dataclasses():
        hints = typing.get_type_hints(found) if not _has_lazy_types(found) else {}
        for field in dataclasses.fields(found):
            if SECRET_NAME.search(field.name) and (name, field.name) not in NO_SECRETS:
                kind = hints.get(field.name, field.type)
                assert "Secret" in str(kind), f"{name}.{field.name} is {kind}"
                checked.append(f"{name}.{field.name}")
    assert {"Credentials.password", "DkimKey.key", "DkimKey.password"} <= set(checked)


def _has_lazy_types(found: type) -> bool:
    """Whether a class names types that are imported for type checkers alone."""
    try:
        typing.get_type_hints(found)
    except NameError:
        return True
    return False


def _planted(found: type) -> object | None:
    """Give a value with the canary in each of its Secret fields; None where it has none."""
    made, secret = object.__new__(found), Secret(CANARY)
    holds = False
    for field in dataclasses.fields(found):
        kind = str(field.type)
        value = (secret,) if "tuple[Secret" in kind else secret if "Secret" in kind else None
        object.__setattr__(made, field.name, value)
        holds = holds or value is not None
    return made if holds else None


def test_a_secret_in_a_value_is_shown_by_no_repr():
    """Each model that the walk finds with a Secret in it is shown whole, and keeps it."""
    planted = {name: one for name, found in _dataclasses() if (one := _planted(found)) is not None}
    for one in planted.values():
        _assert_clean(f"{one!r} {one!s} {[one]!r}")
    assert {"Credentials", "DkimKey", "Application"} <= set(planted)


SETTINGS = {
    "application": {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": [f"smtp://user:{quote(CANARY, safe='')}@relay.suite.example"],
    },
    "customers": {
        "ratcatcher": {
            "allowed_domains": ["rat.example"],
            "servers": [{"url": f"smtp://user:{quote(CANARY, safe='')}@mail.rat.example"}],
        }
    },
}


def test_settings_and_rules_with_secrets_show_none(caplog):
    """Neither repr, provenance, findings nor the log of reading settings shows a password."""
    with caplog.at_level(logging.DEBUG):
        settings = Settings.model_validate(SETTINGS)
    assert settings.rules.application.smarthosts[0].credentials.password.reveal() == CANARY
    for shown in (settings, settings.rules, settings.provenance(), settings.findings()):
        _assert_clean(repr(shown))
    _assert_clean(str(settings.provenance()))
    _assert_clean(caplog.text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("smarthosts", [f"smtp://user:{quote(CANARY, safe='')}@relay.suite.example:99999"]),
        ("smarthosts", [f"smtps://user:{quote(CANARY, safe='')}@relay.suite.example:587"]),
        ("smarthosts", [f"smpt://user:{quote(CANARY, safe='')}@relay.suite.example"]),
        ("smarthosts", [f"smtp://user:{quote(CANARY, safe='')}@relay.suite.example?tls=none"]),
        ("smarthosts", [f"smtp://user:{quote(CANARY, safe='')}@relay.suite.example?wrong=1"]),
        ("smarthosts", [f"smtp://user:{quote(CANARY, safe='')}@"]),
        ("dkim_keys", [{"domain": "suite.example", "selector": "s", "key": CANARY}]),
        ("dkim_keys", [{"domain": "suite.example", "selector": "s", "password": CANARY}]),
        ("dkim_keys", [{"domain": "suite.example", "selector": "s", "key": 1, "password": CANARY}]),
    ],
)
def test_settings_that_are_refused_show_no_secret(key, value):
    """An error about a setting that holds a secret names the key and keeps the secret."""
    application = {**SETTINGS["application"], key: value}
    with pytest.raises(errors.MailsendError) as caught:
        Settings.model_validate({"application": application})
    told = "".join(traceback.format_exception(caught.value))
    _assert_clean(told)
    _assert_clean(f"{caught.value!r} {caught.value} {caught.value.advice}")


@pytest.mark.parametrize("variable", ["MAILSEND_APPLICATION__SMARTHOST", "SMTP_URL"])
def test_secrets_from_the_environment_and_from_files_are_told_by_name_alone(variable, monkeypatch, tmp_path):
    """Provenance says which variable or file a value came from, never what stood in it."""
    url = f"smtp://user:{quote(CANARY, safe='')}@relay.suite.example"
    config = tmp_path / "mailsend.toml"
    config.write_text(
        '[application]\nfallback_sender = "no-reply@suite.example"\nallowed_domains = ["suite.example"]\n'
    )
    monkeypatch.setenv(variable, url)
    settings = Settings.load(config)
    assert settings.rules.application.smarthosts[0].credentials.password.reveal() == CANARY
    _assert_clean(repr(settings.provenance()))
    assert variable in repr(settings.provenance())
    if variable.startswith("MAILSEND_"):
        monkeypatch.delenv(variable)
        (tmp_path / "url").write_text(url)
        monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "url"))
        from_file = Settings.load(config)
        assert from_file.rules.application.smarthosts[0].credentials.password.reveal() == CANARY
        _assert_clean(repr(from_file.provenance()))


def _error(kind: type[errors.MailsendError]) -> errors.MailsendError:
    """Make an error of each class with a Secret wherever it takes something."""
    secret = Secret(CANARY)
    refusal = Refusal(step="bytes", reason=GateRefused.BYTES, facts={"fault": secret}, advice=f"{secret}")
    made = {
        errors.InvalidAddress: lambda: errors.InvalidAddress(f"{secret}", f"{secret}"),
        errors.InvalidAttachment: lambda: errors.InvalidAttachment(f"{secret}", f"{secret}"),
        errors.InvalidMessage: lambda: errors.InvalidMessage("subject", f"{secret}"),
        errors.InvalidQuery: lambda: errors.InvalidQuery(f"{secret}", f"{secret}", position=0),
        errors.InvalidSettings: lambda: errors.InvalidSettings("application", f"{secret}"),
        errors.UnknownCustomer: lambda: errors.UnknownCustomer(f"{secret}", known=(f"{secret}",)),
        errors.MessageRefused: lambda: errors.MessageRefused(refusal),
        errors.TemplateError: lambda: errors.TemplateError("invoice", f"{secret}"),
        errors.SigningError: lambda: errors.SigningError("d.example", "s", f"{secret}"),
        errors.IdempotencyConflict: lambda: errors.IdempotencyConflict(f"{secret}"),
        errors.MissingExtra: lambda: errors.MissingExtra("cli", needed_for=f"{secret}"),
    }
    if issubclass(kind, errors.SubmissionError):
        report = Report(recipients=ByAddress({Address.parse("a@b.example"): secret}))  # type: ignore[dict-item]  # a stand-in that must not show
        return kind("not accepted", report)
    return made[kind]() if kind in made else kind(f"{secret}")


def _error_classes():
    return [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", _error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_raised_with_a_secret_keeps_it(kind, caplog):
    """Each class of the tree is raised with a Secret in it: repr, text, traceback and log keep it."""
    with pytest.raises(errors.MailsendError) as caught:
        raise _error(kind)
    logging.getLogger("mailsend").error("it failed", exc_info=caught.value)
    told = "".join(traceback.format_exception(caught.value))
    for shown in (repr(caught.value), str(caught.value), caught.value.advice, told, caplog.text):
        _assert_clean(shown)
    _assert_clean(repr(vars(caught.value)))


def test_a_private_key_shows_itself_in_no_error():
    """A PEM that cannot be read is refused without a line of it."""
    pem = f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(CANARY.encode() * 9).decode()}\n-----END PRIVATE KEY-----\n"
    application = {
        **SETTINGS["application"],
        "dkim_keys": [{"domain": "suite.example", "selector": "s", "key": pem}],
    }
    with pytest.raises(errors.MailsendError) as caught:
        Settings.model_validate({"application": application})
    told = "".join(traceback.format_exception(caught.value))
    _assert_clean(told)
    assert pem.splitlines()[1][:24] not in told
