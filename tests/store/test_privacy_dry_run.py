"""A dry run tells the very figures that the erasure then comes to, and what it would leave (M38)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert
from store_samples import KEYS
from stored_mails import NOW, a_mail, put, rows_of

from mailsend.model.address import Address, ByAddress
from mailsend.model.attachment import Attachment
from mailsend.model.list_entry import ListName, ListPattern, Why
from mailsend.model.report import Attempt, Exchange, Outcome, RecipientResult
from mailsend.store.events import note
from mailsend.store.mails import attempt_rows
from mailsend.store.schema import mails, metadata, upkeep
from mailsend.store.vault import Vault

BOB = Address.parse("Bob.Meier@example.org")
ERASING = {"reason": "he asked for it", "by": "ann", "now": NOW}
VAULT = Vault(KEYS, purpose="content")


@pytest.fixture
def rows(store):
    return store._database


def _put(rows, id, *, state="done", attempts=0, **more):
    mail = a_mail(**{"id": id, "to": f"Bob Meier <{BOB}>", **more})
    put(rows, mail, state=state, vault=VAULT)
    result = RecipientResult(outcome=Outcome.REJECTED, reason="no_such_user", server="relay1")
    tried = Attempt(
        server="relay1",
        recipients=ByAddress(dict.fromkeys(mail.recipients, result)),
        outcome=Outcome.REJECTED,
        conversation=(Exchange(at=0.1, who="C", line=f"RCPT TO:<{BOB}>"),),
    )
    with rows.writing() as transaction:
        for _ in range(attempts):
            transaction.connection.execute(insert(mails.attempt), attempt_rows(id, [tried], now=NOW))


def _world(store, rows):
    """Put in all that may be found: mails with and without content, open ones, keys, entries, what was told."""
    _put(rows, "01two", attempts=2, to=[f"Bob Meier <{BOB}>", "Eve <eve@example.org>"])
    _put(rows, "01three", attempts=1, metadata={"who": str(BOB)}, to="eve@example.org")
    _put(rows, "01many", to="eve@example.org", actor=str(BOB))
    _put(rows, "01joined", to="eve@example.org", idempotency_key=f"to-{BOB}")
    large = Attachment.from_bytes(b"x" * 70_000 + str(BOB).encode(), filename="x.txt")
    _put(rows, "01blob", to="eve@example.net", attachments=[large])
    _put(rows, "01said", to="eve@example.net", text=f"Write to {BOB}")
    _put(rows, "01gone")
    _put(rows, "01open", state="queued", attempts=1)
    _put(rows, "01held", state="held", to="eve@example.net", text=f"Write to {BOB}")
    for one in range(60):
        _put(rows, f"01x{one:02}", attempts=one % 2)
    with rows.writing() as transaction:
        run = transaction.connection.execute
        run(mails.content.delete().where(mails.content.c.message == "01gone"))
        run(mails.recipient.update().values(reply="").where(mails.recipient.c.message == "01said"))
        key = {"customer": "", "in_test_mode": 0, "key": f"to-{BOB}", "request_digest": "d", "kept_until": 1}
        run(insert(mails.idempotency), {**key, "message": "01two"})
        switch = {"scope": "", "enabled": 1, "recipient": str(BOB), "by": f"x {BOB}", "at": 1}
        run(insert(upkeep.test_switch), switch)
        note(transaction, "released", now=NOW, by=str(BOB), message="01two", reason="x")
        note(transaction, "looked", now=NOW, by="ann", message="01two", reason="x")
        note(transaction, "looked", now=NOW, by=f"x {BOB}", reason="no mail of his")
    store.lists.add(
        ListName.SUPPRESS, ListPattern.parse(BOB), why=Why.BY_HAND, by=str(BOB), note=f"{BOB} called", now=NOW
    )


def test_a_dry_run_tells_what_the_erasure_then_tells(store, rows):
    """Every figure is the same, of records, contents and all else; and nothing has changed meanwhile."""
    _world(store, rows)
    before = {table.name: [vars(one) for one in rows_of(rows, table)] for table in metadata.sorted_tables}
    steps = []
    dry = store.privacy.erase(
        BOB, **ERASING, dry_run=True, cancel_open=True, progress=lambda done, of: steps.append((done, of))
    )
    after = {table.name: [vars(one) for one in rows_of(rows, table)] for table in metadata.sorted_tables}
    assert after == before
    assert steps[-1] == (len(before["mailsend_message"]) - 1, len(before["mailsend_message"]) - 1)
    done = store.privacy.erase(BOB, **ERASING, cancel_open=True)
    assert replace(dry, dry_run=False, compacted=done.compacted, advice=done.advice) == done
    assert min(done.mails, done.recipients, done.attempts, done.events, done.contents, done.others) > 0
    assert done.remaining == {"mailsend_test_switch": 1, "open mails": 1}


def test_what_is_open_is_told(store, rows):
    """Mail that stands in the way is counted, and told by its id; what would not be touched is told as left."""
    _put(rows, "01open", state="queued")
    _put(rows, "01held", state="held", to="eve@example.net", text=f"Write to {BOB}")
    dry = store.privacy.erase(BOB, **ERASING, dry_run=True)
    assert (dry.mails, dry.recipients, dry.contents, dry.open) == (1, 1, 1, ("01open",))
    assert (dry.cancelled, dry.remaining) == (0, {"open mails": 1})
    dry = store.privacy.erase(BOB, **ERASING, dry_run=True, cancel_open=True)
    assert (dry.cancelled, dry.remaining) == (1, {"open mails": 1})
