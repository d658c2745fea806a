"""The duties of care as the store knows them: when each ran, when it is due, who is at it now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import bindparam, or_, select, update

from mailsend.model.frozen import FrozenDict
from mailsend.store.queue.inserts import insertion
from mailsend.store.schema.upkeep import duty
from mailsend.store.times import moment, time_or_none

if TYPE_CHECKING:
    from sqlalchemy import Executable, Select

    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["DutyBook", "DutyRecord"]

_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_KNOW: Final = insertion(duty)
_DUE: Final = select(duty.c.name).where(
    duty.c.name == bindparam("which"),
    duty.c.due_at <= bindparam("now"),
    or_(duty.c.lease_until.is_(None), duty.c.lease_until <= bindparam("now")),
)
_TAKE: Final = (
    update(duty)
    .where(
        duty.c.name == bindparam("which"),
        duty.c.due_at <= bindparam("now"),
        or_(duty.c.lease_until.is_(None), duty.c.lease_until <= bindparam("now")),
    )
    .values(lease_until=bindparam("lease"), worker=bindparam("holder"))
    .returning(duty.c.name)
)
_RENEW: Final = (
    update(duty)
    .where(duty.c.name == bindparam("which"), duty.c.worker == bindparam("holder"))
    .values(lease_until=bindparam("lease"))
    .returning(duty.c.name)
)
_FINISH: Final = (
    update(duty)
    .where(duty.c.name == bindparam("which"), duty.c.worker == bindparam("holder"))
    .values(
        lease_until=None,
        worker="",
        ran_at=bindparam("now"),
        due_at=bindparam("due"),
        told=bindparam("tells"),
    )
    .returning(duty.c.name)
)
_HURRY: Final = (
    update(duty)
    .where(duty.c.name == bindparam("which"))
    .values(due_at=bindparam("now"))
    .returning(duty.c.name)
)
_ALL: Final = select(duty).order_by(duty.c.name)
_ONE: Final = select(duty).where(duty.c.name == bindparam("which"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRecord:
    """One duty: when it ran last, when it is due, until when ``worker`` is at it; times are UTC.

    ``told`` is what its last run told.
    """

    name: str
    ran_at: datetime | None = None
    due_at: datetime | None = None
    held_until: datetime | None = None
    worker: str = ""
    told: Mapping[str, Any] = field(default_factory=FrozenDict)


@final
class DutyBook:
    """Lets one process at a time do a duty. ``now`` has a zone; all methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def take(self, name: str, *, holder: str, now: datetime, lease: float) -> bool:
        """Take a duty that is due and in nobody's hands, for ``lease`` seconds; one never done is due.

        ``holder`` is a name for this one run, that no other has.
        """
        at, until = moment(now), moment(now + timedelta(seconds=lease))
        # Most of the time nothing is due, and then nothing is written.
        if self._read(_ONE, which=name) and not self._read(_DUE, which=name, now=at):
            return False

        def work(transaction: Transaction) -> bool:
            transaction.run(_KNOW, name=name, ran_at=None, due_at=at, lease_until=None, worker="", told="{}")
            return _changes(transaction, _TAKE, which=name, now=at, lease=until, holder=holder)

        return self._writer.do(work)

    def renew(self, name: str, *, holder: str, now: datetime, lease: float) -> bool:
        """Hold a duty for ``lease`` seconds more; False where it is in other hands by now."""
        until = moment(now + timedelta(seconds=lease))
        return self._change(_RENEW, which=name, holder=holder, lease=until)

    def finish(
        self, name: str, *, holder: str, now: datetime, due_at: datetime, told: Mapping[str, Any]
    ) -> bool:
        """Write down what a run told, and when the next is due; False where it is in other hands by now."""
        at, due, tells = moment(now), moment(due_at), _write(dict(told))
        return self._change(_FINISH, which=name, holder=holder, now=at, due=due, tells=tells)

    def hurry(self, name: str, *, now: datetime) -> bool:
        """Let a duty be due at once; False where nobody ever did it, and it is due anyhow."""
        return self._change(_HURRY, which=name, now=moment(now))

    def get(self, name: str) -> DutyRecord | None:
        """Give what is known of a duty; None where nobody ever did it."""
        found = self._read(_ONE, which=name)
        return _record(found[0]) if found else None

    def all(self) -> tuple[DutyRecord, ...]:
        """Give what is known of every duty, by name."""
        return tuple(_record(one) for one in self._read(_ALL))

    def _read(self, query: Select[Any], **values: Any) -> Sequence[Any]:
        return self._database.looking(lambda one: one.connection.execute(query, values).all())

    def _change(self, statement: Executable, **values: Any) -> bool:
        return self._writer.do(lambda transaction: _changes(transaction, statement, **values))


def _changes(transaction: Transaction, statement: Executable, **values: Any) -> bool:
    return bool(transaction.connection.execute(statement, values).all())


def _record(row: Any) -> DutyRecord:
    return DutyRecord(
        name=row.name,
        ran_at=time_or_none(row.ran_at),
        due_at=time_or_none(row.due_at),
        held_until=time_or_none(row.lease_until),
        worker=row.worker,
        told=FrozenDict(json.loads(row.told)),
    )
