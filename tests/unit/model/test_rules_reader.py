"""Rules read from the one schema that files and ``Rules.from_dict`` share."""

from __future__ import annotations

import base64
from dataclasses import replace
from types import MappingProxyType

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.address import Address, Domain, DomainPattern, Mailbox
from mailsend.model.internal_network import InternalNetwork
from mailsend.model.rules import (
    AliasMode,
    Application,
    Branding,
    BusinessUnit,
    Customer,
    CustomerServer,
    DkimKey,
    DkimKeyState,
    Logo,
    RetryRules,
    Rules,
    TestMode,
)
from mailsend.model.rules_reader import read_rules
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Pipelining, Server, TlsMode

PNG = b"\x89PNG\r\n\x1a\n..."
PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
ACME = {
    "fallback_sender": "Acme Suite <no-reply@suite.example>",
    "allowed_domains": ["suite.example"],
}
SUITE = DomainPattern.parse("suite.example")
NO_REPLY = Mailbox.parse("Acme Suite <no-reply@suite.example>")


def refusal(application: object = None, customers: object = None, **more: object) -> InvalidSettings:
    """Read rules that are wrong, and give the error."""
    data = {"application": ACME if application is None else application, **more}
    with pytest.raises(InvalidSettings) as refused:
        read_rules(data if customers is None else {**data, "customers": customers})
    assert refused.value.advice
    assert refused.value.__context__ is None
    return refused.value


def test_the_least_that_rules_need_is_a_fallback_sender_and_its_domain():
    """An application with a fallback sender in an allowed domain is enough."""
    rules = Rules.from_dict({"application": ACME})

    assert rules == Rules(
        application=Application(fallback_sender=NO_REPLY, allowed_domains=(SUITE,)),
        version=rules.version,
    )


def test_every_key_of_the_application_is_read():
    """Each key that an application may set reaches its field, in its type."""
    rules = Rules.from_dict(
        {
            "application": {
                **ACME,
                "name": "Acme Suite",
                "admin_address": "postmaster@suite.example",
                "smarthosts": ["smtp://relay1.suite.example", "smtps://relay2.suite.example"],
                "bounce_address": "bounces@suite.example",
                "store": "sqlite:///mailsend.db",
                "lease": 60,
                "secret_keys": ["0123456789abcdef"],
                "max_message_size": 0,
                "proved_for_smarthost": ["*.other.example"],
                "retry": {
                    "first": 30,
                    "factor": 2.0,
                    "window": 3600,
                    "unknown": "HOLD",
                    "unknown_after": 0,
                    "unknown_resends": 2,
                },
                "dkim_keys": [
                    {"domain": "Suite.Example", "selector": "Default", "key": PEM, "password": "pw"},
                    {
                        "domains": ["*"],
                        "selector": "a.b",
                        "key": PEM.encode(),
                        "state": "published",
                        "published": False,
                    },
                ],
                "test_mode": {"enabled": True, "recipient": "Test <test@suite.example>"},
                "branding": {
                    "partner_name": "Acme",
                    "contact": "Your Acme team\nZurich",
                    "legal_notice": "Acme AG\nZurich",
                    "support_phone": "+41 44 000 00 00",
                    "support_email": "help@bücher.example",
                    "logo": PNG,
                    "colors": {"primary": "#0b5fff", "dark": "#05f"},
                },
                "interceptors": {
                    "before": ["mail:before", "shop.mail:before"],
                    "after": ("shop.mail.after",),
                },
                "reply_to": "Help <help@suite.example>",
                "notification_sender": "notices@suite.example",
                "contact": "it@suite.example",
                "max_visible_recipients": 20,
                "blocked_extensions": [".EXE", "*.js"],
                "archive_bcc": "archive@suite.example",
                "log_subjects": False,
                "timezone": "Europe/Zurich",
                "locale": "zh_hant_tw",
                "template_dirs": ["/srv/templates"],
                "protected_names": ["Acme Bank"],
            }
        }
    )

    assert rules.application == Application(
        fallback_sender=NO_REPLY,
        allowed_domains=(SUITE,),
        name="Acme Suite",
        admin_address=Address.parse("postmaster@suite.example"),
        smarthosts=(
            Server(host="relay1.suite.example", port=587),
            Server(host="relay2.suite.example", port=465, tls=TlsMode.IMPLICIT),
        ),
        bounce_address=Address.parse("bounces@suite.example"),
        store=Secret("sqlite:///mailsend.db"),
        lease=60.0,
        secret_keys=(Secret("0123456789abcdef"),),
        max_message_size=0,
        proved_for_smarthost=(DomainPattern.parse("*.other.example"),),
        retry=RetryRules(
            first=30.0, factor=2.0, window=3600.0, unknown="hold", unknown_after=0.0, unknown_resends=2
        ),
        dkim_keys=(
            DkimKey(domains=("suite.example",), selector="default", key=Secret(PEM), password=Secret("pw")),
            DkimKey(
                domains=("*",),
                selector="a.b",
                key=Secret(PEM),
                state=DkimKeyState.PUBLISHED,
                published=False,
            ),
        ),
        test_mode=TestMode(enabled=True, recipient=Address.parse("test@suite.example")),
        branding=Branding(
            partner_name="Acme",
            contact="Your Acme team\nZurich",
            legal_notice="Acme AG\nZurich",
            support_phone="+41 44 000 00 00",
            support_email="help@bücher.example",
            logo=Logo(data=PNG, filename="logo.png", content_type="image/png"),
            colors=MappingProxyType({"primary": "#0b5fff", "dark": "#05f"}),
        ),
        interceptors=MappingProxyType(
            {"before": ("mail:before", "shop.mail:before"), "after": ("shop.mail.after",)}
        ),
        reply_to=Mailbox.parse("Help <help@suite.example>"),
        notification_sender=Mailbox.parse("notices@suite.example"),
        contact=Address.parse("it@suite.example"),
        max_visible_recipients=20,
        blocked_extensions=("exe", "js"),
        archive_bcc=Address.parse("archive@suite.example"),
        log_subjects=False,
        timezone="Europe/Zurich",
        locale="zh-Hant-TW",
        template_dirs=("/srv/templates",),
        protected_names=("Acme Bank",),
    )


