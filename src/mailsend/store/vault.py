"""Secrets at rest: encrypted, bound to whom and what they belong to, by keys that can be changed."""

from __future__ import annotations

import base64
import functools
import hmac
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, final

from mailsend.errors import InvalidSettings, StoreError
from mailsend.model.secret import SHORTEST_KEY, Secret

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["Vault", "needed_keys", "purpose_key"]

_MAKE: Final = (
    'Write them into a file, one a line, and name it as secret_keys_file. To make one: python -c "import'
    ' secrets; print(secrets.token_urlsafe(32))".'
)


def needed_keys(secret_keys: Sequence[Secret]) -> tuple[Secret, ...]:
    """Give the keys where there are any that can be used; raises InvalidSettings otherwise."""
    if not secret_keys:
        raise InvalidSettings(
            "application.secret_keys", "passwords are kept encrypted, and there is no key", advice=_MAKE
        )
    for index, one in enumerate(secret_keys):
        if len(one.reveal()) < SHORTEST_KEY:
            raise InvalidSettings(
                f"application.secret_keys[{index}]",
                f"a key of fewer than {SHORTEST_KEY} characters can be guessed",
                advice=_MAKE,
            )
    return tuple(secret_keys)


@functools.lru_cache(maxsize=256)
def purpose_key(secret_key: Secret, purpose: str) -> bytes:
    """Derive 32 bytes for one purpose from a secret key: HKDF with SHA-256 (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"mailsend {purpose}".encode())
    return derive.derive(secret_key.reveal().encode("utf-8", "surrogatepass"))


@final
class Vault:
    """Encrypts for one purpose: the first key seals, all open (Fernet: AES-128-CBC and HMAC-SHA-256).

    Customer and field stand inside what is encrypted, so that what was sealed for one row opens in
    no other. Raises InvalidSettings where there is no key.
    """

    __slots__ = ("_all", "_first")

    def __init__(self, secret_keys: Sequence[Secret], *, purpose: str = "vault") -> None:
        keys = needed_keys(secret_keys)
        self._all = _fernet(keys, purpose)
        self._first = _fernet(keys[:1], purpose)

    def seal(self, customer: str, field: str, value: Secret) -> str:
        """Give ``value`` encrypted: ASCII text, another one each time."""
        written = json.dumps([customer, field, value.reveal()], separators=(",", ":"))
        return self._all.encrypt(written.encode()).decode()

    def open(self, customer: str, field: str, sealed: str) -> Secret:
        """Give what was sealed for this customer and field.

        Raises StoreError where no key opens it, where it was changed, and where it belongs elsewhere.
        """
        whose, what, value = self._opened(sealed) or ("", "", None)
        # Both are compared, whatever the first says.
        same = hmac.compare_digest(_octets(whose), _octets(customer)) & hmac.compare_digest(
            _octets(what), _octets(field)
        )
        if value is None:
            raise StoreError(
                f"{field} of {customer!r} opens with none of the secret keys",
                advice="Put the key that sealed it back behind the first one, or remove the server and enter it anew.",
            )
        if not same:
            raise StoreError(
                f"what stands as {field} of {customer!r} was sealed for something else",
                advice="Somebody changed the database by hand: enter the account anew, and find out who.",
            )
        return Secret(value)

    def seal_bytes(self, row: str, field: str, value: bytes) -> bytes:
        """Give ``value`` encrypted, bound to its row and field: ASCII, a third longer, another each time."""
        return self._all.encrypt(b"\0".join((_octets(row), _octets(field), value)))

    def open_bytes(self, row: str, field: str, sealed: bytes) -> bytes:
        """Give what ``seal_bytes`` sealed for this row and field; raises StoreError as ``open`` does."""
        from cryptography.fernet import InvalidToken

        try:
            opened = self._all.decrypt(sealed)
        except InvalidToken:
            raise StoreError(
                f"{field} of {row!r} opens with none of the secret keys",
                advice="Put the key that sealed it back behind the first one; without it nobody can read it.",
            ) from None
        whose = b"\0".join((_octets(row), _octets(field), b""))
        if not opened.startswith(whose):
            raise StoreError(
                f"what stands as {field} of {row!r} was sealed for something else",
                advice="Somebody changed the database by hand: find out who, and put a backup back.",
            )
        return opened[len(whose) :]

    def is_current(self, sealed: str) -> bool:
        """Whether the first key sealed it."""
        return _decrypted(self._first, sealed) is not None

    def rotate(self, customer: str, field: str, sealed: str) -> str:
        """Give the same, sealed with the first key; raises StoreError as ``open`` does."""
        return self.seal(customer, field, self.open(customer, field, sealed))

    def __repr__(self) -> str:
        return "<Vault>"

    def _opened(self, sealed: str) -> tuple[str, str, str] | None:
        written = _decrypted(self._all, sealed)
        return None if written is None else tuple(json.loads(written))


def _fernet(keys: Sequence[Secret], purpose: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(base64.urlsafe_b64encode(purpose_key(one, purpose))) for one in keys])


def _decrypted(fernet: MultiFernet, sealed: str) -> bytes | None:
    from cryptography.fernet import InvalidToken

    try:
        return fernet.decrypt(sealed.encode("utf-8", "surrogatepass"))
    except InvalidToken:
        return None


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
