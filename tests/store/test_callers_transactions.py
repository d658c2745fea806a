"""A mail put in by the caller's own transaction: it commits with it, rolls back with it, and spoils nothing."""

from __future__ import annotations

import asyncio
import gc
import sqlite3

import pytest
from postgres_server import PostgresServer
from queue_shop import a_mail, rows, settings, states
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

from mailsend import AsyncMailer, Mailer, Settings
from mailsend.errors import IdempotencyConflict, MessageRefused, StoreError
from mailsend.store import upgrade
from mailsend.store.schema import mails

orders = Table("orders", MetaData(), Column("number", Integer, primary_key=True))


@pytest.fixture
def engine(url):
    """Give the application's own engine, with a table of its business in the store's database."""
    opened = create_engine(url, poolclass=NullPool)
    orders.metadata.create_all(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def shop(url):
    return settings(store=url)


@pytest.fixture
def mailer(shop, engine):
    with Mailer(Settings.model_validate(shop)) as opened:
        yield opened


def subjects(mailer):
    """Deliver what is due; give the subjects of all that ever went out."""
    mailer.deliver_due()
    return [one.data.decode().split("Subject: ")[1].split("\r\n")[0] for one in mailer.captured]


def numbers(engine):
    with engine.connect() as connection:
        return [one.number for one in connection.execute(select(orders))]


def async_url(url):
    return url.replace("sqlite:", "sqlite+aiosqlite:")


KINDS = pytest.mark.parametrize("kind", ["session", "connection"])


def opened(engine, kind):
    return Session(engine) if kind == "session" else engine.connect()


@KINDS
@pytest.mark.parametrize("committed", [True, False])
def test_it_commits_and_rolls_back_with_the_business(mailer, engine, kind, committed):
    """Rolled back it sends nothing, and no row is left; committed it is sent once, and not before."""
    with opened(engine, kind) as given:
        given.execute(insert(orders).values(number=1))
        id = mailer.enqueue(a_mail(1), connection=given)
        assert rows(mailer, mails.message) == []
        given.commit() if committed else given.rollback()
    assert (subjects(mailer), numbers(engine)) == ((["Mail 1"], [1]) if committed else ([], []))
    assert [one.id for one in rows(mailer, mails.message)] == ([id] if committed else [])
    assert len(rows(mailer, mails.content)) == len(rows(mailer, mails.recipient)) == int(committed)


@KINDS
@pytest.mark.parametrize("committed", [True, False])
def test_asynchronously_as_well(shop, engine, url, kind, committed):
    """An AsyncSession or AsyncConnection, on the caller's own loop."""

    async def run():
        aside = create_async_engine(async_url(url), poolclass=NullPool)
        async with AsyncMailer(Settings.model_validate(shop)) as mailer:
            async with AsyncSession(aside) if kind == "session" else aside.connect() as given:
                await given.execute(insert(orders).values(number=1))
                ids = await mailer.enqueue_many([a_mail(1), a_mail(2)], connection=given)
                assert await asyncio.to_thread(rows, mailer, mails.message) == []
                await (given.commit() if committed else given.rollback())
            done = await mailer.deliver_due()
            await aside.dispose()
            assert len(mailer.captured) == done.claimed
            return len(ids), done.claimed

    assert asyncio.run(run()) == (2, 2 if committed else 0)
    assert numbers(engine) == ([1] if committed else [])


@pytest.mark.parametrize("committed", [True, False])
def test_a_scoped_session_is_its_session(mailer, engine, committed):
    """As a web framework has one for each request: its transaction is the mail's."""
    session = scoped_session(sessionmaker(engine))
    session.execute(insert(orders).values(number=1))
    mailer.enqueue(a_mail(1), connection=session)
    session.commit() if committed else session.rollback()
    session.remove()
    assert (subjects(mailer), numbers(engine)) == ((["Mail 1"], [1]) if committed else ([], []))


def test_a_scoped_session_of_a_task_as_well(shop, engine, url):
    """It is that of the caller's task."""

    async def run():
        aside = create_async_engine(async_url(url), poolclass=NullPool)
        session = async_scoped_session(async_sessionmaker(aside), scopefunc=asyncio.current_task)
        async with AsyncMailer(Settings.model_validate(shop)) as mailer:
            await session.execute(insert(orders).values(number=1))
            await mailer.enqueue(a_mail(1), connection=session)
            assert await asyncio.to_thread(rows, mailer, mails.message) == []
            await session.commit()
            await session.remove()
            await aside.dispose()
            return (await mailer.deliver_due()).claimed

    assert asyncio.run(run()) == 1
    assert numbers(engine) == [1]


def test_a_savepoint_takes_its_mail_back(mailer, engine):
    """What stands in the part that was undone is not sent; the rest is."""
    with Session(engine) as session:
        mailer.enqueue(a_mail("before"), connection=session)
        with session.begin_nested() as part:
            mailer.enqueue(a_mail("within"), connection=session)
            part.rollback()
        session.commit()
    assert subjects(mailer) == ["Mail before"]


@KINDS
def test_a_clash_of_keys_does_not_spoil_the_transaction(mailer, engine, kind):
    """The same request gives the first id, another one raises; the business goes on in both cases."""
    first = mailer.enqueue(a_mail(1, idempotency_key="order-1"))
    with opened(engine, kind) as given:
        given.execute(insert(orders).values(number=1))
        assert mailer.enqueue(a_mail(1, idempotency_key="order-1"), connection=given) == first
        with pytest.raises(IdempotencyConflict):
            mailer.enqueue(a_mail(2, idempotency_key="order-1"), connection=given)
        given.execute(insert(orders).values(number=2))
        mailer.enqueue(a_mail(3), connection=given)
        given.commit()
    assert numbers(engine) == [1, 2]
    assert sorted(subjects(mailer)) == ["Mail 1", "Mail 3"]


def test_a_key_that_was_rolled_back_is_free(mailer, engine):
    """Nothing of it was ever there."""
    with Session(engine) as session:
        mailer.enqueue(a_mail(1, idempotency_key="order-1"), connection=session)
        session.rollback()
    mailer.enqueue(a_mail(2, idempotency_key="order-1"))
    assert subjects(mailer) == ["Mail 2"]


def test_a_refused_message_does_not_spoil_the_transaction(mailer, engine):
    """It is refused before anything is written."""
    with Session(engine) as session:
        session.execute(insert(orders).values(number=1))
        with pytest.raises(MessageRefused):
            mailer.enqueue(a_mail(1, template="none", subject=None, text=None), connection=session)
        session.commit()
    assert numbers(engine) == [1]


def test_what_the_business_does_wrong_is_its_own(mailer, engine):
    """Its own clash undoes the mail with it."""
    with Session(engine) as session:
        session.execute(insert(orders).values(number=1))
        mailer.enqueue(a_mail(1), connection=session)
        with pytest.raises(IntegrityError):
            session.execute(insert(orders).values(number=1))
        session.rollback()
    assert subjects(mailer) == []


@KINDS
def test_a_database_without_our_tables_is_refused_and_not_spoilt(mailer, empty_url_of_another, kind):
    """By name and with what to do; the caller's transaction can go on."""
    other = create_engine(empty_url_of_another, poolclass=NullPool)
    orders.metadata.create_all(other)
    with opened(other, kind) as given:
        given.execute(insert(orders).values(number=1))
        with pytest.raises(StoreError, match="has no tables of mailsend") as raised:
            mailer.enqueue(a_mail(), connection=given)
        assert "mailsend store upgrade" in raised.value.advice
        given.commit()
    assert numbers(other) == [1]
    other.dispose()


@KINDS
def test_another_store_is_refused(mailer, empty_url_of_another, kind):
    """It has our tables, but no worker of ours looks there: the uuid tells, each time."""
    upgrade(empty_url_of_another)
    other = create_engine(empty_url_of_another, poolclass=NullPool)
    orders.metadata.create_all(other)
    with opened(other, kind) as given:
        for number in range(2):
            with pytest.raises(StoreError, match="another store") as raised:
                mailer.enqueue(a_mail(), connection=given)
            given.execute(insert(orders).values(number=number))
        given.commit()
    assert "application.store" in raised.value.advice
    assert numbers(other) == [0, 1]
    other.dispose()


@pytest.fixture
def empty_url_of_another(url, tmp_path, request):
    """Give the URL of a second database of the same kind, with nothing in it."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'other.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.mark.parametrize("given", ["an address", object(), 7])
def test_what_is_no_connection_is_refused(mailer, engine, given):
    """With what would be one."""
    with pytest.raises(StoreError, match="a connection is expected") as raised:
        mailer.enqueue(a_mail(), connection=given)
    assert "Session or Connection" in raised.value.advice


def test_each_mailer_takes_its_own_kinds(shop, mailer, engine, url):
    """A synchronous one no AsyncSession, an asynchronous one no Session: told before anything is written."""
    aside = create_async_engine(async_url(url), poolclass=NullPool)
    with pytest.raises(StoreError, match="not AsyncSession"):
        mailer.enqueue(a_mail(), connection=AsyncSession(aside))

    async def run():
        async with AsyncMailer(Settings.model_validate(shop)) as other:
            with Session(engine) as session, pytest.raises(StoreError, match="not Session"):
                await other.enqueue(a_mail(), connection=session)

    asyncio.run(run())
    assert rows(mailer, mails.message) == []


def test_a_connection_of_another_kind_is_told_by_its_package(mailer):
    """So that nobody reads that a Connection is no connection."""
    with pytest.raises(StoreError, match=r"not sqlite3\.Connection"):
        mailer.enqueue(a_mail(), connection=sqlite3.connect(":memory:"))


def test_an_engine_is_no_connection(mailer, engine):
    """It has no transaction to take part in."""
    with pytest.raises(StoreError, match="not Engine"):
        mailer.enqueue(a_mail(), connection=engine)


@KINDS
def test_the_workers_of_this_process_are_woken_by_the_commit(mailer, engine, kind):
    """Once for each transaction that put something in, and not by one that was rolled back."""
    woken = []
    mailer._core.wakes.add(lambda: woken.append(1))
    with opened(engine, kind) as given:
        mailer.enqueue_many([a_mail(1), a_mail(2)], connection=given)
        mailer.enqueue(a_mail(3), connection=given)
        assert woken == []
        given.commit()
        assert woken == [1]
        given.execute(insert(orders).values(number=1))
        given.commit()
        assert woken == [1]
        mailer.enqueue(a_mail(4), connection=given)
        given.commit()
    assert woken == [1, 1]
    assert states(mailer) == {"queued": 4}


def test_a_session_that_is_used_for_ever_does_not_grow(mailer, engine):
    """Thousands of mails through one Session leave as many listeners as the first did."""
    with Session(engine) as session:
        mailer.enqueue(a_mail(), connection=session)
        session.commit()
        gc.collect()
        before = len(list(session.dispatch.after_commit))
        for number in range(5):
            mailer.enqueue(a_mail(number), connection=session)
            session.commit()
        assert len(list(session.dispatch.after_commit)) == before