def test_every_key_of_a_customer_and_its_units_is_read():
    """Each key that a customer and a business unit may set reaches its field, in its type."""
    rules = Rules.from_dict(
        {
            "application": ACME,
            "customers": {
                "ratcatcher": {
                    "allowed_domains": ["*.rat.example"],
                    "alias_domains": {"Old-Rat.example": "rat.example"},
                    "alias_mode": "keep",
                    "fallback_sender": "office@old-rat.example",
                    "admin_address": "it@rat.example",
                    "emergency_contact": "oncall@rat.example",
                    "bounce_address": "bounces@rat.example",
                    "servers": [
                        "smtp://mail.rat.example",
                        {
                            "url": "smtp://mx.rat.example?signs=true",
                            "senders": ["ann@Rat.example", "@sub.rat.example"],
                            "user": "ann",
                            "password": b"pw",
                            "internal_domains": ["rat.local"],
                            "max_connections": 3,
                            "pipelining": "off",
                        },
                    ],
                    "server_released": True,
                    "internal_servers": ["10.1.0.0/16:25,587", "[fd12:3456::/32]"],
                    "fallback_to_smarthost": True,
                    "proved_for_smarthost": ["rat.example"],
                    "dkim_keys": [],
                    "test_mode": {"enabled": False},
                    "log_days": 7,
                    "content_days": 0,
                    "rejected_local_part_characters": "%! ",
                    "branding": {"enabled": False},
                    "locale": None,
                    "business_units": {
                        "Zürich 1": {
                            "fallback_sender": "zurich@suite.example",
                            "allowed_domains": ["zurich.rat.example"],
                            "locale": "DE_ch",
                            "branding": {"partner_name": "Zurich"},
                            "timezone": "UTC",
                        }
                    },
                }
            },
        }
    )

    assert rules.customers == {
        "ratcatcher": Customer(
            name="ratcatcher",
            allowed_domains=(DomainPattern.parse("*.rat.example"),),
            alias_domains={Domain("old-rat.example"): Domain("rat.example")},
            alias_mode=AliasMode.KEEP,
            fallback_sender=Mailbox.parse("office@old-rat.example"),
            admin_address=Address.parse("it@rat.example"),
            emergency_contact=Address.parse("oncall@rat.example"),
            bounce_address=Address.parse("bounces@rat.example"),
            servers=(
                CustomerServer(
                    server=Server(host="mail.rat.example", port=587, pipelining=Pipelining.WITHIN)
                ),
                CustomerServer(
                    server=Server(
                        host="mx.rat.example",
                        port=587,
                        signs=True,
                        credentials=Credentials(user="ann", password=Secret("pw")),
                        internal_domains=(DomainPattern.parse("rat.local"),),
                        max_connections=3,
                        pipelining=Pipelining.OFF,
                    ),
                    senders=("ann@rat.example", "@sub.rat.example"),
                ),
            ),
            server_released=True,
            internal_servers=(
                InternalNetwork("10.1.0.0/16", (25, 587)),
                InternalNetwork("fd12:3456::/32", (25, 465, 587, 2525)),
            ),
            fallback_to_smarthost=True,
            proved_for_smarthost=(DomainPattern.parse("rat.example"),),
            test_mode=TestMode(),
            log_days=7,
            content_days=0,
            rejected_local_part_characters="%! ",
            branding=Branding(enabled=False),
            business_units=MappingProxyType(
                {
                    "Zürich 1": BusinessUnit(
                        name="Zürich 1",
                        fallback_sender=Mailbox.parse("zurich@suite.example"),
                        allowed_domains=(DomainPattern.parse("zurich.rat.example"),),
                        locale="de-CH",
                        branding=Branding(partner_name="Zurich"),
                        timezone="UTC",
                    )
                }
            ),
        )
    }


