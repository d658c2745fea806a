"""Customers' rules in tables: what holds now, and every version before it (T4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import bindparam, insert, select, update

from mailsend.errors import NotInStore, StoreError, StoreRefused, UnknownCustomer
from mailsend.model.customer_record import CustomerVersion
from mailsend.model.secret import Secret
from mailsend.store.customer_codec import CustomerCodec
from mailsend.store.engine import advisory_lock
from mailsend.store.events import note as note_event
from mailsend.store.mails.written import storable
from mailsend.store.schema.customers import customer as table
from mailsend.store.schema.customers import customer_version as versions
from mailsend.store.server_changes import kept_text
from mailsend.store.statement import Statement
from mailsend.store.times import moment, time_of

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["CustomerBook"]

_COLUMNS: Final = ("name", "version", "rules", "sealed", "by", "at")
_ADVICE: Final = "List them: mailsend customer list; or enter one: mailsend customer set NAME --from FILE."

_this: Final = table.c.name == bindparam("which")
_VERSION: Final = Statement(select(table.c.version).where(_this))
_CURRENT: Final = Statement(select(table).where(_this))
_ALL: Final = Statement(select(table).order_by(table.c.name))
_ALL_CURRENT: Final = Statement(
    select(versions)
    .join(table, (table.c.name == versions.c.name) & (table.c.version == versions.c.version))
    .order_by(versions.c.name)
)
_NAMES: Final = Statement(select(table.c.name).order_by(table.c.name))
_ADD: Final = Statement(insert(table).inline(), columns=_COLUMNS)
_SET: Final = Statement(update(table).where(_this), columns=_COLUMNS[1:])
_SEAL: Final = Statement(update(table).where(_this), columns=("sealed",))
_KEEP: Final = Statement(insert(versions).inline(), columns=(*_COLUMNS, "note"))
_THIS_VERSION: Final = (versions.c.name == bindparam("which")) & (versions.c.version == bindparam("number"))
_ONE: Final = Statement(select(versions).where(_THIS_VERSION))
_RESEAL: Final = Statement(update(versions).where(_THIS_VERSION), columns=("sealed",))
_HISTORY: Final = Statement(
    select(versions).where(versions.c.name == bindparam("which")).order_by(versions.c.version)
)

Check = Callable[[Mapping[str, Mapping[str, Any]]], object]


@final
class CustomerBook:
    """The rules of each customer, in the shape of ``[customers.NAME]``; secrets in them are encrypted.

    ``by`` says who does it and ``now`` when, with its zone. All methods raise StoreError,
    UnknownCustomer for a customer that was never entered, and InvalidSettings where a secret is met
    and there is no secret key.
    """

    def __init__(self, database: Database, writer: Writer, secret_keys: Sequence[Secret] = ()) -> None:
        self._database = database
        self._writer = writer
        self._codec = CustomerCodec(secret_keys)

    def names(self) -> tuple[str, ...]:
        """Give the customers there are, sorted."""
        return tuple(str(row.name) for row in self._database.read(_NAMES))

    def current(self) -> tuple[CustomerVersion, ...]:
        """Give the current version of each customer, by name; their secrets are hidden."""
        return tuple(self._told(row) for row in self._database.read(_ALL_CURRENT))

    def version(self, name: str) -> int | None:
        """Give the number of a customer's current version; None for a customer that is not there."""
        rows = self._database.read(_VERSION, which=storable(name))
        return rows[0].version if rows else None

    def rules(self, name: str) -> tuple[int, dict[str, Any]]:
        """Give a customer's current version and its rules, with their secrets."""
        row = self._row(self._database.read(_CURRENT, which=storable(name)), name)
        return row.version, self._codec.whole(name, row.rules, row.sealed)

    def rules_of(self, name: str, version: int) -> dict[str, Any]:
        """Give the rules of an earlier version, with their secrets."""
        row = self._row(self._database.read(_ONE, which=storable(name), number=version), name, version)
        return self._codec.whole(name, row.rules, row.sealed)

    def get(self, name: str, version: int | None = None) -> CustomerVersion:
        """Give one version of a customer, the current one where none is named; its secrets are hidden."""
        history = self.history(name)
        if version is None:
            return history[-1]
        found = next((one for one in history if one.version == version), None)
        return found if found is not None else self._missing(name, version)

    def history(self, name: str) -> tuple[CustomerVersion, ...]:
        """Give every version of a customer, the oldest first; their secrets are hidden."""
        rows = self._database.read(_HISTORY, which=storable(name))
        if not rows:
            raise _unknown(name)
        return tuple(self._told(row) for row in rows)

    def set(
        self,
        name: str,
        rules: Mapping[str, Any],
        *,
        check: Check | None = None,
        based_on: int | None = None,
        note: str = "",
        by: str,
        now: datetime,
    ) -> CustomerVersion:
        """Write a customer's next version; rules that are the same already stay the version they are.

        ``check`` is given the rules of all other customers, secrets hidden, in the transaction, and
        may raise. Raises StoreError where ``based_on`` is no longer the current version.
        """
        kept_text(name, "the customer")
        kept_text(by, "who does it")
        if note:
            kept_text(note, "the note")
        columns = self._codec.columns(name, rules)

        def work(transaction: Transaction) -> CustomerVersion:
            if transaction.connection.dialect.name == "postgresql":
                advisory_lock(transaction.connection, "customers")
            rows = transaction.run(_CURRENT, which=name)
            before = rows[0].version if rows else 0
            if based_on is not None and based_on != before:
                raise StoreRefused(
                    f"the rules of {name!r} were changed meanwhile (version {before})",
                    advice="Look at them again, and repeat the change.",
                )
            if check is not None:
                others = transaction.run(_ALL)
                check({row.name: self._codec.visible(row.rules) for row in others if row.name != name})
            if rows and self._is_same(name, rows[0], rules):
                return self._told(transaction.run(_ONE, which=name, number=before)[0])
            values = {**columns, "version": before + 1, "by": by, "at": moment(now)}
            transaction.run(_KEEP, name=name, note=note, **values)
            if rows:
                transaction.run(_SET, which=name, **values)
            else:
                transaction.run(_ADD, name=name, **values)
            note_event(
                transaction,
                "customer_set",
                now=now,
                by=by,
                customer=name,
                reason=note,
                facts={"version": before + 1},
            )
            return self._told(transaction.run(_ONE, which=name, number=before + 1)[0])

        return self._writer.do(work)

    def rotate(self) -> int:
        """Encrypt with the first secret key what an older one sealed; give how many versions changed."""

        def work(transaction: Transaction) -> int:
            changed = 0
            for name in [row.name for row in transaction.run(_NAMES)]:
                for row in transaction.run(_HISTORY, which=name):
                    if not self._codec.is_current(row.sealed):
                        sealed = self._codec.rotated(name, row.sealed)
                        transaction.run(_RESEAL, which=name, number=row.version, sealed=sealed)
                        changed += 1
                row = transaction.run(_CURRENT, which=name)[0]
                if not self._codec.is_current(row.sealed):
                    transaction.run(_SEAL, which=name, sealed=self._codec.rotated(name, row.sealed))
            return changed

        return self._writer.do(work)

    def _is_same(self, name: str, row: Any, rules: Mapping[str, Any]) -> bool:
        """Whether these are the current rules, to the last secret; what cannot be read is another one."""
        try:
            return self._codec.is_equal(name, row.rules, row.sealed, rules)
        except StoreError:
            return False

    def _told(self, row: Any) -> CustomerVersion:
        return CustomerVersion(
            name=row.name,
            version=row.version,
            rules=self._codec.visible(row.rules),
            by=row.by,
            at=time_of(row.at),
            note=row.note,
        )

    def _row(self, rows: Sequence[Any], name: str, version: int | None = None) -> Any:
        if rows:
            return rows[0]
        if version is not None and self.version(name) is not None:
            self._missing(name, version)
        raise _unknown(name)

    def _missing(self, name: str, version: int) -> Any:
        raise NotInStore(
            f"{name!r} has no version {version}", advice=f"Its current one is {self.version(name)}."
        )


def _unknown(name: str) -> UnknownCustomer:
    return UnknownCustomer(name, advice=_ADVICE)
