"""Tokens of a Google service account with domain-wide delegation; the sole door of google-auth.

Sources: "OAuth 2.0 for service accounts" (developers.google.com), RFC 7523.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Final

from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from mailsend.model.secret import Secret
from mailsend.model.tokens import AccessToken, GoogleServiceAccount, TokenNotGiven
from mailsend.transport.tokens.web import Session

__all__ = ["ask"]

_ERROR: Final = re.compile(r"([a-z_]{1,64})(?::|\Z)")
_ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unauthorized_client": "The Workspace's administrator must delegate the scope to the service account's"
        " client id (domain-wide delegation).",
        "invalid_grant": "subject must be a mailbox of the Workspace, the key not deleted, and this machine's"
        " clock right.",
        "invalid_scope": "The scope is unknown: leave it out for https://mail.google.com/.",
    }
)


def ask(source: GoogleServiceAccount) -> AccessToken:
    """Ask for a token, over the network; raises TokenNotGiven without anything that could be secret."""
    try:
        credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # google-auth's
            json.loads(source.key.reveal()), scopes=[source.scope], subject=source.subject
        )
        with Session() as session:
            credentials.refresh(Request(session))
    except TransportError:
        raise TokenNotGiven("no answer from Google") from None
    except GoogleAuthError as refused:
        raise _refusal(refused) from None
    except (ValueError, KeyError):
        raise TokenNotGiven(
            "the key of the service account cannot be used",
            lasting=True,
            advice="Give the JSON that Google makes for the service account, whole.",
        ) from None
    if not credentials.token:
        raise TokenNotGiven("Google's answer makes no sense")
    expires = credentials.expiry
    return AccessToken(
        value=Secret(credentials.token), expires_at=None if expires is None else expires.replace(tzinfo=UTC)
    )


def _refusal(refused: GoogleAuthError) -> TokenNotGiven:
    """Tell a refusal by its code alone: its text comes from outside and might repeat a secret."""
    found = _ERROR.match(str(refused.args[0])) if refused.args else None
    code = found[1] if found else "no token"
    return TokenNotGiven(f"Google says {code}", lasting=not refused.retryable, advice=_ADVICE.get(code, ""))
