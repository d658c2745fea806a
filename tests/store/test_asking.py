"""One statement that an event loop asks of PostgreSQL: committed once, refused, cut off, or too long to send at once."""

from __future__ import annotations

import asyncio
import gc
import threading

import psycopg
import pytest
from cutting_relay import CuttingRelay
from postgres_server import PASSWORD
from queue_shop import a_mail, rows, settings

from mailsend import AsyncMailer, Mailer, Message, Settings
from mailsend.errors import StoreError
from mailsend.store import asking, attempting, upgrade
from mailsend.store.queue import queue
from mailsend.store.queue.queue import Queue
from mailsend.store.schema import mails

pytestmark = pytest.mark.postgres

END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname LIKE 'store_%'"
PREPARED = b"mailsend_0"  # its name, by which it is asked for
SERVER = "smtp://127.0.0.1:2525?tls=none"  # nothing is sent


@pytest.fixture
def relay(postgres):
    with CuttingRelay(postgres.port) as running:
        yield running


@pytest.fixture
def url(postgres, relay):
    """Give the URL of an upgraded store, reached through the relay."""
    name = postgres.new_database().rpartition("?")[0].rpartition("/")[2]
    upgrade(postgres.by_password(database=name))
    return f"postgresql://mailsend:{PASSWORD}@127.0.0.1:{relay.port}/{name}"


@pytest.fixture
def asked(monkeypatch):
    """Give what became of each statement that a loop asked: what was wrong with it, or None."""
    told = []
    put_by_loop = Queue.put_by_loop

    def put(self, deposit, loop, answered):
        def heard(failure):
            told.append(failure)
            answered(failure)

        return put_by_loop(self, deposit, loop, heard)

    monkeypatch.setattr(Queue, "put_by_loop", put)
    return told


def run(work, url, asked):
    """Do ``work`` with an AsyncMailer that has put one mail in already; give the subjects of what is in."""
    shop = Settings.model_validate(settings(SERVER, store=url))

    async def running():
        async with AsyncMailer(shop) as mailer:
            await mailer.enqueue(a_mail(0))
            await all_is_back(mailer)
            asked.clear()
            await work(mailer)

    asyncio.run(running())
    with Mailer(shop) as mailer:
        return sorted(one.subject for one in rows(mailer, mails.message))


async def all_is_back(mailer):
    """Wait until the loop has no connection in hand: it prepares the statement there after its first time."""
    for _ in range(10_000):
        if not database_of(mailer).lending.under_way:
            break
        await asyncio.sleep(0.001)


def database_of(mailer):
    return mailer._core.store_door.open("it")._database


def test_what_one_task_puts_in_after_another_goes_by_the_loop(url, asked):
    """The statement is prepared there after its first time."""
    ids = []

    async def work(mailer):
        for number in (1, 2, 3):
            ids.append(await mailer.enqueue(a_mail(number)))
        ((direct, loop),) = database_of(mailer).lending._lent.items()
        assert [len(direct.prepared), loop] == [1, asyncio.get_running_loop()]
        assert not database_of(mailer)._open.reading

    assert run(work, url, asked) == [f"Mail {number}" for number in range(4)]
    assert asked == [None, None, None]
    assert len(set(ids)) == 3


def test_it_is_as_the_thread_would_have_written_it(url, asked, monkeypatch):
    """Row by row, whatever characters it has."""
    message = Message(
        to=("Bj\u00f6rk \U0001f600 <bob@customer.example>", "amy@customer.example"),
        subject="Gr\u00fc\u00dfe",
        text="Hall\u00f6chen \\ \"'",
        html="<p>\u2713</p>",
        metadata={"nul": "\0"},
    )
    one = Message(
        to="bob@customer.example", subject="x", text="Hall\u00f6chen \\ \"'", metadata={"nul": "\0\u2713"}
    )
    found = {}

    async def work(mailer):
        preview = await mailer.preview(one)
        for way in ("loop", "thread"):
            if way == "thread":
                monkeypatch.setattr(queue, "ask", lambda *_, **__: False)
            id = await mailer.enqueue(one)
            found[way] = [
                {**vars(row), **dict.fromkeys(_OWN & set(vars(row)))}
                for table, column in (
                    (mails.message, "id"),
                    (mails.recipient, "message"),
                    (mails.content, "message"),
                )
                for row in rows(mailer, table)
                if getattr(row, column) == id
            ]
        assert preview
        await mailer.enqueue(message)  # of two recipients: not by one statement

    run(work, url, asked)
    assert asked == [None]
    assert len(found["loop"]) == 3
    assert found["loop"] == found["thread"]