def test_one_server_can_be_written_short():
    """``smarthost`` and ``server`` are short for a list of one, as URL, table or Server."""
    relay = Server(host="relay.example", port=587)
    rules = read_rules(
        {
            "application": {
                **ACME,
                "smarthost": {"url": "smtp://relay.example", "senders": ["@suite.example"]},
            },
            "customers": {
                "a": {"server": "smtp://relay.example"},
                "b": {"server": relay},
            },
        }
    )

    assert rules.application.smarthosts == (
        Server(host="relay.example", port=587, senders=("@suite.example",)),
    )
    own = CustomerServer(server=replace(relay, pipelining=Pipelining.WITHIN))
    assert rules.customers["a"].servers == (own,)
    assert rules.customers["b"].servers == (own,)


def test_values_of_the_models_are_taken_as_they_are():
    """What an application has parsed already need not be written as text again."""
    logo = Logo(data=PNG, filename="acme.png", content_type="image/png")
    rules = Rules.from_dict(
        {
            "application": {
                "fallback_sender": NO_REPLY,
                "allowed_domains": (SUITE,),
                "contact": Address.parse("it@suite.example"),
                "secret_keys": [Secret("0123456789abcdef")],
                "dkim_keys": [{"domain": Domain("suite.example"), "selector": "s", "key": Secret(PEM)}],
                "branding": {"logo": logo},
            }
        }
    )

    assert rules == Rules(
        application=Application(
            fallback_sender=NO_REPLY,
            allowed_domains=(SUITE,),
            contact=Address.parse("it@suite.example"),
            secret_keys=(Secret("0123456789abcdef"),),
            dkim_keys=(DkimKey(domains=("suite.example",), selector="s", key=Secret(PEM)),),
            branding=Branding(logo=logo),
        ),
        version=rules.version,
    )


