"""The log followed: each mail to which something happens, as it is then, and nothing twice."""

from __future__ import annotations

import asyncio
from itertools import islice

import pytest
from mail_strategies import shop
from sqlalchemy import insert

from mailsend import AsyncMailer, Mailer, Message, Settings
from mailsend.errors import InvalidQuery
from mailsend.mailer.clock import utc_now
from mailsend.store.schema.mails import event


@pytest.fixture
def settings(any_url):
    rules = shop()
    rules["application"]["store"] = any_url
    return Settings.model_validate(rules)


@pytest.fixture
def mailer(settings):
    with Mailer(settings) as opened:
        yield opened


def _enqueue(mailer, to="bob@example.org"):
    return mailer.enqueue(Message(to=to, subject="x", text="y"))


def _looks(mailer, query=""):
    following = mailer.journal.following(query)

    def look():
        return [(one.id, str(one.state)) for one in following.look(now=utc_now())]

    return look


def test_what_was_there_before_is_not_told(mailer):
    """A follower begins with what happens next."""
    _enqueue(mailer)
    mailer.deliver_due()
    look = _looks(mailer)
    assert (look(), look()) == ([], [])


def test_a_mail_is_told_when_it_comes_when_it_is_tried_and_when_somebody_acts(mailer):
    """Each time once, as it is then."""
    look = _looks(mailer)
    first = _enqueue(mailer)
    assert (look(), look()) == ([(first, "queued")], [])
    second = _enqueue(mailer)
    mailer.outbox.hold(first, reason="wrong prices", by="ann")
    assert (look(), look()) == ([(first, "held"), (second, "queued")], [])
    mailer.deliver_due()
    assert (look(), look()) == ([(second, "done")], [])


def test_a_query_says_which_mails_are_told(mailer):
    """As they are when they are looked at: one that is found no more is not told."""
    look = _looks(mailer, "rcpt:eve@example.org state:queued")
    _enqueue(mailer)
    eve = _enqueue(mailer, "eve@example.org")
    assert look() == [(eve, "queued")]
    mailer.deliver_due()
    assert look() == []


def test_a_row_that_is_committed_behind_a_later_one_is_told(mailer):
    """Databases number rows before they commit them."""
    mail = _enqueue(mailer)
    database = mailer._core.store_door.open("this test")._database

    def write(number):
        with database.writing() as transaction:
            row = {"id": number, "at": 1, "act": "looked", "by": "ann", "message": mail, "customer": ""}
            transaction.connection.execute(insert(event), {**row, "reason": "", "facts": "{}"})

    write(1002)
    look = _looks(mailer)
    write(1001)
    assert (look(), look()) == ([(mail, "queued")], [])


def test_more_mails_than_one_statement_takes_are_all_told(mailer):
    """A burst between two looks loses none of them, in the order in which they came."""
    look = _looks(mailer)
    ids = mailer.enqueue_many(Message(to="bob@example.org", subject="x", text="y") for _ in range(501))
    assert [one for one, _ in look()] == list(ids)


def test_it_goes_on_without_end(mailer):
    """As an iterator that waits for what comes; a wrong query is told before it begins."""
    told = mailer.journal.follow("rcpt:bob@example.org", every=0.01, attempts=True)
    first = _enqueue(mailer)
    assert [one.id for one in islice(told, 1)] == [first]
    mailer.deliver_due()
    (one,) = islice(told, 1)
    assert (one.id, [str(tried.outcome) for tried in one.attempts]) == (first, ["accepted"])
    with pytest.raises(InvalidQuery):
        mailer.journal.follow("colour:blue")


def test_an_async_mailer_follows_as_well(settings):
    """It waits without holding up the loop."""

    async def main():
        async with AsyncMailer(settings) as mailer:
            told = mailer.journal.follow(every=0.01)
            coming = asyncio.ensure_future(anext(told))
            while not coming.done():  # it begins some moment after it was asked
                await mailer.enqueue(Message(to="bob@example.org", subject="x", text="y"))
                await asyncio.sleep(0.02)
            await told.aclose()
            return coming.result().state

    assert asyncio.run(main()) == "queued"