# What differs from mail to mail.
_OWN = {"id", "message", "queued_at", "prepared_at", "due_at", "rank", "gives_up_at", "updated_at"} | {
    "message_id",
    "digest",
    "first_digest",
    "data",
    "reverse_path",
    "envelopes",
}


def test_a_mail_whose_answer_is_lost_is_put_in_once(url, asked, relay):
    """Its caller has the id; the connection is given up."""

    async def work(mailer):
        relay.cut(PREPARED)
        assert await mailer.enqueue(a_mail(1))
        assert (relay.has_cut, database_of(mailer).lending._lent) == (True, {})
        await mailer.enqueue(a_mail(2))  # by the thread, which opens another
        await mailer.enqueue(a_mail(3))

    assert run(work, url, asked) == [f"Mail {number}" for number in range(4)]
    assert [one and one.is_unsure for one in asked] == [True, None]


def test_the_first_mail_of_all_is_put_in_once_likewise(url, asked, relay):
    """Its statement is not prepared yet."""
    relay.cut(b"INSERT INTO mailsend_message")
    assert run(lambda mailer: asyncio.sleep(0), url, asked) == ["Mail 0"]
    assert relay.has_cut


def cut_each_commit(relay, put_again):
    def put(self, *given):
        relay.cut(b"COMMIT", so_many=99)
        return put_again(self, *given)

    return put


def test_where_it_is_not_known_it_is_said_so(url, asked, relay, monkeypatch):
    """Each answer is lost: the mail is in all the same, and its caller is told to look."""
    monkeypatch.setattr(attempting, "_PAUSES", (0.0, 0.0))

    async def work(mailer):
        relay.cut(PREPARED)
        monkeypatch.setattr(Queue, "put_again", cut_each_commit(relay, Queue.put_again))
        with pytest.raises(StoreError, match="whether it is written is not known"):
            await mailer.enqueue(a_mail(1))
        relay.cut(b"", so_many=0)

    assert run(work, url, asked) == ["Mail 0", "Mail 1"]
    assert len(asked) == 1


def test_what_the_server_refuses_is_told_in_its_words(url, asked):
    """Nothing is written, and the next one goes in."""

    async def work(mailer):
        desk = mailer._core.queue_desk("it")
        deposit = desk.deposit(await mailer.preview(a_mail(1)), how="enqueue")
        deposit.message["rules_version"] = None
        with pytest.raises(StoreError, match="rules_version"):
            await mailer._handing_in.put(desk, [deposit])
        await mailer.enqueue(a_mail(2))

    assert run(work, url, asked) == ["Mail 0", "Mail 2"]
    assert asked[0].is_unsure is False


def test_what_cannot_be_sent_at_all_is_told(url, asked):
    """Half of a pair is no character in UTF-8; the caller does not wait for ever."""

    async def work(mailer):
        desk = mailer._core.queue_desk("it")
        deposit = desk.deposit(await mailer.preview(a_mail(1)), how="enqueue")
        deposit.message["subject"] = "\ud800"
        with pytest.raises(UnicodeEncodeError):
            await mailer._handing_in.put(desk, [deposit])
        await mailer.enqueue(a_mail(2))

    assert run(work, url, asked) == ["Mail 0", "Mail 2"]


def test_what_the_network_does_not_take_at_once_is_sent_on(url, asked):
    """The loop's other tasks have their turn meanwhile."""
    turns = []

    async def work(mailer):
        long = await mailer.preview(
            Message(to="bob@customer.example", subject="Long", text="0123456789\n" * 900_000)
        )
        putting = asyncio.ensure_future(mailer.enqueue(long))
        desk = mailer._core.queue_desk("it")
        putting.cancel()
        future = mailer._handing_in.put(desk, [desk.deposit(long, how="enqueue")])
        while not future.done():
            turns.append(1)
            await asyncio.sleep(0)
        await future

    assert run(work, url, asked) == ["Long", "Mail 0"]
    assert asked == [None]
    assert len(turns) > 3


