"""Customers' servers: how far each has come, in which order they are tried, and the history (S1, Q6)."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, final

from mailsend.decide.server_state import Refused, ServerAct, next_state
from mailsend.errors import StoreError
from mailsend.model.secret import Secret
from mailsend.model.server import Server, ServerState
from mailsend.model.server_record import ServerChange, ServerRecord, ServerStep
from mailsend.store.fingerprint import matches, prints
from mailsend.store.server_changes import (
    entered,
    kept_text,
    marked,
    named_as_before,
    new_row,
    refuse_second,
    stepped,
    written_senders,
)
from mailsend.store.server_codec import ServerCodec
from mailsend.store.server_limits import LimitsOfOthers
from mailsend.store.server_rows import ServerRow
from mailsend.store.server_shelf import Shelf, row_from, state_from
from mailsend.store.server_sql import CUSTOMERS, HISTORY, OF, STATES
from mailsend.store.times import time_of

if TYPE_CHECKING:
    from mailsend.decide.limit import Limit
    from mailsend.store.database import Database

__all__ = ["ServerBook"]


@final
class ServerBook:
    """The servers of each customer; every method is one transaction.

    ``by`` says who does it and ``now`` when, with its zone; both are written into the history. A
    customer's servers are bound to their fingerprints: another host, port, TLS, user or password is
    another server, which begins at entered. All methods raise StoreError, and InvalidSettings where
    an account is met and there is no secret key.
    """

    def __init__(self, database: Database, secret_keys: Sequence[Secret] = ()) -> None:
        self._database = database
        self._codec = ServerCodec(secret_keys)

    def of(self, customer: str) -> tuple[ServerRecord, ...]:
        """Give a customer's servers in the order in which they are tried."""
        return self._records(row_from(one) for one in self._database.read(OF, customer=customer))

    def customers(self) -> tuple[str, ...]:
        """Give the customers of whom a server is kept, sorted."""
        return tuple(str(one[0]) for one in self._database.read(CUSTOMERS))

    def state_of(self, customer: str, server: Server) -> ServerState | None:
        """Give how far this very server of a customer has come; None where it was never heard of."""
        found = self._database.read(STATES, customer=customer)
        if not found:
            return None
        known = prints(self._codec.marks(customer, server))
        return next((state_from(state) for mark, state in found if matches(mark, known)), None)

    def history(self, customer: str) -> tuple[ServerChange, ...]:
        """Give all that was done to a customer's servers, the oldest first."""
        return tuple(
            ServerChange(
                at=time_of(one.at),
                by=one.by,
                customer=one.customer,
                name=one.name,
                act=one.act,
                before=ServerState(one.before) if one.before else None,
                after=ServerState(one.after) if one.after else None,
                note=one.note,
            )
            for one in self._database.read(HISTORY, customer=customer)
        )

    def add(
        self,
        customer: str,
        server: Server,
        *,
        senders: Sequence[str] = (),
        position: int | None = None,
        in_place_of: Collection[str] = (),
        by: str,
        now: datetime,
    ) -> ServerRecord:
        """Enter a server; ``position`` counts from 0, the end where it is None.

        Its name is the server's; a second account at the same server gets a number behind it. Of the
        servers ``in_place_of`` that the rules have no more, the one with the same account is forgotten.
        """
        with self._shelf(customer, by, now) as shelf:
            known = shelf.same_account(self._codec.marks(customer, server))
            if known is not None and known.definition is None and known.name in in_place_of:
                shelf.remove(known)
                shelf.note("remove", known.name, before=known.state)
                known = None
            refuse_second(known, customer)
            shelf.limit(server, others=LimitsOfOthers(self._codec))
            name = shelf.free_name(server.name)
            row = new_row(
                customer, name, self._codec.columns(customer, name, server), senders, by=by, now=now
            )
            return self._add(shelf, row, position)

    def set(
        self,
        customer: str,
        name: str,
        server: Server,
        *,
        senders: Sequence[str] | None = None,
        by: str,
        now: datetime,
        in_rules: Mapping[str, Limit] | None = None,
    ) -> ServerRecord:
        """Change a server, and whom it is for where ``senders`` are given; it may get another name.

        With another fingerprint it is entered anew, else it stays as far as it had come. ``in_rules`` are
        the limits, by their names, that stay whatever this server gives up.
        """
        with self._shelf(customer, by, now) as shelf:
            row = shelf.row(name)
            if row.definition is None:
                raise StoreError(
                    f"the server {name} of {customer!r} stands in the settings, or comes from the Directory",
                    advice="Change it there; with another account it begins at entered.",
                )
            marks = self._codec.marks(customer, server)
            refuse_second(shelf.same_account(marks, besides=row), customer)
            before = self._codec.server(row) if self._codec.can_read(row) else None
            server, kept_name = named_as_before(server, row)
            new_name = kept_name or shelf.free_name(server.name)
            changed = replace(row, name=new_name, **self._codec.columns(customer, new_name, server))
            if senders is not None:
                changed = replace(changed, senders=written_senders(senders))
            if not matches(row.fingerprint, prints(marks)):
                changed = entered(changed, by=by, now=now)
            note = "" if new_name == name else f"it was {name}"
            shelf.note("set", new_name, before=row.state, after=changed.state, note=note)
            changed = shelf.update(changed)
            shelf.limit(server, before=before, others=LimitsOfOthers(self._codec, in_rules))
            return self._codec.record(changed)

    def remove(self, customer: str, name: str, *, by: str, now: datetime, may_be_last: bool = False) -> None:
        """Take a server away; the last one that the store defines only where it may be (Q6).

        Of a server that stands in the rules it forgets the state.
        """
        with self._shelf(customer, by, now) as shelf:
            row = shelf.row(name)
            others = [one for one in shelf.rows if one.definition is not None and one is not row]
            if row.definition is not None and not others and not may_be_last:
                raise StoreError(
                    f"{name} is the last server of {customer!r}, and one route has to remain",
                    advice="Add another one first, or set application.smarthosts; or lock it, and its mail waits.",
                )
            shelf.remove(row)
            shelf.note("remove", name, before=row.state)

    def discard(self, customer: str, name: str, *, by: str, now: datetime) -> None:
        """Take away a server that cannot be read any more: its key is lost, or its row was changed."""
        with self._shelf(customer, by, now) as shelf:
            row = shelf.row(name)
            if self._codec.can_read(row):
                raise StoreError(
                    f"{name} of {customer!r} can be read, and another one cannot",
                    advice="Remove that one first.",
                )
            shelf.remove(row)
            shelf.note("remove", name, before=row.state, note="it could not be read")

    def order(
        self, customer: str, names: Sequence[str], *, by: str, now: datetime
    ) -> tuple[ServerRecord, ...]:
        """Put a customer's servers in order; ``names`` names each of them, once."""
        with self._shelf(customer, by, now) as shelf:
            rows = [shelf.row(one) for one in names]
            missing = [one for one in shelf.names if one not in names]
            twice = sorted({one for one in names if list(names).count(one) > 1})
            if missing or twice:
                wrong = f"leaves out {', '.join(missing)}" if missing else f"names {', '.join(twice)} twice"
                raise StoreError(
                    f"this order of the servers of {customer!r} {wrong}",
                    advice=f"Name each of them once: {', '.join(shelf.names)}.",
                )
            shelf.put_in_order(rows)
            shelf.note("order", note=", ".join(names))
            return self._records(shelf.rows)

    def step(
        self,
        customer: str,
        name: str,
        act: ServerAct,
        *,
        server: Server,
        by: str,
        now: datetime,
        note: str = "",
        findings: Mapping[str, Any] | None = None,
    ) -> ServerRecord:
        """Let a server take a step; ``server`` is the very one that was looked at.

        Raises StoreError where it was changed meanwhile, and where the step cannot be taken from
        where it is.
        """
        with self._shelf(customer, by, now) as shelf:
            row = shelf.row(name)
            marks = self._codec.marks(customer, server)
            if not matches(row.fingerprint, prints(marks)):
                raise StoreError(
                    f"the server {name} of {customer!r} was changed meanwhile",
                    advice="Look at it again, and repeat the step.",
                )
            after = next_state(row.state, act)
            if isinstance(after, Refused):
                raise StoreError(f"{name} of {customer!r}: {after.explain()}", advice=after.advice)
            note = note and kept_text(note, "the note")
            step = ServerStep(state=after, at=now.astimezone(UTC), by=by, note=note)
            shelf.note(act, name, before=row.state, after=after, note=note)
            changed = stepped(marked(row, marks), step, findings)
            return self._codec.record(shelf.update(changed))

    def keep_rules_server(
        self, customer: str, server: Server, *, senders: Sequence[str] = (), by: str, now: datetime
    ) -> ServerRecord:
        """Begin the record of a server that stands in the rules, or give the one there is.

        The same account with another password takes the old record's place, and is entered anew.
        """
        with self._shelf(customer, by, now) as shelf:
            marks = self._codec.marks(customer, server)
            same = shelf.same(marks)
            if same is not None:
                return self._codec.record(same)
            old = shelf.same_account(marks, from_rules=True)
            if old is None:
                columns = {"definition": None, "sealed": None, **marks[0]._asdict()}
                row = new_row(customer, shelf.free_name(server.name), columns, senders, by=by, now=now)
                return self._add(shelf, row, None)
            changed = entered(replace(marked(old, marks), senders=written_senders(senders)), by=by, now=now)
            shelf.note(ServerAct.ENTER, old.name, before=old.state, after=changed.state)
            return self._codec.record(shelf.update(changed))

    def rotate(self, in_rules: Iterable[tuple[str, Server]] = (), *, by: str, now: datetime) -> int:
        """Encrypt with the first secret key what an older one sealed; give how many servers changed.

        ``in_rules`` are the servers that stand in the rules, each with its customer: their passwords
        are not kept, so without them their states are lost with the older key.
        """
        named: dict[str, list[Server]] = {}
        for customer, server in in_rules:
            named.setdefault(customer, []).append(server)
        changed = 0
        for customer in self.customers():
            with self._shelf(customer, by, now) as shelf:
                for row in shelf.rows:
                    fresh = self._fresh(row, named.get(customer, ()))
                    if fresh != row:
                        shelf.note("rotate", row.name, before=row.state, after=row.state)
                        shelf.update(fresh)
                        changed += 1
        return changed

    def _fresh(self, row: ServerRow, in_rules: Sequence[Server]) -> ServerRow:
        server = self._codec.server(row)
        for one in in_rules if server is None else (server,):
            marks = self._codec.marks(row.customer, one)
            if matches(row.fingerprint, prints(marks)):
                columns = (
                    {} if self._codec.is_current(row) else self._codec.columns(row.customer, row.name, one)
                )
                return marked(replace(row, **columns), marks)
        return row

    def _add(self, shelf: Shelf, row: ServerRow, position: int | None) -> ServerRecord:
        shelf.note(ServerAct.ENTER, row.name, after=row.state)
        return self._codec.record(shelf.add(row, position))

    def _records(self, rows: Iterable[ServerRow]) -> tuple[ServerRecord, ...]:
        return tuple(self._codec.record(one) for one in rows)

    @contextlib.contextmanager
    def _shelf(self, customer: str, by: str, now: datetime) -> Iterator[Shelf]:
        kept_text(customer, "the customer")
        kept_text(by, "who does it")
        with self._database.writing(f"servers of {customer}") as transaction:
            yield Shelf(transaction, customer, by=by, now=now)
