"""Settings from places that know only text: loose text stands for other types there."""

from __future__ import annotations

import json

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.address import Domain, DomainPattern
from mailsend.model.reading import Loose
from mailsend.model.rules import Application, Branding, CustomerServer, Rules, TestMode
from mailsend.model.rules_reader import SCHEMA, read_rules
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server

ACME = {"fallback_sender": "no-reply@suite.example", "allowed_domains": ["suite.example"]}
PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"


def loose(**application: str) -> Application:
    """Read an application with values as the environment gives them."""
    written = {name: Loose(value) for name, value in application.items()}
    return read_rules({"application": {**ACME, **written}}).application


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("name", "12345", "12345"),
        ("lease", " 60 ", 60.0),
        ("lease", "1.5", 1.5),
        ("max_message_size", "25000000", 25000000),
        ("test_mode", '{"enabled": false}', TestMode()),
        ("branding", '{"partner_name": "Acme"}', Branding(partner_name="Acme")),
        ("protected_names", "Acme Bank, Rat", ("Acme Bank", "Rat")),
        ("protected_names", ' ["Acme, Bank"]', ("Acme, Bank",)),
        ("protected_names", " , ", ()),
        ("secret_keys", "aaaa\nbbbb, cccc", (Secret("aaaa"), Secret("bbbb"), Secret("cccc"))),
        ("allowed_domains", "suite.example,*.other.example", (DomainPattern.parse("suite.example"), DomainPattern.parse("*.other.example"))),
        (
            "smarthosts",
            "smtp://u:a,b@r1.example, smtp://r2.example?rewrites=Date,Message-ID",
            (
                Server(
                    host="r1.example", port=587, credentials=Credentials(user="u", password=Secret("a,b"))
                ),
                Server(host="r2.example", port=587, rewrites=("Date", "Message-ID")),
            ),
        ),
    ],
)  # fmt: skip
def test_loose_text_is_read_as_what_is_asked_for(key, text, value):
    """Numbers, lists and tables can be written as text, lists with commas or as JSON."""
    assert getattr(loose(**{key: text}), key) == value


@pytest.mark.parametrize(("text", "value"), [("TRUE", True), ("1", True), ("off", False), ("no", False)])
def test_loose_text_can_be_true_or_false(text, value):
    """The usual words for true and false are known in the environment."""
    rules = read_rules({"application": ACME, "customers": {"x": {"server_released": Loose(text)}}})

    assert rules.customers["x"].server_released is value


def test_a_server_can_be_a_json_object():
    """A server's table can be written in JSON where only text can stand."""
    server = Loose(json.dumps({"url": "smtp://r.example", "timeout": 3}))
    rules = read_rules({"application": ACME, "customers": {"x": {"server": server}}})

    assert rules.customers["x"].servers == (
        CustomerServer(server=Server(host="r.example", port=587, timeout=3.0, pipelining="within")),
    )


def test_a_key_in_one_line_gets_its_lines_back():
    r"""Many places keep a PEM with a backslash and an n where its lines break."""
    key = {"domain": "suite.example", "selector": "s", "key": Loose(PEM.replace("\n", r"\n"))}

    assert read_rules({"application": {**ACME, "dkim_keys": [key]}}).application.dkim_keys[0].key == Secret(
        PEM
    )


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [
        ("lease", "1e3", "expected a number, not text"),
        ("max_message_size", "1_000", "expected a whole number, not text"),
        ("test_mode", "{", "expected a table, not text"),
        ("test_mode", "[" * 100_000, "expected a table, not text"),
        ("protected_names", "[1", "expected a list, not text"),
    ],
)
def test_loose_text_of_another_kind_is_refused(key, text, why):
    """Text that is not what is asked for is an error like any other."""
    with pytest.raises(InvalidSettings) as refused:
        loose(**{key: text})

    assert (refused.value.where, refused.value.why) == (f"application.{key}", why)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("application.lease", True),
        ("application.leas", False),
        ("application.smarthosts.0.timeout", True),
        ("application.smarthosts.first", False),
        ("customers.any.business_units.any.locale", True),
        ("customers.any.alias_domains.rat", True),
        ("customers.any.servers.3.url", True),
        ("customers.any.servers.3.uri", False),
        ("application.branding.colors.primary", True),
    ],
)
def test_the_schema_says_which_keys_there_are(path, known):
    """Whoever reads names from elsewhere can ask the schema what they mean."""
    converter = SCHEMA
    for name in path.split("."):
        converter = converter.inner(name)

    assert (converter is not None) is known


def test_a_customers_name_may_be_anything_that_is_one_line():
    """Names of customers are the user's, and are told in quotes where they need them."""
    rules = Rules.from_dict(
        {"application": ACME, "customers": {"Müller & Sohn": {"allowed_domains": ["m.example"]}}}
    )

    assert rules.customers["Müller & Sohn"].owns(Domain("m.example"))