@pytest.mark.parametrize(
    ("picture", "logo"),
    [
        (PNG, Logo(data=PNG, filename="logo.png", content_type="image/png")),
        (b"\xff\xd8\xff.", Logo(data=b"\xff\xd8\xff.", filename="logo.jpg", content_type="image/jpeg")),
        (b"GIF87a.", Logo(data=b"GIF87a.", filename="logo.gif", content_type="image/gif")),
        (b"GIF89a.", Logo(data=b"GIF89a.", filename="logo.gif", content_type="image/gif")),
        (base64.b64encode(PNG).decode(), Logo(data=PNG)),
        ("data:image/png;base64," + base64.b64encode(PNG).decode(), Logo(data=PNG)),
        ({"data": PNG, "filename": "acme.png"}, Logo(data=PNG, filename="acme.png")),
        ({"data": PNG, "filename": "a\r\nb.png"}, Logo(data=PNG)),
    ],
)
def test_a_logo_is_known_by_its_first_bytes(picture, logo):
    """PNG, JPEG and GIF are told by their bytes, whatever a file name says."""
    rules = Rules.from_dict({"application": {**ACME, "branding": {"logo": picture}}})

    assert rules.application.branding.logo == logo


def test_a_misspelt_key_is_told_with_the_nearest_known_one():
    """An unknown key is an error that names scope, key, and what was probably meant."""
    error = refusal(customers={"ratcatcher": {"fallback_sendr": "office@suite.example"}})

    assert str(error) == "customers.ratcatcher.fallback_sendr: unknown key; did you mean fallback_sender?"
    assert error.advice == "Write fallback_sender."


def test_a_key_like_no_other_is_told_with_all_known_ones():
    """Where nothing is near, the advice lists what can stand here."""
    error = refusal({**ACME, "test_mode": {"zzzz": 1}})

    assert str(error) == "application.test_mode.zzzz: unknown key"
    assert error.advice == "Known here: enabled, recipient."


@pytest.mark.parametrize(
    ("where", "data"),
    [
        ("aplication", {"application": ACME, "aplication": {}}),
        ("4", {"application": ACME, 4: {}}),
        ("application.alias_mode", {"application": {**ACME, "alias_mode": "keep"}}),
        ("application.server", {"application": {**ACME, "server": "memory:"}}),
        ("application.branding.enabled", {"application": {**ACME, "branding": {"enabled": True}}}),
        ("customers.x.smarthost", {"application": ACME, "customers": {"x": {"smarthost": "memory:"}}}),
        ("customers.x.retry", {"application": ACME, "customers": {"x": {"retry": {}}}}),
        (
            "customers.x.business_units.y.server",
            {"application": ACME, "customers": {"x": {"business_units": {"y": {"server": "memory:"}}}}},
        ),
    ],
)
def test_a_key_in_the_wrong_scope_is_unknown_there(where, data):
    """Each scope has its own keys: a smarthost is the application's, a server the customer's."""
    with pytest.raises(InvalidSettings) as refused:
        read_rules(data)

    assert refused.value.where == where
    assert refused.value.why.startswith("unknown key")


def test_all_problems_are_told_at_once():
    """The message has a line for every key that is wrong, in the order of the file."""
    error = refusal(
        {**ACME, "lease": "long", "timezone": "Moon/Sea", "branding": {"colors": {"primary": "blue"}}},
        {"x": {"log_days": -1}},
    )

    assert str(error).splitlines() == [
        "application.lease: expected a number, not text",
        "application.timezone: expected a time zone",
        "application.branding.colors.primary: expected a colour",
        "customers.x.log_days: expected a number that is not below 0",
    ]
    assert error.where == "application.lease"


def test_no_more_than_twenty_problems_are_told():
    """A hostile or broken file does not make an endless message."""
    error = refusal(customers={f"c{n}": {"log_days": -1} for n in range(30)})

    assert len(str(error).splitlines()) == 21
    assert str(error).endswith("\nand 10 more")


@pytest.mark.parametrize("application", [{}, {"allowed_domains": ["suite.example"]}])
def test_an_application_must_have_a_fallback_sender(application):
    """Without a fallback there would be mail with no sender, so it is refused at load."""
    error = refusal(application)

    assert str(error) == ("application.fallback_sender: it is missing, and the application must have one")


