"""Many rows put in at once: as many as there are, and none of them twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kept_mails import rows
from store_samples import NOW
from stored_mails import a_mail

from mailsend.mailer.queueing.depositing import deposit_of
from mailsend.model.rules import RetryRules
from mailsend.store.queue import Placed
from mailsend.store.queue.deposit import _MESSAGE_QUIETLY as _MESSAGES
from mailsend.store.schema import mails


def _deposits(numbers):
    made = deposit_of(a_mail(), how="enqueue", now=NOW, retry=RetryRules(), vault=None)
    for number in numbers:
        id = f"01mail{number:03}"
        yield replace(
            made,
            message={**made.message, "id": id, "subject": f"Mail {number}"},
            recipients=[{**one, "message": id} for one in made.recipients],
            content={**made.content, "message": id, "data": f"{number}".encode()},
        )


@pytest.mark.parametrize("number", [1, 2, 15, 16, 17, 31, 32, 33, 100])
def test_as_many_are_there_as_were_put_in(store, number):
    """Whatever their number, each with its own values."""
    placed = store.queue.put_together([list(_deposits(range(number)))]).result()
    assert placed == [tuple(Placed(f"01mail{one:03}") for one in range(number))]
    told = {one.id: one.subject for one in rows(store, mails.message)}
    assert told == {f"01mail{one:03}": f"Mail {one}" for one in range(number)}
    assert len(rows(store, mails.recipient)) == number * 2
    kept = {one.message: bytes(one.data) for one in rows(store, mails.content)}
    assert kept == {f"01mail{one:03}": f"{one}".encode() for one in range(number)}


def test_those_that_are_in_already_are_left_as_they_are(store):
    """Some of many came before: the others are put in beside them, and the numbers are told truly."""
    store.queue.put_together([list(_deposits(range(0, 40, 3)))]).result()
    before = {one.id: one for one in rows(store, mails.message)}
    every = [one.message for one in _deposits(range(40))]
    with store._database.writing() as transaction:
        changed = transaction.run_many(_MESSAGES, [{**one, "subject": "Another"} for one in every])
    after = {one.id: one for one in rows(store, mails.message)}
    assert (changed, len(after)) == (40 - len(before), 40)
    assert all(after[id] == one for id, one in before.items())
