"""Keys for tests, made when the run begins and never kept."""

from __future__ import annotations

import pytest


def _pem(kind: str, bits: int = 2048) -> str:
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(65537, bits) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def rsa_key_text() -> str:
    """Give an RSA-2048 private key as PEM."""
    return _pem("rsa")


@pytest.fixture(scope="session")
def ed25519_key_text() -> str:
    """Give an Ed25519 private key as PEM."""
    return _pem("ed25519")
