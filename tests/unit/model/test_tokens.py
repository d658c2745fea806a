"""Access tokens as values, and where settings say that they come from."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.reading import Loose, Place
from mailsend.model.rules_reader import read_rules
from mailsend.model.rules_servers import smarthost
from mailsend.model.rules_tokens import token_source
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Credentials, Server
from mailsend.model.server_url import read_server_url
from mailsend.model.tokens import (
    AccessToken,
    GoogleServiceAccount,
    Microsoft365,
    NamedProvider,
    TokenNotGiven,
    identity_of,
)

CANARY = "Geheim-7391"
KEY = json.dumps(
    {
        "type": "service_account",
        "client_email": "mailer@project.example",
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n",
        "token_uri": "https://oauth2.googleapis.com/token",
    },
    indent=2,
)
CERTIFICATE = (
    f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
)
MICROSOFT = {
    "provider": "microsoft365",
    "tenant": "suite.example",
    "client_id": "c-1",
    "client_secret": CANARY,
}
GOOGLE = {"provider": "google", "key": KEY, "subject": "Ann <ann@suite.example>"}


def provider():
    """Give a token."""
    return AccessToken(value=Secret("x"))


def read(given):
    """Read a table at ``token``; give the value and what is wrong, by where and why."""
    place = Place("token")
    return token_source(given, place), [(one.where, one.why) for one in place.problems]


def test_a_token_hides_itself_and_needs_a_zone():
    """It is a Secret even where text was given, and its end a time with its zone."""
    token = AccessToken(value=CANARY, expires_at=datetime(2026, 11, 20, tzinfo=timezone(timedelta(hours=1))))
    assert token == AccessToken(value=Secret(CANARY), expires_at=datetime(2026, 11, 19, 23, tzinfo=UTC))
    assert CANARY not in f"{token!r}"
    with pytest.raises(ValueError, match="expires_at needs its time zone"):
        AccessToken(value=Secret(CANARY), expires_at=datetime(2026, 11, 20))


@pytest.mark.parametrize("text", ["", f"{CANARY} x", f"{CANARY}\r\nQUIT", f"{CANARY}\x01", f"{CANARY}\xe9"])
def test_what_is_no_token_is_refused_and_not_shown(text):
    """Nothing that could end a field or a line is taken for a token (RFC 6750, section 2.1)."""
    with pytest.raises(ValueError, match="printable ASCII") as refused:
        AccessToken(value=Secret(text))
    assert CANARY not in f"{refused.value!r}"


def test_a_token_that_was_not_given_says_why():
    """Its fields are what was said, and it passes where nothing else was said."""
    plain, full = TokenNotGiven("asleep"), TokenNotGiven("gone", lasting=True, advice="Ask Ann.")
    assert (plain.why, plain.lasting, plain.advice, str(plain)) == ("asleep", False, "", "asleep")
    assert (full.why, full.lasting, full.advice) == ("gone", True, "Ask Ann.")


def test_an_account_has_a_password_or_a_provider():
    """Both is a mistake, and so is a provider that cannot be called or compared."""
    account = Credentials(user="ann", token_provider=provider)
    assert account == Credentials(user="ann", token_provider=provider)
    assert account != Credentials(user="ann", token_provider=NamedProvider(call="a:b"))
    assert hash(account) == hash(Credentials(user="ann", token_provider=provider))
    with pytest.raises(ValueError, match="not both"):
        Credentials(user="ann", password=Secret("x"), token_provider=provider)
    with pytest.raises(TypeError, match="a function that gives an AccessToken"):
        Credentials(user="ann", token_provider="token")
    with pytest.raises(TypeError, match="unhashable"):
        Credentials(user="ann", token_provider=Unhashable())


class Unhashable:
    __hash__ = None

    def __call__(self):
        """Give a token."""
        return provider()


class Provider:
    def __call__(self):
        """Give a token."""
        return provider()


SOURCES = [
    Microsoft365(tenant="t", client_id="c", client_secret=Secret("s")),
    Microsoft365(tenant="t", client_id="c", client_secret=Secret("other")),
    Microsoft365(tenant="t", client_id="c", certificate=Secret("pem")),
    Microsoft365(tenant="t", client_id="other", client_secret=Secret("s")),
    Microsoft365(tenant="other", client_id="c", client_secret=Secret("s")),
    Microsoft365(tenant="t", client_id="c", client_secret=Secret("s"), authority="https://other.example"),
    Microsoft365(tenant="t", client_id="c", client_secret=Secret("s"), scope="other"),
    Microsoft365(tenant="t", client_id="c"),
    GoogleServiceAccount(key=Secret("k"), subject="a@b.example"),
    GoogleServiceAccount(key=Secret("other"), subject="a@b.example"),
    GoogleServiceAccount(key=Secret("k"), subject="other@b.example"),
    GoogleServiceAccount(key=Secret("k"), subject="a@b.example", scope="other"),
    NamedProvider(call="shop.mail:token"),
    NamedProvider(call="shop.mail:other"),
    provider,
    Provider(),
    None,
]


def test_another_provider_is_another_server():
    """The fingerprint, and with it the log-in gate and the release, belong to the provider too."""
    server = Server(host="relay.example", port=587)
    prints = {
        replace(server, credentials=Credentials(user="ann", token_provider=one)).fingerprint
        for one in SOURCES
    }
    assert len(prints) == len(SOURCES)
    again = Microsoft365(tenant="t", client_id="c", client_secret=Secret("s"))
    assert replace(server, credentials=Credentials(user="ann", token_provider=again)).fingerprint in prints
    assert identity_of(provider) == (f"{__name__}:provider", "")
    assert identity_of(Provider()) == (f"{__name__}:Provider", "")


def test_rules_with_a_function_as_provider_have_a_version():
    """Another function is another version, and the same is the same."""
    known = {"fallback_sender": "a@suite.example", "allowed_domains": ["suite.example"], "name": "Suite"}

    def version(one):
        server = Server(
            host="relay.example", port=587, credentials=Credentials(user="ann", token_provider=one)
        )
        return read_rules({"application": {**known, "smarthosts": [server]}}).version

    assert version(provider) == version(provider)
    assert version(provider) != version(Provider())


def test_each_provider_is_read_from_its_table():
    """Every key reaches its field; what is usual need not be said."""
    assert read(MICROSOFT) == (
        Microsoft365(tenant="suite.example", client_id="c-1", client_secret=Secret(CANARY)), [],
    )  # fmt: skip
    cloud = {"authority": "https://login.cloud.example/", "scope": "https://mail.cloud.example/.default"}
    with_certificate = {**MICROSOFT, **cloud, "client_secret": None, "certificate": CERTIFICATE}
    assert read(with_certificate)[0] == Microsoft365(
        tenant="suite.example",
        client_id="c-1",
        certificate=Secret(CERTIFICATE),
        authority="https://login.cloud.example",
        scope="https://mail.cloud.example/.default",
    )
    source, problems = read({**GOOGLE, "scope": "s"})
    assert problems == []
    assert (source.subject, source.scope) == ("ann@suite.example", "s")
    assert json.loads(source.key.reveal()) == json.loads(KEY)
    assert read({"call": "shop.mail:token"}) == (NamedProvider(call="shop.mail:token"), [])
    assert read(source) == (source, [])
    assert read(Loose(json.dumps({"call": "shop.mail:token"})))[0] == NamedProvider(call="shop.mail:token")
    assert token_source.inner("client_secret") is not None
    assert token_source.inner("nothing") is None


@pytest.mark.parametrize(
    ("given", "where", "why"),
    [
        ({}, "token", "expected either provider or call"),
        ({"provider": "google", "call": "a:b"}, "token", "expected either provider or call"),
        ({"provider": "yahoo"}, "token.provider", 'expected "microsoft365" or "google", not another word'),
        (CANARY, "token", "expected a table, not text"),
        ({"call": "a:b", "scope": "x"}, "token.scope", "it does not belong to this provider"),
        ({**GOOGLE, "tenant": "t"}, "token.tenant", "it does not belong to this provider"),
        ({**GOOGLE, "key": None}, "token.key", "Google needs it, and it is missing"),
        ({**GOOGLE, "key": f"[{CANARY}"}, "token.key", "this is no key of a service account"),
        ({**GOOGLE, "key": f'["{CANARY}"]'}, "token.key", "this is no key of a service account"),
        ({**GOOGLE, "key": "[" * 100_000}, "token.key", "this is no key of a service account"),
        ({**GOOGLE, "key": '{"client_email": 1}'}, "token.key", "this is no key of a service account"),
        ({**GOOGLE, "key": KEY.replace("https://", "http://")}, "token.key", "its token_uri does not begin with https://"),
        ({**GOOGLE, "key": 5}, "token.key", "expected a secret as text, and not empty"),
        ({**GOOGLE, "key_file": "k"}, "token.key_file", "a path can only stand in a settings file"),
        ({**GOOGLE, "subject": "nobody"}, "token.subject", "'nobody' is not a valid address"),
        ({**MICROSOFT, "key": KEY}, "token.key", "it does not belong to this provider"),
        ({**MICROSOFT, "tenant": None}, "token.tenant", "Microsoft 365 needs it, and it is missing"),
        ({**MICROSOFT, "client_id": None}, "token.client_id", "Microsoft 365 needs it, and it is missing"),
        ({**MICROSOFT, "tenant": "a/b"}, "token.tenant", "expected an id or a domain"),
        ({**MICROSOFT, "tenant": 5}, "token.tenant", "expected an id or a domain"),
        ({**MICROSOFT, "client_secret": None}, "token", "expected either client_secret or certificate"),
        ({**MICROSOFT, "certificate": CERTIFICATE}, "token", "expected either client_secret or certificate"),
        ({**MICROSOFT, "certificate": CERTIFICATE.partition("-----BEGIN CERT")[0]}, "token.certificate", "it needs both a private key and its certificate"),
        ({**MICROSOFT, "certificate": CERTIFICATE.partition("Y-----\n-")[2]}, "token.certificate", "expected a private key in PEM (-----BEGIN …)"),
        ({**MICROSOFT, "certificate": CERTIFICATE[CERTIFICATE.index("-----BEGIN CERT"):]}, "token.certificate", "it needs both a private key and its certificate"),
        ({**MICROSOFT, "certificate": CANARY}, "token.certificate", "expected a private key in PEM (-----BEGIN …)"),
        ({**MICROSOFT, "authority": "http://login.example"}, "token.authority", "expected an address that begins with https://"),
        ({**MICROSOFT, "authority": "https://"}, "token.authority", "expected an address that begins with https://"),
        ({**MICROSOFT, "authority": "https://[1"}, "token.authority", "expected an address that begins with https://"),
        ({**MICROSOFT, "authority": f"https://ann:{CANARY}@x.example"}, "token.authority", "expected an address that begins with https://"),
        ({**MICROSOFT, "authority": "https://x.example/\x00"}, "token.authority", "expected an address that begins with https://"),
        ({**MICROSOFT, "authority": 5}, "token.authority", "expected an address that begins with https://"),
    ],
)  # fmt: skip
def test_what_is_wrong_about_a_provider_is_told_by_its_key(given, where, why):
    """The key is named, and nothing of a secret."""
    source, problems = read(given)
    assert source is None
    assert any(at == where and told.startswith(why) for at, told in problems)
    assert CANARY not in f"{problems}"


URL = "smtp://smtp.office365.com"


def served(**more):
    place = Place("server")
    return smarthost({"url": URL, **more}, place), [one.why for one in place.problems]


def test_a_server_takes_its_tokens_from_its_table():
    """User and token make the account; a service account acts for that user where nothing else is said."""
    server, problems = served(user="ann@suite.example", token=MICROSOFT, auth="xoauth2")
    assert problems == []
    assert server.auth is AuthMethod.XOAUTH2
    assert server.credentials == Credentials(user="ann@suite.example", token_provider=read(MICROSOFT)[0])
    for subject, acts_for in ((None, "ann@suite.example"), ("bob@suite.example", "bob@suite.example")):
        server, _ = served(user="ann@suite.example", token={**GOOGLE, "subject": subject})
        assert server.credentials.token_provider.subject == acts_for
    in_url, _ = served(url="smtp://ann%40suite.example@smtp.office365.com", token={"call": "a:b"})
    assert in_url.credentials == Credentials(
        user="ann@suite.example", token_provider=NamedProvider(call="a:b")
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"token": MICROSOFT}, "token is given, but no user"),
        ({"token": MICROSOFT, "user": "ann", "password": CANARY}, "password and token are both given"),
        ({"token": MICROSOFT, "user": "ann", "auth": "plain"}, "auth=plain takes a password, and token gives access tokens"),
        ({"token": MICROSOFT, "url": "smtp://a%01b@x.example"}, "a control character stands in user"),
        ({"auth": "xoauth2", "url": "smtp://a%01b:pw@x.example"}, "a control character stands in user"),
        ({"token": MICROSOFT, "url": "memory:"}, "token means nothing for memory:"),
        ({"token": MICROSOFT, "user": "ann", "mail_from": "login"}, "mail_from=login needs a user that is an address"),
    ],
)  # fmt: skip
def test_an_account_that_does_not_fit_its_token_is_refused(more, why):
    """A user is needed, a password is not, and the method has to be one for tokens."""
    server, problems = served(**more)
    assert (server, problems) == (None, [why])


@pytest.mark.parametrize(
    ("token", "why"),
    [({}, "expected either"), ({"provider": "x"}, 'expected "micro'), ({"call": "x"}, "expected the dotted")],
)
def test_a_wrong_token_is_told_alone(token, why):
    """Nobody is told as well that a password is missing."""
    server, problems = served(user="ann", token=token)
    assert server is None
    assert [one[: len(why)] for one in problems] == [why]


def test_a_control_character_in_a_users_name_is_the_passwords_own_matter():
    """PLAIN carries it; only the fields of XOAUTH2 and OAUTHBEARER end there."""
    assert read_server_url("smtp://a%01b:pw@x.example").credentials.user == "a\x01b"
    with pytest.raises(InvalidSettings, match="unknown option"):
        read_server_url("smtp://ann@x.example?token=x")
