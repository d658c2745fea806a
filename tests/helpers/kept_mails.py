"""Mails put into a store in any state, and the rows that are there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from stored_mails import NOW

from mailsend.model.submission import Submission
from mailsend.store.mails import content_row, message_row, recipient_rows
from mailsend.store.queue import Deposit
from mailsend.store.queue.deposit import place
from mailsend.store.times import moment


def keep(
    store: Any,
    submission: Submission,
    *,
    state: Any = "queued",
    now: datetime = NOW,
    vault: Any = None,
    recipients: Mapping[int, Mapping[str, Any]] | None = None,
    **more: Any,
) -> None:
    """Put a finished mail in; ``recipients`` changes columns of its recipients, by their position."""
    contents = content_row(submission, now=now, vault=vault)
    open_ = state == "queued"
    rows = recipient_rows(submission, now=now, due_at=now if open_ else None)
    for position, changed in (recipients or {}).items():
        rows[position].update(changed)
    deposit = Deposit(
        message=message_row(
            submission, how="enqueue", state=state, now=now, due_at=now if open_ else None, **more
        ),
        recipients=rows,
        content=contents.row,
        blobs=contents.blobs,
    )
    store._writer.do(lambda transaction: place(transaction, deposit, now=moment(now)))


def rows(store: Any, table: Any) -> list[SimpleNamespace]:
    """Give all rows of a table."""
    found = store._database.looking(lambda one: one.connection.execute(select(table)).mappings().all())
    return [SimpleNamespace(**one) for one in found]


def run(store: Any, *statements: Any) -> None:
    """Run statements, each with its values where it is a pair, in one transaction."""
    with store._database.writing() as transaction:
        for one in statements:
            transaction.connection.execute(*one) if isinstance(
                one, tuple
            ) else transaction.connection.execute(one)
