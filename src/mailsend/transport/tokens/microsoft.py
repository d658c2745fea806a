"""Tokens of Microsoft Entra ID by client credentials; the sole door of msal.

Sources: "Authenticate an IMAP, POP or SMTP connection using OAuth" and
"Microsoft Entra authentication and authorization error codes" (learn.microsoft.com).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from json import JSONDecodeError
from types import MappingProxyType
from typing import Any, Final

import msal
import msal.exceptions

from mailsend.model.secret import Secret
from mailsend.model.tokens import AccessToken, Microsoft365, TokenNotGiven
from mailsend.transport.clock import utc_now
from mailsend.transport.tokens.web import Session

__all__ = ["ask"]

_CODE: Final = re.compile(r"AADSTS(\d{3,8})\b")
_ERROR: Final = re.compile(r"[a-z_]{1,64}\Z")
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})
_ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "700016": "The tenant knows no application with this client_id: check client_id and tenant.",
        "700027": "The certificate is not the one of the application: upload it there again.",
        "7000215": "client_secret is wrong: give the secret's value, not its id.",
        "7000222": "client_secret has expired: make a new one for the application.",
        "7000229": "The tenant has no service principal for the application: an administrator must consent.",
        "90002": "There is no such tenant: give the directory's id or its domain.",
    }
)


def ask(source: Microsoft365) -> AccessToken:
    """Ask for a token, over the network; raises TokenNotGiven without anything that could be secret."""
    try:
        given = _asked(source)
    except JSONDecodeError:
        raise TokenNotGiven("Microsoft's answer makes no sense") from None
    except (OSError, msal.exceptions.MsalError) as problem:  # what requests raises, and a server error
        raise TokenNotGiven(f"no answer from Microsoft ({type(problem).__name__})") from None
    except (ValueError, KeyError):
        raise TokenNotGiven(
            "Microsoft knows no such tenant, or secret or certificate cannot be used",
            lasting=True,
            advice="Check tenant and authority, and that the certificate's PEM holds key and certificate.",
        ) from None
    token, seconds = given.get("access_token"), given.get("expires_in")
    if not isinstance(token, str):
        raise _refusal(given)
    life = timedelta(seconds=seconds) if isinstance(seconds, int) else None
    return AccessToken(value=Secret(token), expires_at=None if life is None else utc_now() + life)


def _asked(source: Microsoft365) -> dict[str, Any]:
    """Ask with nothing remembered: what is kept of a token is kept by ours."""
    with Session() as session:
        application = msal.ConfidentialClientApplication(
            source.client_id,
            client_credential=_credential(source),
            authority=f"{source.authority}/{source.tenant}",
            http_client=session,
            instance_discovery=False,  # it would ask another host about an authority of the settings
        )
        given: dict[str, Any] = application.acquire_token_for_client(scopes=[source.scope])
    return given


def _credential(source: Microsoft365) -> str | dict[str, str]:
    if source.client_secret is not None:
        return source.client_secret.reveal()
    pem = source.certificate.reveal() if source.certificate is not None else ""
    return {"private_key": pem, "public_certificate": pem}


def _refusal(given: Mapping[str, Any]) -> TokenNotGiven:
    """Tell a refusal by its codes alone: its text comes from outside and might repeat a secret."""
    error, text = str(given.get("error", "")), str(given.get("error_description", ""))
    code = _CODE.search(text)
    said = " ".join(
        one for one in (error if _ERROR.match(error) else "no token", code[0] if code else "") if one
    )
    return TokenNotGiven(
        f"Microsoft says {said}",
        lasting=error not in _PASSING,
        advice=_ADVICE.get(code[1], "") if code else "",
    )
