"""Tokens of Microsoft and Google from a real HTTPS endpoint on loopback, and log-ins with them."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
import trustme
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from mailsend.errors import InvalidSettings, MissingExtra
from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Outcome
from mailsend.model.server import Credentials
from mailsend.model.tokens import TokenNotGiven
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer
from mailsend.transport.smtp import SmtpTransport
from mailsend.transport.tokens import (
    check_source,
    forget_tokens,
    google_service_account,
    microsoft365,
    provider_of,
)

USER = "ann@suite.example"
TENANT = "0f0f0f0f-0000-4000-8000-000000000001"
CLIENT = "0f0f0f0f-0000-4000-8000-000000000002"
SECRET = "Geheim~Schl.ssel_7391"
TOKEN = "eyJ0eXAi.bG9uZyB0b2tlbg.c2ln"
MAIL = b"Subject: x\r\n\r\nhello\r\n"
ENVELOPE = Envelope(
    reverse_path=Address.parse("no-reply@suite.example"), recipients=(Address.parse("bob@example.org"),)
)


class Endpoint(ThreadingHTTPServer):
    """An identity provider: says where its token endpoint is, and answers there what a test wants."""

    daemon_threads = True

    def __init__(self, certificate):
        super().__init__(("127.0.0.1", 0), _Answers)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://localhost:{self.server_port}"
        self.forms = []
        self.gets = []
        self.status = 200
        self.answer = {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
        self.headers = {}
        self.discovery = 200

    def handle_error(self, request, client_address):
        """A client that does not trust us hangs up; that is what some tests are about."""


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.gets.append(self.path)
        self._say(
            self.server.discovery,
            {
                "issuer": self.server.url,
                "authorization_endpoint": f"{self.server.url}/{TENANT}/authorize",
                "token_endpoint": f"{self.server.url}/{TENANT}/oauth2/v2.0/token",
            },
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append({name: one[0] for name, one in parse_qs(body).items()})
        self._say(self.server.status, self.server.answer)

    def _say(self, status, answer):
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def endpoint(authority, monkeypatch, tmp_path):
    """A running identity provider that requests trusts."""
    forget_tokens()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    with Endpoint(authority.issue_cert("localhost")) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims_of(jwt):
    head, body, signature = (base64.urlsafe_b64decode(one + "==") for one in jwt.split("."))
    return json.loads(head), json.loads(body), signature, jwt.rpartition(".")[0].encode()


def microsoft(endpoint, **more):
    return microsoft365(
        **{
            "tenant": TENANT,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "authority": endpoint.url,
            **more,
        }
    )


def google(endpoint, key, **more):
    info = {
        "type": "service_account",
        "client_email": "mailer@project.iam.gserviceaccount.example",
        "private_key": pem_of(key),
        "private_key_id": "k1",
        "token_uri": f"{endpoint.url}/token",
        **more,
    }
    return google_service_account(info=info, subject=USER)


def refused(source):
    with pytest.raises(TokenNotGiven) as told:
        provider_of(source)()
    assert told.value.__suppress_context__ or told.value.__context__ is None
    assert SECRET not in f"{told.value!r}{told.value.advice}"
    return told.value


def test_microsoft_gives_a_token_for_a_secret(endpoint, caplog):
    """Client credentials, the mail scope, and an end that is an hour away; no secret in any log."""
    caplog.set_level(logging.DEBUG)
    token = provider_of(microsoft(endpoint))()
    assert token.value.reveal() == TOKEN
    assert 3500 < token.expires_at.timestamp() - time.time() < 3600
    (form,) = endpoint.forms
    assert (form["grant_type"], form["scope"], form["client_id"], form["client_secret"]) == (
        "client_credentials",
        "https://outlook.office365.com/.default",
        CLIENT,
        SECRET,
    )
    assert endpoint.gets == [f"/{TENANT}/v2.0/.well-known/openid-configuration"]
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


def test_microsoft_is_asked_anew_each_time(endpoint):
    """What is remembered of a token is remembered by ours, so that a refused one can be renewed."""
    source = microsoft(endpoint)
    provider_of(source)()
    endpoint.answer = {**endpoint.answer, "access_token": "another"}
    assert provider_of(source)().value.reveal() == "another"


def test_microsoft_gives_a_token_for_a_certificate(endpoint, authority):
    """The key signs who asks and whom, and never leaves this machine."""
    certificate = authority.issue_cert("app.example", key_type=trustme.KeyType.RSA)
    pem = certificate.private_key_and_cert_chain_pem.bytes().decode()
    assert provider_of(microsoft(endpoint, client_secret=None, certificate=pem))().value.reveal() == TOKEN
    (form,) = endpoint.forms
    head, body, signature, signed = claims_of(form["client_assertion"])
    public = load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_key()
    assert head["alg"] == "PS256"
    public.verify(
        signature,
        signed,
        padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size),
        hashes.SHA256(),
    )
    assert (body["iss"], body["sub"]) == (CLIENT, CLIENT)
    assert "PRIVATE" not in json.dumps(form)


@pytest.mark.parametrize(
    ("error", "text", "why", "lasting", "advice"),
    [
        ("invalid_client", "AADSTS7000215: Invalid client secret " + SECRET, "invalid_client AADSTS7000215", True, "the secret's value"),
        ("invalid_client", "AADSTS7000222: expired", "invalid_client AADSTS7000222", True, "expired"),
        ("unauthorized_client", "AADSTS700016: not found", "unauthorized_client AADSTS700016", True, "client_id"),
        ("invalid_request", "AADSTS90002: Tenant not found", "invalid_request AADSTS90002", True, "tenant"),
        ("temporarily_unavailable", "AADSTS90033: later", "temporarily_unavailable AADSTS90033", False, ""),
        (SECRET, SECRET, "no token", True, ""),
    ],
)  # fmt: skip
def test_what_microsoft_refuses_is_told_by_its_codes(endpoint, error, text, why, lasting, advice):
    """The words come from outside and may repeat anything; the codes are told, with advice of ours."""
    endpoint.status, endpoint.answer = 400, {"error": error, "error_description": text}
    told = refused(microsoft(endpoint))
    assert (told.why, told.lasting) == (f"Microsoft says {why}", lasting)
    assert advice in told.advice


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (500, b"oops", "no answer from Microsoft (MsalServiceError)"),
        (200, b"<html>", "Microsoft's answer makes no sense"),
    ],
)
def test_trouble_at_microsoft_passes(endpoint, status, answer, why):
    """A server error and a page in place of JSON are not the application's fault."""
    endpoint.status, endpoint.answer = status, answer
    told = refused(microsoft(endpoint))
    assert (told.why, told.lasting) == (why, False)