@pytest.mark.parametrize("data", [{}, {"application": None}, {"customers": {}}])
def test_rules_without_an_application_miss_its_fallback(data):
    """No application at all is told as the one key that it must have."""
    with pytest.raises(InvalidSettings, match=r"^application\.fallback_sender: it is missing"):
        read_rules(data)


def test_a_fallback_that_is_wrong_is_not_called_missing_too():
    """One mistake gives one line."""
    error = refusal({"fallback_sender": "no-reply", "allowed_domains": ["suite.example"]})

    assert str(error).startswith("application.fallback_sender: 'no-reply' is not a valid address (at char")
    assert len(str(error).splitlines()) == 1


def test_from_dict_takes_at_most_one_customer():
    """A directory gives the rules of one customer; a settings file may hold many."""
    data = {"application": ACME, "customers": {"a": {}, "b": {}}}

    with pytest.raises(InvalidSettings, match=r"^customers: there are 2 customers, and at most 1"):
        Rules.from_dict(data)
    assert tuple(read_rules(data).customers) == ("a", "b")


@pytest.mark.parametrize(
    ("key", "value", "where", "why"),
    [
        ("name", 3, "name", "expected text, not a number"),
        ("name", True, "name", "expected text, not true or false"),
        ("name", b"x", "name", "expected text, not bytes"),
        ("name", object(), "name", "expected text, not object"),
        ("name", " ", "name", "expected text, and it is empty"),
        ("name", "a\nb", "name", "a control character cannot stand here"),
        ("name", "x" * 10_001, "name", "it is longer than 10000 characters"),
        ("fallback_sender", 3, "fallback_sender", "expected a mailbox as text"),
        ("contact", ["a@b.example"], "contact", "expected a mailbox as text"),
        ("allowed_domains", "suite.example", "allowed_domains", "expected a list, not text"),
        ("allowed_domains", {"a": 1}, "allowed_domains", "expected a list, not a table"),
        ("allowed_domains", [3], "allowed_domains[0]", "expected a domain"),
        ("lease", 0, "lease", "expected a number above 0"),
        ("lease", True, "lease", "expected a number, not true or false"),
        ("lease", float("nan"), "lease", "expected a number with an end"),
        ("lease", float("inf"), "lease", "expected a number with an end"),
        ("max_message_size", -1, "max_message_size", "expected a number that is not below 0"),
        ("max_message_size", 1.5, "max_message_size", "expected a whole number, not a number"),
        ("max_message_size", "25MB", "max_message_size", "expected a whole number, not text"),
        ("max_message_size", 2**64, "max_message_size", f"expected a number that is not above {2**63 - 1}"),
        ("retry", [], "retry", "expected a table, not a list"),
        ("retry", {"factor": 0.5}, "retry.factor", "expected a number that is not below 1"),
        ("retry", {"window": 1e14}, "retry.window", "expected a number that is not above 315360000"),
        ("retry", {"unknown": "drop"}, "retry.unknown", 'expected "resend" or "hold", not another word'),
        ("retry", {"unknown": 1}, "retry.unknown", 'expected "resend" or "hold", not a number'),
        ("test_mode", {"enabled": "yes"}, "test_mode.enabled", "expected true or false, not text"),
        ("timezone", "../etc/passwd", "timezone", "expected a time zone"),
        ("timezone", "Europe", "timezone", "expected a time zone"),
        ("timezone", 1, "timezone", "expected a time zone"),
        ("locale", "german", "locale", "expected a language tag"),
        ("locale", 1, "locale", "expected a language tag"),
        ("store", "mailsend.db", "store", "expected a store URL"),
        ("blocked_extensions", [""], "blocked_extensions[0]", "expected the extension of a file name"),
        ("blocked_extensions", [1], "blocked_extensions[0]", "expected the extension of a file name"),
        ("secret_keys", [""], "secret_keys[0]", "expected a secret as text, and not empty"),
        ("secret_keys", [b"\xff"], "secret_keys[0]", "expected a secret as text, and not empty"),
        ("secret_keys", ["a\nb"], "secret_keys[0]", "it holds a line break or a NUL"),
        ("secret_keys_file", "keys", "secret_keys_file", "a path can only stand in a settings file"),
        (
            "interceptors",
            {"before": ["print"]},
            "interceptors.before[0]",
            "expected the dotted path of a function",
        ),
        (
            "branding",
            {"logo": "logo.png"},
            "branding.logo",
            "expected the bytes of a picture, or these in Base64",
        ),
        ("branding", {"logo": "ü"}, "branding.logo", "expected the bytes of a picture, or these in Base64"),
        ("branding", {"logo": 1}, "branding.logo", "expected the bytes of a picture, or these in Base64"),
        ("branding", {"logo": b"<svg>"}, "branding.logo", "this is no PNG, JPEG or GIF picture"),
        (
            "branding",
            {"logo": {"data": b""}},
            "branding.logo",
            "expected the bytes of a picture, or these in Base64",
        ),
        ("branding", {"colors": {"primary": "#0b5ff"}}, "branding.colors.primary", "expected a colour"),
        ("branding", {"colors": {"primary": 3}}, "branding.colors.primary", "expected a colour"),
        (
            "branding",
            {"colors": {"a b": "#fff"}},
            'branding.colors."a b"',
            "the name of a colour is a word in lower case",
        ),
        ("branding", {"colors": 3}, "branding.colors", "expected a table, not a number"),
        ("branding", {"support_email": "help"}, "branding.support_email", "'help' is not a valid address"),
        ("smarthosts", ["smtp://a b"], "smarthosts[0]", "this is not a server URL"),
        (
            "smarthosts",
            [{"url": "memory:", "senders": [3]}],
            "smarthosts[0].senders[0]",
            "expected a sender",
        ),
        ("smarthosts", [{}], "smarthosts[0].url", "a server needs it, and it is missing"),
        (
            "smarthosts",
            [{"url": "smtp://x", "usr": "ann"}],
            "smarthosts[0].usr",
            "unknown key; did you mean user?",
        ),
        (
            "smarthosts",
            [{"url": "smtp://x", "user": "ann"}],
            "smarthosts[0].url",
            "user and password belong together",
        ),
        (
            "smarthosts",
            [{"url": "smtp://a:b@x", "user": "ann", "password": "pw"}],
            "smarthosts[0].url",
            "user or password stands both in the URL and beside it",
        ),
        (
            "smarthosts",
            [{"url": "smtp://x?timeout=3", "timeout": 4}],
            "smarthosts[0].url",
            "timeout stands both in the URL and beside it",
        ),
        ("dkim_keys", [{}], "dkim_keys[0].domain", "a DKIM key needs it, and it is missing"),
        (
            "dkim_keys",
            [{"domain": "a.example", "domains": ["b.example"], "selector": "s", "key": PEM}],
            "dkim_keys[0].domain",
            "domain and domains are both set",
        ),
        ("dkim_keys", [{"domain": "a b"}], "dkim_keys[0].domain", "'a b' is not a domain: "),
        ("dkim_keys", [{"domain": 1}], "dkim_keys[0].domain", "'1' is not a domain: "),
        ("dkim_keys", [{"selector": "a b"}], "dkim_keys[0].selector", "expected a selector"),
        ("dkim_keys", [{"selector": 1}], "dkim_keys[0].selector", "expected a selector"),
        (
            "dkim_keys",
            [{"key": "secrets/k.pem"}],
            "dkim_keys[0].key",
            "expected a private key in PEM (-----BEGIN …)",
        ),
        (
            "dkim_keys",
            [{"key": b"\xff\x00"}],
            "dkim_keys[0].key",
            "expected a private key in PEM (-----BEGIN …)",
        ),
        (
            "dkim_keys",
            [{"key_file": "k.pem"}],
            "dkim_keys[0].key_file",
            "a path can only stand in a settings file",
        ),
        (
            "dkim_keys",
            [{"state": "on"}],
            "dkim_keys[0].state",
            'expected "published" or "active" or "retired", not another word',
        ),
        ("smarthost", "memory:", "smarthost", "smarthost and smarthosts are both set"),
    ],
)
def test_a_wrong_value_is_told_by_key_and_by_what_is_expected(key, value, where, why):
    """The message names scope and key, and says what should stand there."""
    base = {**ACME, "smarthosts": []} if key == "smarthost" else ACME

    error = refusal({**base, key: value})

    assert error.where == f"application.{where}"
    assert error.why.startswith(why)


