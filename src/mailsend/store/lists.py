"""The lists: who is not written to, who never is, and who is all the same (M17, M38, H7, P6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import select

from mailsend.model.address import Address
from mailsend.model.list_entry import Entry, Level, ListName, ListPattern, Why, decisive
from mailsend.model.secret import Secret
from mailsend.store.engine import advisory_lock
from mailsend.store.events import note as note_event
from mailsend.store.list_marks import ListMarks
from mailsend.store.list_sql import ADD, ERASE, FEW, MEET, REMARK, REMOVE, UNERASED, entry_from, marked
from mailsend.store.schema.lists import entry
from mailsend.store.server_changes import kept_text
from mailsend.store.times import moment, moment_or_none

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["ListBook"]

_AT_ONCE: Final = 500


@final
class ListBook:
    """The entries of all lists, of each customer and of the application (``""``).

    ``by`` says who does it and ``now`` when, with its zone; every change is an event, in which an
    address stands as its mark alone. All methods raise StoreError.
    """

    def __init__(self, database: Database, writer: Writer, secret_keys: Sequence[Secret] = ()) -> None:
        self._database = database
        self._writer = writer
        self._marks = ListMarks(secret_keys)

    def of(
        self, customer: str, keys: Iterable[str], *, now: datetime, essential: bool = False
    ) -> Mapping[str, Entry]:
        """Give for each of these addresses (``Address.key``) that is kept from mail the entry that does it."""
        found = self.concerning(customer, keys, now=now)
        chosen = ((key, decisive(entries, essential=essential)) for key, entries in found.items())
        return {key: one for key, one in chosen if one is not None}

    def concerning(
        self, customer: str, keys: Iterable[str], *, now: datetime
    ) -> Mapping[str, tuple[Entry, ...]]:
        """Give every entry that holds now for these addresses: their own, and their domains'."""
        marks = {one: self.marks_of(one) for one in keys}
        wanted = list(dict.fromkeys(mark for some in marks.values() for mark in some))
        if not wanted:
            return {}
        rows = self._database.looking(lambda transaction: marked(transaction, wanted))
        by_mark: dict[str, list[Entry]] = {}
        for row in rows:
            if row.customer in (customer, "") and (one := entry_from(row)).holds_at(now):
                by_mark.setdefault(row.hashed, []).append(one)
        found = {
            key: tuple(one for mark in some for one in by_mark.get(mark, ())) for key, some in marks.items()
        }
        return {key: some for key, some in found.items() if some}

    def marks_of(self, key: str) -> tuple[str, ...]:
        """Give the marks under which entries for the address ``key`` and for its domain may stand."""
        return (*self._marks.of(key), *self._marks.of(f"@{key.rpartition('@')[2]}"))

    def few(self, customer: str, most: int) -> Mapping[str, tuple[Entry, ...]] | None:
        """Give all entries of a customer and of the application by their marks; None for more than ``most``."""
        one, two, three = ListName
        rows = self._database.read(FEW, customer=customer, most=most + 1, one=one, two=two, three=three)
        if len(rows) > most:
            return None
        found: dict[str, tuple[Entry, ...]] = {}
        for row in rows:
            found[row.hashed] = (*found.get(row.hashed, ()), entry_from(row))
        return found

    def about(self, pattern: ListPattern, *, customer: str | None = None) -> tuple[Entry, ...]:
        """Give every entry for an address and for its domain, whether it holds or has ended.

        Without a ``customer`` those of all.
        """
        marks = self.marks_of(pattern.key)
        rows = self._database.looking(lambda transaction: marked(transaction, marks))
        return tuple(entry_from(row) for row in rows if customer in (None, row.customer))

    def page(
        self,
        *,
        list: ListName | None = None,
        customer: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> tuple[Entry, ...]:
        """Give entries in the order in which they were made, at most ``limit``, behind the one with id ``after``."""
        asked = select(entry).where(entry.c.id > after).order_by(entry.c.id).limit(limit)
        if list is not None:
            asked = asked.where(entry.c.list == list)
        if customer is not None:
            asked = asked.where(entry.c.customer == customer)
        rows = self._database.looking(lambda transaction: transaction.connection.execute(asked).fetchall())
        return tuple(entry_from(row) for row in rows)

    def add(
        self,
        list: ListName,
        pattern: ListPattern,
        *,
        customer: str = "",
        why: Why = Why.BY_HAND,
        note: str = "",
        source: str = "",
        level: Level = Level.ADMIN,
        until: datetime | None = None,
        by: str,
        now: datetime,
    ) -> Entry:
        """Put an address or a domain on a list; where it is there for this reason, it is met once more.

        Of two ends the later one counts, of two levels the higher; an entry that has ended begins anew.
        """
        kept_text(by, "who does it")
        for text, what in ((customer, "the customer"), (note, "the note"), (source, "the source")):
            if text:
                kept_text(text, what)

        def work(transaction: Transaction) -> Entry:
            self._lock(transaction)
            old = self._rows(transaction, list, customer, pattern, why)
            values = {
                "pattern": pattern.text,
                "hashed": self._marks.of(pattern.key)[0],
                "note": note,
                "source": source,
                "by": by,
                "level": level,
                "times": 1,
                "made_at": moment(now),
                "until": moment_or_none(until),
            }
            if not old:
                transaction.run(ADD, list=list, customer=customer, reason=why, **values)
            else:
                row = old[0]
                values["times"] = row.times + 1
                values["note"], values["source"] = note or row.note, source or row.source
                if row.until is None or row.until > moment(now):
                    values["made_at"] = row.made_at
                    values["level"] = max(level, Level(row.level), key=lambda one: one.rank)
                    ends = (row.until, values["until"])
                    values["until"] = None if None in ends else max(ends)
                transaction.run(MEET, row=row.id, **values)
            facts = self._facts(list, pattern, why)
            note_event(
                transaction,
                "list_add",
                now=now,
                by=by,
                customer=customer,
                reason=note or str(why),
                facts=facts,
            )
            return entry_from(self._rows(transaction, list, customer, pattern, why)[0])

        return self._writer.do(work)

    def remove(
        self,
        list: ListName,
        pattern: ListPattern,
        *,
        customer: str = "",
        why: Why | None = None,
        reason: str = "",
        by: str,
        now: datetime,
    ) -> int:
        """Take an address or a domain off a list, for all reasons or for one; give how many entries went."""
        kept_text(by, "who does it")

        def work(transaction: Transaction) -> int:
            self._lock(transaction)
            rows = self._rows(transaction, list, customer, pattern, why)
            for row in rows:
                transaction.run(REMOVE, row=row.id)
                why_gone = Why(row.reason)
                facts = self._facts(list, pattern, why_gone)
                note_event(
                    transaction,
                    "list_remove",
                    now=now,
                    by=by,
                    customer=customer,
                    reason=reason or str(why_gone),
                    facts=facts,
                )
            return len(rows)

        return self._writer.do(work)

    def erase(self, transaction: Transaction, address: Address) -> int:
        """Blank an address in its entries, which go on to hold by a keyed mark (M38); give how many.

        It belongs into the transaction that erases a person, which writes its own event. Raises
        InvalidSettings where there are entries and no secret key: an address could be guessed from
        any other mark.
        """
        self._lock(transaction)
        rows = marked(transaction, self._marks.of(address.key))
        for row in rows:
            transaction.run(ERASE, row=row.id, hashed=self._marks.lasting(address.key))
        return len(rows)

    def rotate(self) -> int:
        """Mark with the first secret key what an older one marked, or none; give how many entries changed.

        Those of erased persons keep their mark: without the key that made it they would be lost.
        """
        changed, after = 0, 0
        while rows := self._database.read(UNERASED, after=after, most=_AT_ONCE):
            after = rows[-1].id
            wanted = [
                (row.id, self._marks.of(ListPattern.parse(row.pattern).key)[0], row.hashed) for row in rows
            ]
            changed += self._remark(
                [{"row": row, "hashed": mark} for row, mark, old in wanted if mark != old]
            )
        return changed

    def _remark(self, stale: Sequence[dict[str, Any]]) -> int:
        if not stale:
            return 0
        return self._writer.do(lambda transaction: transaction.run_many(REMARK, stale))

    def _rows(
        self, transaction: Transaction, list: ListName, customer: str, pattern: ListPattern, why: Why | None
    ) -> Sequence[Any]:
        return [
            row
            for row in marked(transaction, self._marks.of(pattern.key))
            if row.list == list and row.customer == customer and why in (None, row.reason)
        ]

    @staticmethod
    def _lock(transaction: Transaction) -> None:
        """Be alone with the lists, so that of two who add the same at once the second finds it."""
        if transaction.connection.dialect.name == "postgresql":
            advisory_lock(transaction.connection, "lists")

    def _facts(self, list: ListName, pattern: ListPattern, why: Why) -> dict[str, str]:
        """Give what an event tells of an entry: no address, nor what lets it be guessed, for both outlive it."""
        facts = {"list": str(list), "why": str(why)}
        if pattern.is_domain:
            return {**facts, "pattern": pattern.text}
        mark = self._marks.keyed(pattern.key)
        return facts if mark is None else {**facts, "hashed": mark}
