"""A person blanked in the whole store, or all that it has of a person given out (M38)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import and_, delete, func, tuple_, update

from mailsend.decide.state import Act
from mailsend.errors import StoreError, StoreRefused
from mailsend.model.address import Address
from mailsend.model.erasure import Erasure
from mailsend.model.frozen import FrozenDict
from mailsend.model.list_entry import Entry, ListPattern
from mailsend.store.events import note
from mailsend.store.location import StoreKind
from mailsend.store.outbox.acts import act_on
from mailsend.store.privacy.compacting import advice_for, compact
from mailsend.store.privacy.export import everything_about
from mailsend.store.privacy.finding import Findings, find
from mailsend.store.privacy.person import Person
from mailsend.store.privacy.places import TOLD, rows_with
from mailsend.store.privacy.rewriting import blank_mail
from mailsend.store.retention import Retention
from mailsend.store.schema.mails import event, idempotency
from mailsend.store.schema.upkeep import provider

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.lists import ListBook
    from mailsend.store.writer import Writer

__all__ = ["PrivacyBook"]

_AT_ONCE: Final = 50  # mails in one transaction
_KEYS_AT_ONCE: Final = 500  # in one statement, which takes so many values and no more
_LOOKS: Final = 3  # since mail goes on being written meanwhile
_SHOWN: Final = 5

Progress = Callable[[int, int], object]


@final
class PrivacyBook:
    """Erases persons, and gives out what the store has of them. All methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer, lists: ListBook) -> None:
        self._database = database
        self._writer = writer
        self._lists = lists

    def export(
        self, address: Address, *, by: str, now: datetime, with_content: bool = False
    ) -> dict[str, Any]:
        """Give all that the store has of a person, as JSON takes it; it is written down who looked.

        With ``with_content`` the mails themselves are in it, but for sensitive ones.
        """
        _check_said(by, "giving out what is kept needs a name of who does it")
        person = Person(address)

        def look(transaction: Transaction) -> dict[str, Any]:
            connection = transaction.connection
            return everything_about(connection, person, find(connection, person), with_content=with_content)

        given = self._database.looking(look)
        given["list_entries"] = [_shown(one) for one in self._entries(address)]
        facts = {"mails": len(given["mails"]), "with_content": with_content}
        self._note("person", by=person.without(by), reason="", facts=facts, now=now)
        return given

    def erase(
        self,
        address: Address,
        *,
        reason: str,
        by: str,
        now: datetime,
        cancel_open: bool = False,
        dry_run: bool = False,
        compacting: bool | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> Erasure:
        """Blank a person everywhere, and tell what was found; list entries go on to hold.

        A mail that is queued, held or being sent stands in the way, unless it may be cancelled
        (``cancel_open``). With ``dry_run`` nothing is changed. ``compacting`` has the files of the
        store written anew, so that nothing is left in them: of SQLite it is done unless it is False, of
        PostgreSQL where it is True, since it locks each table. Raises InvalidSettings where an entry of
        the lists cannot go on to hold for want of a secret key.
        """
        _check_said(reason, "erasing needs a reason")
        _check_said(by, "erasing needs a name of who does it")
        person = Person(address)
        found = self._look(person)
        entries = sum(1 for one in self._entries(address) if one.pattern)
        if dry_run:
            counted = self._blank_mails(found, person, progress, dry_run=True)
            return _would(found, counted, entries, cancel_open=cancel_open)
        if found.open and not cancel_open:
            raise _in_the_way(found.open)
        self._writer.do(lambda transaction: self._blank_entries(transaction, person))
        in_the_way = found.open
        self._cancel(in_the_way, reason=person.without(reason), by=person.without(by), now=now)
        done: Counter[str] = Counter(entries=entries, cancelled=len(in_the_way))
        for _ in range(_LOOKS):
            found = self._look(person)
            if not found.to_blank:
                break
            done += self._blank_mails(found, person, progress)
            done += self._blank_the_rest(found, person)
        found = self._look(person)
        Retention(self._database, self._writer).blobs()
        self._note("erase", by=person.without(by), reason=person.without(reason), facts=dict(done), now=now)
        kind = self._database.location.kind
        wanted = kind is not StoreKind.POSTGRESQL if compacting is None else compacting
        compacted = wanted and compact(self._database)
        advice = "" if compacted else advice_for(kind)
        return _told(found, done, open_=in_the_way, compacted=compacted, advice=advice)

    def _look(self, person: Person) -> Findings:
        return self._database.looking(lambda transaction: find(transaction.connection, person))

    def _entries(self, address: Address) -> tuple[Entry, ...]:
        pattern = ListPattern.parse(address)
        return tuple(
            one
            for one in self._lists.about(pattern)
            if not one.pattern or ListPattern.parse(one.pattern).key == pattern.key
        )

    def _blank_entries(self, transaction: Transaction, person: Person) -> None:
        """Leave a mark alone, in the entries and in what was written down about them."""
        self._lists.erase(transaction, person.address)
        marks = self._lists.marks_of(person.address.key)
        own = marks[: len(marks) // 2]
        keyed, bare = own[0] if len(own) > 1 else "", own[-1]
        facts = func.replace(event.c.facts, bare, keyed)
        transaction.connection.execute(update(event).where(event.c.facts.contains(bare)).values(facts=facts))

    def _cancel(self, mails: Sequence[str], *, reason: str, by: str, now: datetime) -> None:
        def work(transaction: Transaction) -> None:
            for one in mails:
                obstacle = act_on(transaction, Act.CANCEL, one, now=now, by=by, reason=reason)
                if obstacle is not None:
                    raise StoreRefused(f"{one} cannot be cancelled: {obstacle}", advice="Then erase again.")

        if mails:
            self._writer.do(work)

    def _blank_mails(
        self, found: Findings, person: Person, progress: Progress, *, dry_run: bool = False
    ) -> Counter[str]:
        """Blank the person mail by mail, and give how much; or count it alone, open mails too."""
        done: Counter[str] = Counter()
        whole = {*found.mails, *(found.open if dry_run else ())}
        ids = [*sorted(whole), *found.contents]
        every = len(ids)
        for at in range(0, every, _AT_ONCE):
            some = ids[at : at + _AT_ONCE]

            def work(transaction: Transaction, some: Sequence[str] = some) -> Counter[str]:
                counted: Counter[str] = Counter()
                for one in some:
                    counted += blank_mail(
                        transaction.connection,
                        one,
                        person,
                        content_alone=one not in whole,
                        keep_domain=found.domain_is_shared,
                        dry_run=dry_run,
                    )
                return counted

            done += self._database.looking(work) if dry_run else self._writer.do(work)
            progress(min(at + _AT_ONCE, every), every)
        return done

    def _blank_the_rest(self, found: Findings, person: Person) -> Counter[str]:
        return self._writer.do(lambda transaction: _blank_the_rest(transaction, found, person))

    def _note(self, act: str, *, by: str, reason: str, facts: dict[str, Any], now: datetime) -> None:
        self._writer.do(
            lambda transaction: note(transaction, act, now=now, by=by, reason=reason, facts=facts)
        )


def _blank_the_rest(transaction: Transaction, found: Findings, person: Person) -> Counter[str]:
    """Blank what belongs to no mail, and take keys out that hold the address."""
    run = transaction.connection.execute
    key = tuple_(idempotency.c.customer, idempotency.c.in_test_mode, idempotency.c.key)
    for at in range(0, len(found.keys), _KEYS_AT_ONCE):
        run(delete(idempotency).where(key.in_(found.keys[at : at + _KEYS_AT_ONCE])))
    done: Counter[str] = Counter(keys=len(found.keys))
    for table, names in TOLD.items():
        keys = list(table.primary_key.columns)
        for row in rows_with(transaction.connection, person, table, names):
            this = and_(*(one == getattr(row, one.name) for one in keys))
            blanked = {one: person.without(getattr(row, one)) for one in names}
            run(update(table).where(this).values(blanked))
            done["others"] += 1
    if not found.domain_is_shared:
        run(delete(provider).where(provider.c.domain == person.address.domain.ascii))
    return done


def _would(found: Findings, counted: Counter[str], entries: int, *, cancel_open: bool) -> Erasure:
    """Tell what an erasure would do once no mail stands in its way."""
    done = counted + Counter(keys=len(found.keys), entries=entries, others=sum(found.told.values()))
    if cancel_open:
        done["cancelled"] = len(found.open)
    left = replace(found, open=())
    told = _told(left, done, open_=found.open, compacted=False, advice="")
    return replace(told, dry_run=True)


def _told(
    found: Findings, done: Counter[str], *, open_: Sequence[str], compacted: bool, advice: str
) -> Erasure:
    remaining = dict(found.settings)
    if waiting := len({*found.open, *found.open_contents}):
        remaining["open mails"] = waiting
    return Erasure(
        mails=done["mails"],
        recipients=done["recipients"],
        attempts=done["attempts"],
        events=done["events"],
        contents=done["contents"],
        keys=done["keys"],
        entries=done["entries"],
        others=done["others"],
        open=tuple(open_),
        cancelled=done["cancelled"],
        remaining=FrozenDict(remaining),
        compacted=compacted,
        advice=advice,
    )


def _check_said(text: str, what: str) -> None:
    if not text.strip():
        raise StoreError(what, advice="It is written down.")


def _in_the_way(mails: Sequence[str]) -> StoreRefused:
    shown = ", ".join(mails[:_SHOWN]) + (", …" if len(mails) > _SHOWN else "")
    number = (
        "1 mail that names this person has"
        if len(mails) == 1
        else f"{len(mails)} mails that name this person have"
    )
    return StoreRefused(
        f"{number} not come to an end ({shown})",
        advice="Erase when they are out; or have them cancelled: --cancel-open (cancel_open=True).",
    )


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "list": str(entry.list),
        "customer": entry.customer,
        "why": str(entry.why),
        "note": entry.note,
        "made_at": entry.made_at.isoformat(),
        "until": entry.until and entry.until.isoformat(),
    }
