"""Finished mails for tests of the store, and the rows that they become."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from mail_strategies import TEST_ADDRESS, shop
from sqlalchemy import insert, select

from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.message import Message
from mailsend.model.rules import TestMode
from mailsend.model.submission import Submission
from mailsend.prepare import prepare
from mailsend.settings import Settings
from mailsend.store.mails import content_row, message_row, recipient_rows
from mailsend.store.queue.inserts import insertion
from mailsend.store.schema import mails

_BLOB = insertion(mails.blob)
NOW = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)
RULES = Settings.model_validate(shop()).rules
IN_TEST = TestMode(enabled=True, recipient=Address.parse(TEST_ADDRESS))


def a_mail(*, id: str = "01mail", in_test: bool = False, rules: Any = RULES, **fields: Any) -> Submission:
    """Give a finished mail of the shop's customer with the fallback of its own."""
    asked = {
        "customer": "ratcatcher",
        "from_": "Ann <ann@operations-the-rat.example>",
        "to": "Bob <bob@example.org>",
        "subject": "Hello",
        "text": "Hello",
        **fields,
    }
    message = Message(**asked)
    scope = rules.scope(message.customer, message.business_unit)
    test_mode = IN_TEST if in_test else scope.test_mode
    prepared = prepare(message, gather(message, scope, rules, now=NOW, id=id, test_mode=test_mode))
    assert isinstance(prepared, Submission), prepared.explain()
    return prepared


def put(
    database: Any, submission: Submission, *, state: Any = "queued", vault: Any = None, **more: Any
) -> None:
    """Write the rows of a mail, one by one."""
    contents = content_row(submission, now=NOW, vault=vault)
    row = message_row(submission, how="enqueue", state=state, now=NOW, due_at=NOW, **more)

    def work(transaction: Any) -> None:
        run = transaction.connection.execute
        run(insert(mails.message), row)
        run(insert(mails.recipient), recipient_rows(submission, now=NOW, due_at=NOW))
        run(insert(mails.content), contents.row)
        for digest, data in contents.blobs.items():
            transaction.run(_BLOB, digest=digest, data=data, size=len(data))
            run(insert(mails.content_blob), {"message": submission.id, "digest": digest})

    with database.writing() as transaction:
        work(transaction)


def rows_of(database: Any, table: Any) -> list[SimpleNamespace]:
    """Give all rows of a table, in the order of their keys."""
    asked = select(table).order_by(*table.primary_key.columns)
    found = database.looking(lambda one: one.connection.execute(asked).mappings().all())
    return [SimpleNamespace(**one) for one in found]