@pytest.mark.parametrize(
    ("customers", "where", "why"),
    [
        ([], "customers", "expected a table, not a list"),
        ({"": {}}, 'customers.""', "a name is one line of text, and not empty"),
        ({3: {}}, "customers.3", "a name is one line of text, and not empty"),
        ({"x": []}, "customers.x", "expected a table, not a list"),
        (
            {"x": {"server": "memory:", "servers": []}},
            "customers.x.server",
            "server and servers are both set",
        ),
        (
            {"x": {"alias_domains": {"a b": "c.example"}}},
            'customers.x.alias_domains."a b"',
            "'a b' is not a domain",
        ),
        (
            {"x": {"alias_mode": "drop"}},
            "customers.x.alias_mode",
            'expected "rewrite" or "keep", not another word',
        ),
        (
            {"x": {"business_units": {"a b": {"locale": 3}}}},
            'customers.x.business_units."a b".locale',
            "expected a",
        ),
    ],
)
def test_a_wrong_customer_is_told_by_its_name(customers, where, why):
    """What is wrong in a customer or unit is told under that name, quoted where it needs that."""
    error = refusal(customers=customers)

    assert error.where == where
    assert error.why.startswith(why)


def test_no_error_shows_a_secret():
    """A value that may be a secret is never shown, whatever is wrong with it."""
    error = refusal(
        {
            "fallback_sender": "no-reply@suite.example",
            "store": "hunter2 hunter2",
            "secret_keys": ["hunter2\n"],
            "smarthosts": ["hunter2://x", {"url": "smtp://x", "user": "hunter2\0", "password": "hunter2\n"}],
            "dkim_keys": [{"key": "hunter2", "password": ["hunter2"], "selector": "hunter2!"}],
            "lease": "hunter2",
        }
    )

    assert "hunter2" not in f"{error} {error.advice} {error!r}"


