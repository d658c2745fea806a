"""Certificates made on the spot, good ones and bad ones, for servers on loopback."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mailsend.errors import MissingExtra

__all__ = ["Certificate", "TlsFiles", "make_tls"]


class Certificate(StrEnum):
    """What is wrong with the server's certificate, if anything."""

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    SELF_SIGNED = "self-signed"
    UNKNOWN_AUTHORITY = "unknown-authority"


class TlsFiles:
    """A server's TLS context, and the PEM text of the authority that its clients should trust."""

    def __init__(self, context: ssl.SSLContext, authority: str) -> None:
        self.context = context
        self.authority = authority


def make_tls(kind: Certificate) -> TlsFiles:
    """Make an authority and a certificate for localhost and 127.0.0.1; raises MissingExtra."""
    try:
        import trustme
    except ImportError:
        raise MissingExtra("test", needed_for="TLS in the scripted SMTP server") from None
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _issue(trustme, authority, kind).configure_cert(context)
    return TlsFiles(context, authority.cert_pem.bytes().decode("ascii"))


def _issue(trustme: Any, authority: Any, kind: Certificate) -> Any:
    match kind:
        case Certificate.EXPIRED:
            return authority.issue_cert(
                "localhost",
                "127.0.0.1",
                not_before=datetime(2020, 1, 1, tzinfo=UTC),
                not_after=datetime(2020, 2, 1, tzinfo=UTC),
            )
        case Certificate.NOT_YET_VALID:
            return authority.issue_cert(
                "localhost",
                "127.0.0.1",
                not_before=datetime(2090, 1, 1, tzinfo=UTC),
                not_after=datetime(2090, 2, 1, tzinfo=UTC),
            )
        case Certificate.WRONG_NAME:
            return authority.issue_cert("elsewhere.example")
        case Certificate.SELF_SIGNED:
            return _SelfSigned(trustme.CA())
        case Certificate.UNKNOWN_AUTHORITY:
            return trustme.CA().issue_cert("localhost", "127.0.0.1")
        case _:
            return authority.issue_cert("localhost", "127.0.0.1")


class _SelfSigned:
    """An authority's own certificate, presented as a server's."""

    def __init__(self, authority: Any) -> None:
        self._authority = authority

    def configure_cert(self, context: ssl.SSLContext) -> None:
        pem = self._authority.private_key_pem.bytes() + self._authority.cert_pem.bytes()
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "self-signed.pem"
            file.write_bytes(pem)
            context.load_cert_chain(file)
