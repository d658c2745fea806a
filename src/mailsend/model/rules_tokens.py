"""Where access tokens come from, as settings say it: ``token = { provider = "microsoft365", … }``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from mailsend.model.reading import Place, choice, text
from mailsend.model.reading_tables import Table
from mailsend.model.rules_values import address, dotted_path, not_here, pem
from mailsend.model.secret import Secret
from mailsend.model.server_options import secret
from mailsend.model.tokens import GoogleServiceAccount, Microsoft365, NamedProvider, TokenSource

__all__ = ["certificate", "service_account_key", "token_source"]

_MICROSOFT, _GOOGLE = "microsoft365", "google"
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,255}\Z")
# What belongs to each provider.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        _MICROSOFT: ("tenant", "client_id", "client_secret", "certificate", "authority", "scope"),
        _GOOGLE: ("key", "subject", "scope"),
    }
)
_ADVICE: Final = 'Write provider = "microsoft365" or "google", or call = "package.module:function".'


def _id(value: Any, place: Place) -> str | None:
    """Read a tenant or the id of an application."""
    if isinstance(value, str) and _ID.match(value):
        return str(value)
    place.refuse("expected an id or a domain", "Copy it from the application's page at Microsoft Entra.")
    return None


def _https(value: Any, place: Place) -> str | None:
    if isinstance(value, str) and _is_https(value):
        return value.rstrip("/")
    place.refuse("expected an address that begins with https://", "Leave it out for the usual one.")
    return None


def certificate(value: Any, place: Place) -> Secret | None:
    """Read PEM with a private key and its certificate."""
    read = pem(value, place)
    if read is None:
        return None
    if "-----BEGIN CERTIFICATE-----" in read.reveal() and "PRIVATE KEY-----" in read.reveal():
        return read
    place.refuse(
        "it needs both a private key and its certificate",
        "Put both into one PEM file, as in: cat app.key app.crt > app.pem",
    )
    return None


def service_account_key(value: Any, place: Place) -> Secret | None:
    """Read the key file of a Google service account: JSON, of which nothing is ever told."""
    read = secret(value.replace("\r", "").replace("\n", " ") if isinstance(value, str) else value, place)
    if read is None:
        return None
    try:
        held = json.loads(read.reveal())
    except (ValueError, RecursionError):
        held = None
    wanted = ("client_email", "private_key", "token_uri")
    if not isinstance(held, dict) or not all(isinstance(held.get(name), str) for name in wanted):
        place.refuse(
            "this is no key of a service account",
            "Give the JSON that Google makes for the service account, whole; or key_file in a settings file.",
        )
        return None
    if not _is_https(held["token_uri"]):
        place.refuse("its token_uri does not begin with https://", "Make a new key at Google.")
        return None
    return read


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.username and text.isprintable()


def _subject(value: Any, place: Place) -> str | None:
    read = address(value, place)
    return None if read is None else str(read)


def _source(given: dict[str, Any], place: Place) -> TokenSource | None:
    provider, call = given.pop("provider", None), given.pop("call", None)
    if {place.key("provider").path, place.key("call").path} & {one.where for one in place.problems}:
        return None
    if (provider is None) == (call is None):
        place.refuse("expected either provider or call", _ADVICE)
        return None
    if call is not None:
        return None if _misplaced(given, (), place) else NamedProvider(call=call)
    if _misplaced(given, _KEYS[provider], place):
        return None
    return _microsoft(given, place) if provider == _MICROSOFT else _google(given, place)


def _misplaced(given: Mapping[str, Any], known: tuple[str, ...], place: Place) -> bool:
    wrong = [name for name in given if name not in known]
    for name in wrong:
        place.key(name).refuse("it does not belong to this provider", "Leave it out.")
    return bool(wrong)


def _microsoft(given: dict[str, Any], place: Place) -> Microsoft365 | None:
    missing = [name for name in ("tenant", "client_id") if name not in given]
    for name in missing:
        place.key(name).refuse("Microsoft 365 needs it, and it is missing", f'Write {name} = "…".')
    if ("client_secret" in given) == ("certificate" in given):
        place.refuse(
            "expected either client_secret or certificate",
            "Name the file that holds it: client_secret_file, or certificate_file.",
        )
        return None
    return None if missing else Microsoft365(**given)


def _google(given: dict[str, Any], place: Place) -> GoogleServiceAccount | None:
    if "key" not in given:
        place.key("key").refuse("Google needs it, and it is missing", 'Write key_file = "…".')
        return None
    return GoogleServiceAccount(**given)


_table: Final = Table(
    {
        "provider": choice(_MICROSOFT, _GOOGLE),
        "call": dotted_path,
        "tenant": _id,
        "client_id": _id,
        "client_secret": secret,
        "client_secret_file": not_here("client_secret"),
        "certificate": certificate,
        "certificate_file": not_here("certificate"),
        "key": service_account_key,
        "key_file": not_here("key"),
        "subject": _subject,
        "authority": _https,
        "scope": text(),
    },
    _source,
)


class _TokenSource:
    """Reads a table that says where access tokens come from, or the value that a function gave."""

    def __call__(self, value: Any, place: Place) -> TokenSource | None:
        """Read where tokens come from."""
        if isinstance(value, TokenSource):
            return value
        before = len(place.problems)
        read: TokenSource | None = _table(value, place)
        return read if len(place.problems) == before else None

    def inner(self, name: str) -> Any:
        """Give what reads the key ``name`` of the table."""
        return _table.inner(name)


token_source: Final = _TokenSource()