def test_an_unknown_tenant_at_microsoft_lasts(endpoint):
    """Where the authority has no such tenant, waiting does not help."""
    endpoint.discovery = 400
    assert refused(microsoft(endpoint)).lasting


def test_a_redirect_carries_no_secret_elsewhere(endpoint):
    """The token endpoint of the settings is asked and no other, whatever it answers."""
    endpoint.status, endpoint.headers = 307, {"Location": f"{endpoint.url}/elsewhere"}
    endpoint.answer = b""
    assert not refused(microsoft(endpoint)).lasting
    assert len(endpoint.forms) == 1


def test_an_endpoint_that_is_not_trusted_gets_nothing(endpoint, monkeypatch):
    """A certificate of an unknown authority ends it before anything secret is said."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    told = refused(microsoft(endpoint))
    assert (told.why, told.lasting) == ("no answer from Microsoft (SSLError)", False)
    assert endpoint.forms == []


def test_google_gives_a_token_for_a_service_account(endpoint, rsa_key, caplog):
    """A signed claim for the mailbox and the mail scope becomes a token; no secret in any log."""
    caplog.set_level(logging.DEBUG)
    token = provider_of(google(endpoint, rsa_key))()
    assert token.value.reveal() == TOKEN
    assert 3500 < token.expires_at.timestamp() - time.time() < 3600
    (form,) = endpoint.forms
    _, body, signature, signed = claims_of(form["assertion"])
    rsa_key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    assert (body["sub"], body["scope"], body["aud"]) == (
        USER,
        "https://mail.google.com/",
        "https://oauth2.googleapis.com/token",
    )
    assert "PRIVATE KEY" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("error", "why", "advice"),
    [
        ("unauthorized_client", "Google says unauthorized_client", "domain-wide delegation"),
        ("invalid_grant", "Google says invalid_grant", "subject must be a mailbox"),
        ("Geheim!", "Google says no token", ""),
    ],
)
def test_what_google_refuses_is_told_by_its_code(endpoint, rsa_key, error, why, advice):
    """The words come from outside; the code is told, with advice of ours."""
    endpoint.status, endpoint.answer = 401, {"error": error, "error_description": f"no {SECRET}"}
    told = refused(google(endpoint, rsa_key))
    assert (told.why, told.lasting) == (why, True)
    assert advice in told.advice


def test_trouble_at_google_passes(endpoint, rsa_key, monkeypatch):
    """No connection is not the service account's fault."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    told = refused(google(endpoint, rsa_key))
    assert (told.why, told.lasting) == ("no answer from Google", False)
    assert endpoint.forms == []


