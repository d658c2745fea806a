"""Who works on the queue, since when, and how full it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import bindparam, delete, text, update

from mailsend.model.frozen import FrozenDict
from mailsend.store.queue.inserts import insertion
from mailsend.store.schema import mails
from mailsend.store.schema.upkeep import worker
from mailsend.store.statement import Statement
from mailsend.store.times import moment, time_of, time_or_none

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["Depth", "WorkerBook", "WorkerRecord"]

_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_BEGIN: Final = insertion(worker)
_SEEN: Final = Statement(
    update(worker)
    .where(worker.c.id == bindparam("which"))
    .values(seen_at=bindparam("now"), told=bindparam("tells"))
    .returning(worker.c.id)
)
_GONE: Final = Statement(delete(worker).where(worker.c.id == bindparam("which")))
_FORGET: Final = Statement(
    delete(worker).where(worker.c.seen_at < bindparam("before")).returning(worker.c.id)
)
_ALL: Final = Statement(worker.select().order_by(worker.c.host, worker.c.process, worker.c.began_at))

# Written out, so that each count is one look into its own index.
_DEPTH: Final = Statement(
    text(
        f"SELECT (SELECT count(*) FROM {mails.message.name} WHERE state = 'queued' AND frozen = 0) AS queued,"  # noqa: S608 - names of ours
        f" (SELECT count(*) FROM {mails.message.name} WHERE state = 'sending') AS sending,"
        f" (SELECT count(*) FROM {mails.message.name} WHERE state = 'held') AS held,"
        f" (SELECT due_at FROM {mails.message.name} WHERE state = 'queued' AND frozen = 0"
        ' ORDER BY "rank" LIMIT 1) AS next'
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How many mails wait to be sent, are being sent, are held.

    ``due_since`` is since when the first in the queue is due (UTC); None where it is not yet.
    """

    queued: int = 0
    sending: int = 0
    held: int = 0
    due_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """One worker: where it runs, since when, when it was seen last (UTC), and what it told."""

    id: str
    host: str
    process: int
    began_at: datetime
    seen_at: datetime
    told: Mapping[str, Any] = field(default_factory=FrozenDict)


@final
class WorkerBook:
    """Who works on the queue. ``now`` has a zone; all methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def seen(
        self,
        id: str,
        *,
        host: str,
        process: int,
        began_at: datetime,
        now: datetime,
        told: Mapping[str, Any],
    ) -> None:
        """Write down that a worker lives, and what it tells of itself."""
        at, began, tells = moment(now), moment(began_at), _write(dict(told))

        def work(transaction: Transaction) -> None:
            if not transaction.run(_SEEN, which=id, now=at, tells=tells):
                transaction.run(
                    _BEGIN, id=id, host=host, process=process, began_at=began, seen_at=at, told=tells
                )

        self._writer.do(work)

    def gone(self, id: str) -> None:
        """Write down that a worker has ended."""
        self._writer.do(lambda transaction: transaction.run(_GONE, which=id))

    def forget(self, *, before: datetime) -> int:
        """Forget workers that nobody has seen since; give how many."""
        at = moment(before)
        return len(self._writer.do(lambda transaction: transaction.run(_FORGET, before=at)))

    def all(self) -> tuple[WorkerRecord, ...]:
        """Give every worker that has not said that it ended, by host and process."""
        return tuple(_record(one) for one in self._database.read(_ALL))

    def depth(self, *, now: datetime) -> Depth:
        """Give how full the queue is."""
        at = moment(now)
        row = self._database.read(_DEPTH)[0]
        since = row.next if row.next is not None and row.next <= at else None
        return Depth(
            queued=row.queued,
            sending=row.sending,
            held=row.held,
            due_since=time_or_none(since),
        )


def _record(row: Any) -> WorkerRecord:
    return WorkerRecord(
        id=row.id,
        host=row.host,
        process=row.process,
        began_at=time_of(row.began_at),
        seen_at=time_of(row.seen_at),
        told=FrozenDict(json.loads(row.told)),
    )
