"""Certificates as far as a setting can be judged: PEM taken apart, and the digest of a public key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

__all__ = ["certificates_in", "pin_of", "public_key_in"]

_MOST: Final = 32  # certificates
_LARGEST: Final = 200_000  # characters of PEM
_PEM: Final = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END [A-Z ]+-----")
_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_BEFORE_THE_KEY: Final = 5  # serial number, signature, issuer, validity, subject


def certificates_in(pem: str) -> tuple[bytes, ...]:
    """Give each certificate of a PEM text in DER, 32 at most (RFC 7468); nothing where it has none.

    Raises ValueError for a text that is too long, and for a certificate that is none.
    """
    if len(pem) > _LARGEST:
        raise ValueError("it is too long")
    found = _PEM.findall(pem)
    if len(found) > _MOST:
        raise ValueError("it holds too many certificates")
    several = []
    for one in found:
        try:
            der = base64.b64decode("".join(one.split()), validate=True)
        except binascii.Error:
            raise ValueError("a certificate in it is not base64") from None
        public_key_in(der)
        several.append(der)
    return tuple(several)


def public_key_in(der: bytes) -> bytes:
    """Give the SubjectPublicKeyInfo of a certificate, both in DER (RFC 5280, section 4.1).

    Raises ValueError for what is no certificate.
    """
    outer, _, _ = _element(der, 0, _SEQUENCE)
    start, end, _ = _element(der, outer, _SEQUENCE)
    at = start
    if at < end and der[at] == _VERSION:
        _, _, at = _element(der, at)
    for _ in range(_BEFORE_THE_KEY):
        _, _, at = _element(der, at)
    _, _, after = _element(der, at, _SEQUENCE)
    if after > end:
        raise ValueError("it is no certificate")
    return der[at:after]


def pin_of(der: bytes) -> str:
    """Give the pin of a certificate: the SHA-256 of its public key, 64 hexadecimal digits (RFC 7469, 2.4)."""
    return hashlib.sha256(public_key_in(der)).hexdigest()


def _element(der: bytes, at: int, tag: int | None = None) -> tuple[int, int, int]:
    """Give where the content of the element at ``at`` begins and ends, and where the next one begins."""
    head = der[at : at + 2]
    if len(head) < 2 or (tag is not None and head[0] != tag):
        raise ValueError("it is no certificate")
    start, length = at + 2, head[1]
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 3:  # nobody has a certificate of 16 MB
            raise ValueError("it is no certificate")
        length = int.from_bytes(der[start : start + octets])
        start += octets
    if start + length > len(der):
        raise ValueError("it is no certificate")
    return start, start + length, start + length