def test_a_broken_key_lasts(endpoint, rsa_key):
    """A key that cannot be read is told without a line of it."""
    told = refused(
        google(endpoint, rsa_key, private_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    )
    assert told.lasting
    assert "AAAA" not in f"{told!r}{told.advice}"


def submit(server):
    async def run():
        transport = SmtpTransport(server)
        try:
            return await transport.submit(ENVELOPE, MAIL)
        finally:
            await transport.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_a_mail_goes_out_with_a_token_from_the_provider(endpoint, rsa_key, provider):
    """From the settings' value to the accepted mail; two mails ask for one token."""
    source = microsoft(endpoint) if provider == "microsoft" else google(endpoint, rsa_key)
    with ScriptedServer(tls="starttls", tokens={USER: TOKEN}) as server:
        known = replace(server.server, credentials=Credentials(user=USER, token_provider=source), auth=None)
        assert [submit(known).outcome for _ in range(2)] == [Outcome.ACCEPTED] * 2
    assert len(endpoint.forms) == 1


def test_a_token_provider_stands_in_settings(endpoint, tmp_path):
    """The secret is read from a file, and the mail goes out; neither repr nor provenance shows it."""
    (tmp_path / "client-secret").write_text(SECRET + "\n")
    with ScriptedServer(tls="starttls", tokens={USER: TOKEN}) as server:
        (tmp_path / "mailsend.toml").write_text(
            f"""
            [application]
            name = "Suite"
            fallback_sender = "no-reply@suite.example"
            allowed_domains = ["suite.example"]
            [[application.smarthosts]]
            url = "smtp://{server.host}:{server.port}?ca_file={server.ca_file}"
            user = "{USER}"
            token = {{ provider = "microsoft365", tenant = "{TENANT}", client_id = "{CLIENT}", client_secret_file = "client-secret", authority = "{endpoint.url}" }}
            """
        )
        settings = Settings.load(tmp_path / "mailsend.toml")
        (smarthost,) = settings.rules.application.smarthosts
        assert submit(smarthost).outcome is Outcome.ACCEPTED
    assert SECRET not in f"{settings!r}{settings.rules!r}{settings.provenance()!r}"
    assert endpoint.forms[0]["client_secret"] == SECRET


def test_without_the_extra_the_install_line_is_told(endpoint, rsa_key, monkeypatch):
    """At once where code names the provider, and with the attempt where settings did."""
    ours, theirs = microsoft(endpoint), google(endpoint, rsa_key)
    for name in ("msal", "google.auth"):
        monkeypatch.setitem(sys.modules, name, None)
    with ScriptedServer(tls="starttls", tokens={USER: TOKEN}) as server:
        for source, make in ((ours, microsoft), (theirs, lambda one: google(one, rsa_key))):
            with pytest.raises(MissingExtra, match="'oauth'"):
                make(endpoint)
            with pytest.raises(MissingExtra, match="'oauth'"):
                check_source(source, where="token")
            known = replace(
                server.server, credentials=Credentials(user=USER, token_provider=source), auth=None
            )
            attempt = submit(known)
            assert attempt.reason == "token_denied"
            assert "pip install '.[oauth]'" in attempt.advice


def test_what_code_names_is_checked_as_settings_are(endpoint):
    """Both or neither secret, and both or neither key, are refused by name."""
    with pytest.raises(InvalidSettings, match="either client_secret or certificate"):
        microsoft(endpoint, client_secret=None)
    with pytest.raises(InvalidSettings, match="either key_file or info"):
        google_service_account(subject=USER)
    with pytest.raises(InvalidSettings, match="no key of a service account"):
        google_service_account(info={"type": "service_account"}, subject=USER)


def test_a_key_file_is_read(endpoint, rsa_key, tmp_path):
    """The file as Google makes it gives the same source as its content."""
    from_info = google(endpoint, rsa_key)
    (tmp_path / "key.json").write_text(from_info.key.reveal())
    assert google_service_account(key_file=tmp_path / "key.json", subject=USER) == from_info