def test_a_task_that_is_cancelled_meanwhile_leaves_the_connection_whole(url, asked):
    """Its mail is in, and the next one goes the same way."""

    async def work(mailer):
        desk = mailer._core.queue_desk("it")
        future = mailer._handing_in.put(desk, [desk.deposit(await mailer.preview(a_mail(1)), how="enqueue")])
        await asyncio.sleep(0)
        future.cancel()
        await all_is_back(mailer)
        await mailer.enqueue(a_mail(2))

    assert run(work, url, asked) == ["Mail 0", "Mail 1", "Mail 2"]
    assert asked == [None, None]


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_connection_that_its_server_has_ended_is_not_used(url, asked, postgres, is_heard):
    """The thread opens another one, whether or not the loop has heard of it."""

    async def work(mailer):
        if is_heard:
            await asyncio.to_thread(postgres.run, END)
            for _ in range(10_000):
                if not database_of(mailer).lending._lent:
                    break
                await asyncio.sleep(0.001)
        else:
            postgres.run(END)
        await mailer.enqueue(a_mail(1))

    assert run(work, url, asked) == ["Mail 0", "Mail 1"]
    assert asked == []


def test_a_loop_that_cannot_listen_leaves_it_to_the_thread(url, asked, monkeypatch):
    """As Windows' usual one; the connection waits on."""

    async def work(mailer):
        def nowhere(*_):
            raise NotImplementedError  # what Windows' usual loop answers

        database_of(mailer).lending.end()
        await asyncio.sleep(0)
        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", nowhere)
        await mailer.enqueue(a_mail(1))
        assert len(database_of(mailer)._open.reading) == 1

    assert run(work, url, asked) == ["Mail 0", "Mail 1"]
    assert asked == []


def test_a_database_of_another_encoding_is_left_to_the_thread(url, asked):
    """What is sent is UTF-8."""
    assert run(lambda mailer: mailer.enqueue(a_mail(1)), f"{url}?client_encoding=LATIN1", asked) == [
        "Mail 0",
        "Mail 1",
    ]
    assert asked == []


def test_a_store_closed_meanwhile_leaves_nothing_open(url, asked, caplog):
    """What was on its way arrives, and its caller is told."""
    told = []

    async def work(mailer):
        database, desk = database_of(mailer), mailer._core.queue_desk("it")
        future = mailer._handing_in.put(desk, [desk.deposit(await mailer.preview(a_mail(1)), how="enqueue")])
        await asyncio.sleep(0)
        mailer._core.store_door.close()
        told.extend(await future)
        assert (database.lending._lent, database.lending._waiting) == ({}, {})

    assert run(work, url, asked) == ["Mail 0", "Mail 1"]
    assert len(told) == 1
    assert not caplog.records


def test_a_loop_closed_meanwhile_leaves_nothing_open(url, caplog):
    """Nobody hears the answer; the connection is closed with the store."""
    shop = Settings.model_validate(settings(SERVER, store=url))
    mailer = AsyncMailer(shop)
    loop = asyncio.new_event_loop()

    async def begin():
        await mailer.enqueue(a_mail(0))
        await all_is_back(mailer)
        desk = mailer._core.queue_desk("it")
        deposit = desk.deposit(await mailer.preview(a_mail(1)), how="enqueue")
        locking.execute("LOCK TABLE mailsend_message IN EXCLUSIVE MODE")  # so the answer waits
        mailer._handing_in.put(desk, [deposit])
        await asyncio.sleep(0)

    with psycopg.connect(url) as locking:
        loop.run_until_complete(begin())
        loop.close()
        database = database_of(mailer)
        assert database.lending.under_way == 1
    mailer._core.store_door.close()
    gc.collect()
    assert (database.lending._lent, database.lending._waiting) == ({}, {})
    assert not caplog.records


def test_another_thread_may_put_in_at_the_same_time(url, asked):
    """Each has a connection of its own."""

    async def work(mailer):
        desk = mailer._core.queue_desk("it")
        deposit = desk.deposit(await mailer.preview(a_mail(2)), how="enqueue")
        thread = threading.Thread(target=lambda: desk.put_at_once([deposit]))
        putting = asyncio.ensure_future(mailer.enqueue(a_mail(1)))
        thread.start()
        await putting
        await asyncio.to_thread(thread.join)

    assert run(work, url, asked) == ["Mail 0", "Mail 1", "Mail 2"]


def test_no_statement_gives_rows():
    """It is what libpq calls a command that is done."""
    from psycopg.pq import ConnStatus, ExecStatus

    assert [asking._DONE, asking._SOUND] == [ExecStatus.COMMAND_OK, ConnStatus.OK]
