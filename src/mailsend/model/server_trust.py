"""Whom a server is proved by: an authority of its own, or its public key (M10)."""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from mailsend.model.certificate import certificates_in
from mailsend.model.reading import Place

__all__ = ["authority", "pin"]

_HEX: Final = re.compile(r"(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}\Z", re.IGNORECASE)
_PREFIX: Final = re.compile(r"sha-?256(?::|//|=)", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{43}=?\Z")
_PIN_ADVICE: Final = "Take the 64 digits that `mailsend server probe` shows, and have a person compare them."


def authority(value: Any, place: Place) -> str | None:
    """Read certificates as PEM text; a private key among them is refused."""
    text = value if isinstance(value, str) else ""
    if "PRIVATE KEY-----" in text:
        place.refuse("it holds a private key", "Give certificates alone, and keep the key where it was.")
        return None
    try:
        found = certificates_in(text)
    except ValueError as fault:
        place.refuse(f"it is no certificate as PEM: {fault}", "Take the authority's file as it is.")
        return None
    if not found:
        place.refuse(
            "expected a certificate as PEM text",
            "It begins with -----BEGIN CERTIFICATE-----; put the whole block here.",
        )
        return None
    return str(text)


def pin(value: Any, place: Place) -> str | None:
    """Read the SHA-256 of a public key: 64 hexadecimal digits, with or without colons, or base64."""
    text = _PREFIX.sub("", value.strip(), count=1) if isinstance(value, str) else ""
    if _HEX.match(text):
        return text.replace(":", "").lower()
    if _BASE64.match(text):
        return base64.b64decode(text.rstrip("=") + "=").hex()
    place.refuse("expected the SHA-256 of a public key", _PIN_ADVICE)
    return None
