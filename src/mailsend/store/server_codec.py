"""What is known of a server made into what may lie on a disk, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, final

from mailsend.errors import StoreError
from mailsend.model.secret import Secret
from mailsend.model.server import Server
from mailsend.model.server_record import ServerRecord
from mailsend.store.fingerprint import Fingerprint, fingerprints, matches
from mailsend.store.server_rows import (
    ServerRow,
    account_in,
    account_of,
    definition_of,
    findings_in,
    server_in,
    steps_in,
    strings_in,
)
from mailsend.store.vault import Vault

__all__ = ["ServerCodec"]

_MOST_REMEMBERED: Final = 4096


@final
class ServerCodec:
    """Reads and writes rows of servers with the secret keys; a store without accounts needs none."""

    def __init__(self, secret_keys: Sequence[Secret]) -> None:
        self._keys: Final = tuple(secret_keys)
        self._vault: Vault | None = None
        self._read: dict[tuple[str, ...], Server] = {}

    def marks(self, customer: str, server: Server) -> tuple[Fingerprint, ...]:
        """Give a server's fingerprints, the one to keep first."""
        return fingerprints(customer, server, self._keys)

    def columns(self, customer: str, name: str, server: Server) -> dict[str, Any]:
        """Give the columns that define a server: its account encrypted, the rest as it is."""
        mark = self.marks(customer, server)[0]
        sealed = None
        if server.credentials is not None:
            sealed = self._opened_vault().seal(customer, _account(name), account_of(server.credentials))
        return {
            "definition": definition_of(server),
            "sealed": sealed,
            **mark._asdict(),
        }

    def server(self, row: ServerRow) -> Server | None:
        """Give the server that a row holds; None where it stands in the rules.

        Raises StoreError where the row does not hold what was entered.
        """
        if row.definition is None:
            return None
        key = (row.customer, row.name, row.definition, row.sealed or "", row.fingerprint)
        found = self._read.get(key)
        if found is None:
            found = self._checked(row, row.definition)
            if len(self._read) >= _MOST_REMEMBERED:
                self._read.clear()
            self._read[key] = found
        return found

    def record(self, row: ServerRow) -> ServerRecord:
        """Give a row as a value; raises StoreError where it does not hold what was entered."""
        try:
            return self._record(row)
        except (ValueError, TypeError, LookupError, AttributeError):
            pass  # the error may hold what was read
        raise StoreError(
            f"what stands as the server {row.name} of {row.customer!r} cannot be read",
            advice="Somebody changed the database by hand: remove it, enter it anew, and find out who.",
        )

    def can_read(self, row: ServerRow) -> bool:
        """Whether a row holds what was entered, and a key opens it."""
        try:
            self.record(row)
        except StoreError:
            return False
        return True

    def is_current(self, row: ServerRow) -> bool:
        """Whether the first key sealed the account in a row."""
        return row.sealed is None or self._opened_vault().is_current(row.sealed)

    def _record(self, row: ServerRow) -> ServerRecord:
        return ServerRecord(
            customer=row.customer,
            name=row.name,
            position=row.position,
            server=self.server(row),
            senders=strings_in(row.senders),
            state=row.state,
            steps=steps_in(row.steps),
            from_rules=row.definition is None,
            findings=findings_in(row.findings),
        )

    def _checked(self, row: ServerRow, definition: str) -> Server:
        credentials = None
        if row.sealed is not None:
            credentials = account_in(self._opened_vault().open(row.customer, _account(row.name), row.sealed))
        server = server_in(definition, credentials, row.name)
        # Else whoever can write a row could have a password carried to a server of his own.
        if not matches(row.fingerprint, [one.fingerprint for one in self.marks(row.customer, server)]):
            raise StoreError(
                f"the server {row.name} of {row.customer!r} is not the one that was entered",
                advice="Somebody changed the database by hand: remove it, enter it anew, and find out who.",
            )
        return server

    def _opened_vault(self) -> Vault:
        if self._vault is None:
            self._vault = Vault(self._keys, purpose="servers")
        return self._vault


def _account(name: str) -> str:
    """Give what the vault calls the account of the server ``name``."""
    return f"the account of the server {name}"
