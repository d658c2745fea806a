"""That a person let this very mail out in spite of test mode: sealed, so that no row says so by itself (M35)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mailsend.model.secret import Secret
from mailsend.store.mails.written import as_json
from mailsend.store.vault import purpose_key

__all__ = ["CONFIRMED", "is_confirmed", "seal_of", "told_by"]

CONFIRMED: Final = "confirmed"  # how such a mail came here

_PURPOSE: Final = "confirmed mail"
_SEALED: Final = ("id", "customer", "how", "digest", "envelopes")


def seal_of(row: Mapping[str, Any], secret_keys: Sequence[Secret]) -> str:
    """Give the seal of a mail's row: which mail, whose, its bytes, and who stands in its envelopes.

    The first secret key seals: HMAC-SHA-256 (RFC 2104), 64 hexadecimal digits.
    """
    return _seal(row, secret_keys[0])


def told_by(row: Any) -> dict[str, Any]:
    """Give what of a row its seal is about."""
    return {one: getattr(row, one) for one in _SEALED}


def is_confirmed(row: Any, secret_keys: Sequence[Secret]) -> bool:
    """Whether a mail came by a confirmation, and is what was confirmed; any of the secret keys may have sealed it."""
    if row.how != CONFIRMED:
        return False
    told = told_by(row)
    kept = row.seal.encode("utf-8", "surrogatepass")
    return sum(hmac.compare_digest(kept, _seal(told, one).encode()) for one in secret_keys) > 0


def _seal(row: Mapping[str, Any], key: Secret) -> str:
    written = as_json([row[one] for one in _SEALED]).encode("utf-8", "surrogatepass")
    return hmac.digest(purpose_key(key, _PURPOSE), written, "sha256").hex()
