"""What stands for an address in the lists, so that an entry outlives the address itself (M38)."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, final

from mailsend.model.secret import Secret
from mailsend.store.vault import needed_keys, purpose_key

__all__ = ["ListMarks"]

_PURPOSE: Final = "list entry"
_MOST_REMEMBERED: Final = 4096


@final
class ListMarks:
    """Makes marks of what addresses are compared by: one with each secret key, and one without any.

    The mark without a key can be guessed by whoever has the database, and stands beside the address
    alone: entries of a store that has no secret keys. Without the address an entry keeps a keyed one.
    """

    def __init__(self, secret_keys: Sequence[Secret]) -> None:
        self._secrets: Final = tuple(secret_keys)
        self._keys: tuple[bytes, ...] | None = None
        self._marks = functools.lru_cache(maxsize=_MOST_REMEMBERED)(self._made)

    def of(self, key: str) -> tuple[str, ...]:
        """Give every mark that may stand for ``key`` (``Address.key``, or ``@domain``), the one to keep first."""
        return self._marks(key)

    def keyed(self, key: str) -> str | None:
        """Give the mark that nobody can guess; None without a secret key."""
        return self.of(key)[0] if self._secrets else None

    def lasting(self, key: str) -> str:
        """Give the mark that may be kept without the address; raises InvalidSettings without a secret key."""
        needed_keys(self._secrets)
        return self.of(key)[0]

    def _made(self, key: str) -> tuple[str, ...]:
        if self._keys is None:
            keys = needed_keys(self._secrets) if self._secrets else ()
            self._keys = tuple(purpose_key(one, _PURPOSE) for one in keys)
        written = key.encode("utf-8", "surrogatepass")
        bare = hashlib.sha256(b"mailsend " + _PURPOSE.encode() + b"\0" + written).hexdigest()
        return (*(hmac.digest(one, written, "sha256").hex() for one in self._keys), bare)
