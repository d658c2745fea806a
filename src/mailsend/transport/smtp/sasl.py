"""What is said in a log-in, method by method, without a connection (RFC 4616, 2195, 7628; XOAUTH2).

Sources: "OAuth 2.0 Mechanism" (developers.google.com/workspace/gmail/imap) and
"Authenticate an IMAP, POP or SMTP connection using OAuth" (learn.microsoft.com).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, quote_plus

from mailsend.model.server import AuthMethod, Server

__all__ = ["BEARER", "READ_ERROR", "cram_md5", "encoded", "error_told", "first_answer", "shapes"]

BEARER: Final = (AuthMethod.OAUTHBEARER, AuthMethod.XOAUTH2)

# How the error that stands in a 334 is answered, so that the reply itself comes (RFC 7628, 3.2.3).
READ_ERROR: Final[Mapping[AuthMethod, str]] = MappingProxyType(
    {AuthMethod.XOAUTH2: "", AuthMethod.OAUTHBEARER: "AQ=="}
)

_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_TOLD: Final = ("status", "scope", "schemes")
_LONGEST_TOLD: Final = 200
_LONG_ENOUGH: Final = 8  # octets of base64 that nobody says by chance


def first_answer(method: AuthMethod, server: Server, user: str, secret: str) -> str | None:
    """Give what the client says first, in base64; ``None`` where the server has to ask before."""
    match method:
        case AuthMethod.PLAIN:
            return encoded(f"\0{user}\0{secret}")
        case AuthMethod.XOAUTH2:
            return encoded(f"user={user}\x01auth=Bearer {secret}\x01\x01")
        case AuthMethod.OAUTHBEARER:
            name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801, section 4
            return encoded(
                f"n,a={name},\x01host={server.host}\x01port={server.port}\x01auth=Bearer {secret}\x01\x01"
            )
        case _:
            return None


def cram_md5(user: str, password: str, challenge: str) -> str:
    """Answer a challenge (RFC 2195); one that cannot be read is cancelled (RFC 4954, section 4)."""
    try:
        asked = base64.b64decode(challenge, validate=True)
    except (binascii.Error, ValueError):
        return "*"
    return encoded(f"{user} {hmac.new(_octets(password), asked, 'md5').hexdigest()}")


def error_told(challenge: str, hidden: list[str]) -> str:
    """Give in words the error that a server put into its 334, without what is ``hidden``; else nothing."""
    try:
        held = json.loads(base64.b64decode(challenge, validate=True))
    except (ValueError, RecursionError):
        return ""
    if not isinstance(held, dict):
        return ""
    told = ", ".join(f"{name} {held[name]}" for name in _TOLD if isinstance(held.get(name), str))
    for one in sorted(hidden, key=len, reverse=True):
        told = told.replace(one, "***")
    return told[:_LONGEST_TOLD] if told.isprintable() else ""


def shapes(user: str, secret: str, said: str | None = None) -> list[str]:
    """Give what a secret may look like in a server's answer; ``said`` is what we said with it in it."""
    whole = [encoded(one) for one in (secret, f"\0{secret}", f"\0{user}\0{secret}")]
    percent = quote(_octets(secret), safe="")
    lower = _ESCAPE.sub(lambda found: found[0].lower(), percent)
    plus = quote_plus(_octets(secret))
    found = [secret, percent, lower, plus, *whole, *(one.rstrip("=") for one in whole), *_inside(secret)]
    return [one for one in (*found, said) if one]


def _inside(secret: str) -> list[str]:
    """Give the secret as it stands amid other octets in base64, without the signs that it shares with them."""
    octets = _octets(secret)
    middles = []
    for before in range(3):
        after = -(before + len(octets)) % 3
        whole = base64.b64encode(bytes(before) + octets + bytes(after)).decode("ascii")
        middle = whole[-(-before * 4 // 3) : len(whole) - -(-after * 4 // 3)]
        middles.append(middle if len(middle) >= _LONG_ENOUGH else "")
    return middles


def encoded(text: str) -> str:
    """Give text in base64, in UTF-8 in any case: an error of encoding would hold the secret."""
    return base64.b64encode(_octets(text)).decode("ascii")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
