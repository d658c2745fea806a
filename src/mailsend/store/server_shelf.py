"""The servers of one customer, within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, final

from mailsend.decide.limit import is_limited, limit_of
from mailsend.errors import NotInStore, StoreError
from mailsend.model.server import Server, ServerState
from mailsend.store.buckets import lane_name
from mailsend.store.fingerprint import Fingerprint, matches
from mailsend.store.limit_changes import change_limits
from mailsend.store.server_rows import ServerRow
from mailsend.store.server_sql import ADD, NOTE, OF, REMOVE, UPDATE
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.decide.limit import Limit
    from mailsend.store.database import Transaction

__all__ = ["Shelf", "row_from", "state_from"]


@final
class Shelf:
    """A customer's rows in their order, and what may be done to them; ``now`` and ``by`` go into history."""

    def __init__(self, transaction: Transaction, customer: str, *, by: str, now: datetime) -> None:
        self._transaction = transaction
        self._customer = customer
        self._by = by
        self._at = moment(now)
        self.rows: list[ServerRow] = [row_from(one) for one in transaction.run(OF, customer=customer)]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all servers, in order."""
        return tuple(one.name for one in self.rows)

    def row(self, name: str) -> ServerRow:
        """Give the row of the server ``name``; raises NotInStore that names those there are."""
        found = next((one for one in self.rows if one.name == name), None)
        if found is None:
            raise NotInStore(
                f"{self._customer!r} has no server {name!r}",
                advice=f"There are: {', '.join(self.names)}." if self.rows else "There is none yet: add one.",
            )
        return found

    def same(self, marks: Sequence[Fingerprint]) -> ServerRow | None:
        """Give the row of this very server, if there is one."""
        known = [one.fingerprint for one in marks]
        return next((one for one in self.rows if matches(one.fingerprint, known)), None)

    def same_account(
        self,
        marks: Sequence[Fingerprint],
        *,
        from_rules: bool | None = None,
        besides: ServerRow | None = None,
    ) -> ServerRow | None:
        """Give the row of the same account at the same server, whatever its password, if there is one."""
        known = [one.account for one in marks]
        rows = [
            one for one in self.rows if one is not besides and from_rules in (None, one.definition is None)
        ]
        return next((one for one in rows if matches(one.account, known)), None)

    def free_name(self, wanted: str) -> str:
        """Give ``wanted``, or where another server has it ``wanted (2)`` and so on."""
        names = set(self.names)
        tries = (wanted if number == 1 else f"{wanted} ({number})" for number in range(1, len(names) + 2))
        return next(one for one in tries if one not in names)

    def add(self, row: ServerRow, position: int | None) -> ServerRow:
        """Put a new row at ``position``, from 0; at the end where there is none."""
        at = len(self.rows) if position is None else max(0, min(position, len(self.rows)))
        row = replace(row, position=at)
        columns = asdict(row)
        del columns["id"]
        self._transaction.run(ADD, **columns)
        self.rows = [row_from(one) for one in self._transaction.run(OF, customer=self._customer)]
        others = [one for one in self.rows if one.name != row.name]
        added = self.row(row.name)
        self.put_in_order([*others[:at], added, *others[at:]])
        return self.row(row.name)

    def update(self, row: ServerRow) -> ServerRow:
        """Write a changed row."""
        columns = asdict(row)
        del columns["id"], columns["customer"]
        self._transaction.run(UPDATE, row=row.id, **columns)
        self.rows = [row if one.id == row.id else one for one in self.rows]
        return row

    def limit(
        self,
        server: Server,
        *,
        before: Server | None = None,
        others: Callable[[Transaction, Collection[str]], Mapping[str, Limit]],
    ) -> None:
        """Let a server's limits hold from now on, for the mails that wait for it as well (M8).

        Without any, those that it had ``before`` are lifted, but for what ``others`` still have of them.
        """
        name, transaction = lane_name(server), self._transaction
        lifted = before is not None and is_limited(before) and lane_name(before) == name
        if lifted or is_limited(server):
            wanted = limit_of(server) if is_limited(server) else None
            change_limits(
                transaction, {name: wanted}, now=self._at, others=lambda names: others(transaction, names)
            )

    def remove(self, row: ServerRow) -> None:
        """Take a row away."""
        self._transaction.run(REMOVE, row=row.id)
        self.put_in_order([one for one in self.rows if one.id != row.id])

    def put_in_order(self, rows: Iterable[ServerRow]) -> None:
        """Number the rows as they come."""
        self.rows = [
            one if one.position == at else self.update(replace(one, position=at))
            for at, one in enumerate(rows)
        ]

    def note(
        self,
        act: str,
        name: str = "",
        *,
        before: ServerState | None = None,
        after: ServerState | None = None,
        note: str = "",
    ) -> None:
        """Write one line of the history."""
        self._transaction.run(
            NOTE,
            at=self._at,
            by=self._by,
            customer=self._customer,
            name=name,
            act=act,
            before=before,
            after=after,
            note=note,
        )


def row_from(found: Any) -> ServerRow:
    """Give a row of the database as a value; raises StoreError for a state that there is not."""
    columns = found._asdict()
    return ServerRow(**{**columns, "state": state_from(columns["state"])})


def state_from(written: str) -> ServerState:
    """Give a state that was written; raises StoreError for one that there is not."""
    try:
        return ServerState(written)
    except ValueError:
        pass
    raise StoreError(
        f"a server is in no state that is known here: {written!r}",
        advice="Use one version of mailsend for one store; else somebody changed the database by hand.",
    )
