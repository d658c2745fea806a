"""Token sources for the two large providers, as code names them; settings have a table for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from mailsend.errors import InvalidSettings
from mailsend.model.reading import Place
from mailsend.model.rules_tokens import token_source
from mailsend.model.secret import Secret
from mailsend.model.tokens import GoogleServiceAccount, Microsoft365
from mailsend.transport.tokens.sources import check_source

__all__ = ["google_service_account", "microsoft365"]

T = TypeVar("T", Microsoft365, GoogleServiceAccount)


def microsoft365(
    *,
    tenant: str,
    client_id: str,
    client_secret: str | Secret | None = None,
    certificate: str | Secret | None = None,
    authority: str | None = None,
    scope: str | None = None,
) -> Microsoft365:
    """Give the source of tokens for an application of Microsoft Entra ID (client credentials flow).

    ``tenant`` is the directory's id or domain, ``certificate`` PEM with a private key and its
    certificate in place of ``client_secret``. Use it as ``Credentials(token_provider=…)``. Raises
    InvalidSettings, and MissingExtra where the extra ``oauth`` is not installed.
    """
    return _read(
        Microsoft365,
        {
            "provider": "microsoft365",
            "tenant": tenant,
            "client_id": client_id,
            "client_secret": client_secret,
            "certificate": certificate,
            "authority": authority,
            "scope": scope,
        },
    )


def google_service_account(
    *,
    key_file: str | Path | None = None,
    info: Mapping[str, Any] | None = None,
    subject: str,
    scope: str | None = None,
) -> GoogleServiceAccount:
    """Give the source of tokens for a service account of Google with domain-wide delegation.

    ``key_file`` is the JSON file of its key, ``info`` the same as a mapping; ``subject`` the mailbox
    that it acts for. Use it as ``Credentials(token_provider=…)``. Raises InvalidSettings, OSError for
    the file, and MissingExtra where the extra ``oauth`` is not installed.
    """
    if (key_file is None) == (info is None):
        raise InvalidSettings("token", "expected either key_file or info", advice="Give one of them.")
    key = Path(key_file).read_text(encoding="utf-8") if key_file is not None else json.dumps(dict(info or {}))
    return _read(
        GoogleServiceAccount,
        {"provider": "google", "key": key, "subject": subject, "scope": scope},
    )


def _read(kind: type[T], given: Mapping[str, Any]) -> T:
    place = Place("token")
    source = token_source(given, place)
    if not isinstance(source, kind):
        place.fail()
    check_source(source, where="token")
    return source
