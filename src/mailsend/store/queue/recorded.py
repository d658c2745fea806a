"""Records of mail that was sent, as they wait in memory while the database is away."""

from __future__ import annotations

from sys import getsizeof
from typing import Any, Final

from mailsend.store.queue.deposit import Deposit, place_again
from mailsend.store.written_together import Kept

__all__ = ["RECORDS"]


def _named(deposit: Deposit) -> str:
    return str(deposit.message["id"])


def _weighed(deposit: Deposit) -> int:
    rows: list[dict[str, Any]] = [deposit.message, *deposit.recipients, *deposit.attempts]
    if deposit.content is not None:
        rows.append(deposit.content)
    kept = sum(getsizeof(row) + sum(map(getsizeof, row.values())) for row in rows)
    return kept + sum(map(getsizeof, deposit.blobs.values()))


RECORDS: Final = Kept(again=place_again, named=_named, weighed=_weighed)
