"""A customer's rules made into what may lie on a disk, and back."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from mailsend.errors import StoreError
from mailsend.model.reading import Place
from mailsend.model.secret import Secret
from mailsend.store.customer_secrets import joined, parted, plain
from mailsend.store.vault import Vault

__all__ = ["CustomerCodec"]

_FIELD: Final = "the secrets of the rules"


@final
class CustomerCodec:
    """Reads and writes customers' rules; those without secrets need no secret key."""

    def __init__(self, secret_keys: Sequence[Secret]) -> None:
        self._keys: Final = tuple(secret_keys)
        self._vault: Vault | None = None

    def columns(self, name: str, rules: Mapping[str, Any]) -> dict[str, str]:
        """Give the columns for rules: what may be seen, and the secrets encrypted.

        Raises InvalidSettings where there are secrets and no key, or what cannot be written.
        """
        visible, secrets = parted(plain(rules, Place("customers").key(name)))
        written = _written(visible)
        return {"rules": written, "sealed": self._sealed(name, written, secrets) if secrets else ""}

    def visible(self, written: str) -> dict[str, Any]:
        """Give rules with their secrets hidden."""
        read: dict[str, Any] = json.loads(written)
        return read

    def whole(self, name: str, written: str, sealed: str) -> dict[str, Any]:
        """Give rules with their secrets; raises StoreError where they are not those that were written."""
        rules = self.visible(written)
        if not sealed:
            return rules
        digest, secrets = json.loads(self._opened_vault().open(name, _FIELD, sealed).reveal())
        # Else whoever can write a row could have a password carried to a server of his own.
        if not hmac.compare_digest(digest, _digest(written)):
            raise StoreError(
                f"the rules of {name!r} are not those that were written",
                advice="Somebody changed the database by hand: set them anew, and find out who.",
            )
        whole: dict[str, Any] = joined(rules, [(tuple(path), value) for path, value in secrets])
        return whole

    def is_equal(self, name: str, written: str, sealed: str, rules: Mapping[str, Any]) -> bool:
        """Whether what is kept is ``rules``, to the last secret; raises StoreError as ``whole`` does."""
        given = plain(rules, Place("customers").key(name))
        return _written(self.whole(name, written, sealed)) == _written(given)

    def is_current(self, sealed: str) -> bool:
        """Whether the first key sealed them, or there is nothing to seal."""
        return not sealed or self._opened_vault().is_current(sealed)

    def rotated(self, name: str, sealed: str) -> str:
        """Give the same secrets, sealed with the first key."""
        return self._opened_vault().rotate(name, _FIELD, sealed)

    def _sealed(self, name: str, written: str, secrets: list[Any]) -> str:
        return self._opened_vault().seal(name, _FIELD, Secret(json.dumps([_digest(written), secrets])))

    def _opened_vault(self) -> Vault:
        if self._vault is None:
            self._vault = Vault(self._keys, purpose="customers")
        return self._vault


def _written(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _digest(written: str) -> str:
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