def test_the_repr_of_rules_shows_no_secret():
    """Keys, passwords and store URLs are Secret values in the models."""
    rules = Rules.from_dict(
        {
            "application": {
                **ACME,
                "store": "postgresql://hunter2@db/x",
                "secret_keys": ["hunter2hunter2hunter2"],
                "smarthost": "smtp://hunter2:hunter2@relay.example",
                "dkim_keys": [
                    {"domain": "*", "selector": "s", "key": f"{PEM}hunter2", "password": "hunter2"}
                ],
            }
        }
    )

    assert "hunter2" not in repr(rules)


def test_the_version_does_not_depend_on_the_order_of_keys():
    """Equal rules have one version of 16 hexadecimal digits, however they are written."""
    one = Rules.from_dict({"application": {**ACME, "smarthost": "smtp://relay.example"}})
    other = Rules.from_dict(
        {
            "customers": {},
            "application": {"smarthosts": ["smtp://relay.example:587"], **dict(reversed(ACME.items()))},
        }
    )

    assert one == other
    assert (len(one.version), int(one.version, 16) > 0) == (16, True)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"smarthost": "smtp://ann:other@relay.example"},
        {"smarthost": "smtp://ann:pw@relay.example?timeout=3"},
        {"branding": {"logo": PNG + b"!"}},
        {"branding": {"colors": {"primary": "#000"}}},
        {"dkim_keys": [{"domain": "*", "selector": "s", "key": PEM}]},
        {"test_mode": {"enabled": True, "recipient": "test@suite.example"}},
    ],
)
def test_every_change_is_another_version(change):
    """A secret, a picture, an option: whatever changes in the content changes the version."""
    base = {**ACME, "smarthost": "smtp://ann:pw@relay.example", "branding": {"logo": PNG}}

    versions = {Rules.from_dict({"application": one}).version for one in (base, {**base, **change})}

    assert len(versions) == 2
