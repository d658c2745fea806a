"""Threads, processes and forks at one store."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from queue_shop import a_mail, rows, settings
from sqlalchemy import select
from store_samples import BY_ANN, KEYS, NOW, a_server

from mailsend import Mailer, Settings
from mailsend.decide.server_state import ServerAct
from mailsend.errors import StoreError
from mailsend.store import open_store, upgrade
from mailsend.store.events import note
from mailsend.store.queue import queue
from mailsend.store.queue.deposit import place_single
from mailsend.store.schema import mails

WORKERS, EACH = 3, 5
HELPERS = str(Path(__file__).parents[1] / "helpers")
_END_ALL = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE application_name = 'mailsend' AND pid <> pg_backend_pid()"
)


def _name(number):
    return f"s{number}.example:587"


def _add_some(url, worker):
    with open_store(url, secret_keys=KEYS) as store:
        for number in range(EACH):
            store.servers.add(
                "rat", a_server(host=f"s{worker}-{number}.example"), position=0, by=str(worker), now=NOW
            )


def _step_once(url, worker):
    """Try to release a server that one alone can unlock; give whether it was this one."""
    with open_store(url, secret_keys=KEYS) as store:
        try:
            store.servers.step(
                "rat", _name(0), ServerAct.UNLOCK, server=a_server(host="s0.example"), by=str(worker), now=NOW
            )
        except StoreError:
            return False
        return True


def _check_all(book):
    records = book.of("rat")
    assert [one.position for one in records] == list(range(WORKERS * EACH))
    assert len({one.name for one in records}) == WORKERS * EACH
    assert len(book.history("rat")) == WORKERS * EACH


def test_processes_that_add_at_once_lose_nothing(url):
    """Each server of each process is there, in an order without gaps, each with its line of history."""
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        pool.starmap(_add_some, [(url, worker) for worker in range(WORKERS)])
    with open_store(url, secret_keys=KEYS) as store:
        _check_all(store.servers)


def test_threads_at_one_store_lose_nothing(store):
    """One store serves several threads at once, also where it has a single connection."""

    def add(worker):
        for number in range(EACH):
            host = f"s{worker}-{number}.example"
            store.servers.add("rat", a_server(host=host), position=0, by=str(worker), now=NOW)
            assert store.servers.state_of("rat", a_server(host=host)) == "entered"

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(add, range(WORKERS)))
    _check_all(store.servers)


def test_orders_given_at_once_are_whole(store):
    """Of several orders one comes last, and the servers stand as it says, never in a mixture."""
    names = [store.servers.add("rat", a_server(host=f"s{n}.example"), **BY_ANN).name for n in range(5)]
    wanted = [names[n:] + names[:n] for n in range(5)]
    with ThreadPoolExecutor(5) as pool:
        given = list(pool.map(lambda one: store.servers.order("rat", one, **BY_ANN), wanted))
    for order, records in zip(wanted, given, strict=True):
        assert [one.name for one in records] == order
    last = store.servers.history("rat")[-1].note.split(", ")
    assert [(one.name, one.position) for one in store.servers.of("rat")] == list(
        zip(last, range(5), strict=True)
    )


def test_a_step_is_taken_once(url):
    """Of several processes that take the same step, one took it."""
    with open_store(url, secret_keys=KEYS) as store:
        server = a_server(host="s0.example")
        store.servers.add("rat", server, **BY_ANN)
        store.servers.step("rat", _name(0), ServerAct.LOCK, server=server, **BY_ANN)
        with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
            taken = pool.starmap(_step_once, [(url, worker) for worker in range(WORKERS)])
        assert sorted(taken) == [False] * (WORKERS - 1) + [True]
        assert [one.act for one in store.servers.history("rat")] == ["enter", "lock", "unlock"]


def _in_child(work):
    """Run ``work`` in a forked child that ends as interpreters do; give whether it went well."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent shall see a failure
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def test_a_forked_child_opens_its_own(url):
    """What the parent had open is forgotten in the child, never used nor closed; both go on."""
    store = open_store(url, secret_keys=KEYS)
    store.servers.add("rat", a_server(), **BY_ANN)
    store.servers.of("rat")
    inherited = store._database._open

    def work():
        assert store._database._open is None
        assert [one.name for one in store.servers.of("rat")] == ["mail.rat.example:587"]
        store.servers.add("rat", a_server(host="child.example"), **BY_ANN)
        assert store._database._open is not inherited
        assert not any(one.connection.closed for one in (*inherited.reading, *inherited.writing))
        store.close()
        assert not any(one.connection.closed for one in (*inherited.reading, *inherited.writing))

    assert _in_child(work)
    assert store._database._open is inherited
    assert len(store.servers.of("rat")) == 2
    store.servers.add("rat", a_server(host="parent.example"), **BY_ANN)
    assert len(store.servers.of("rat")) == 3
    store.close()


def test_a_child_forked_while_others_work_is_not_locked_out(url):
    """Locks that a thread of the parent held do not bind the child."""
    store = open_store(url, secret_keys=KEYS)
    store.servers.add("rat", a_server(), **BY_ANN)
    held, go = threading.Event(), threading.Event()

    def hold():
        with store._database._lock:
            held.set()
            go.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    try:
        assert _in_child(lambda: store.servers.of("rat"))
    finally:
        go.set()
        thread.join()
    store.close()


def test_a_store_in_memory_belongs_to_one_process():
    """A forked child has an empty one of its own, with all tables."""
    store = open_store("memory:", secret_keys=KEYS)
    store.servers.add("rat", a_server(), **BY_ANN)

    def work():
        assert store.servers.customers() == ()
        store.servers.add("cats", a_server(), **BY_ANN)
        assert store.servers.customers() == ("cats",)

    assert _in_child(work)
    assert store.servers.customers() == ("rat",)
    store.close()


def test_an_inherited_connection_is_not_closed_by_the_childs_end(tmp_path):
    """A child that ends as Python does leaves the parent's files and locks alone."""
    program = f"""
import os, sqlite3, sys
sys.path.insert(0, {HELPERS!r})
from store_samples import BY_ANN, KEYS, a_server
from mailsend.store import open_store, upgrade

closed = []
url = "sqlite:///{tmp_path}/mailsend.db"
upgrade(url)
store = open_store(url, secret_keys=KEYS)
store.servers.add("rat", a_server(), **BY_ANN)
store.servers.of("rat")
if os.fork() == 0:
    store.servers.of("rat")
    store.close()
    del store
    sys.exit(0)  # all that is not held for good is taken down now
assert os.wait()[1] == 0
other = sqlite3.connect("{tmp_path}/mailsend.db")
assert other.execute("SELECT count(*) FROM mailsend_server").fetchone() == (1,)
store.servers.add("rat", a_server(host="b.example"), **BY_ANN)
assert other.execute("SELECT count(*) FROM mailsend_server").fetchone() == (2,)
assert sorted(os.listdir("{tmp_path}")) == ["mailsend.db", "mailsend.db-shm", "mailsend.db-wal"]
other.close()
store.close()
print("fine")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("fine\n", "", 0)


@pytest.mark.postgres
def test_a_lost_connection_is_replaced(postgres):
    """Connections that the server closed while they waited are opened anew, for reading and for writing."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:
        for number in range(3):
            store.servers.add("rat", a_server(host=f"s{number}.example"), **BY_ANN)
            assert len(store.servers.of("rat")) == number + 1
            postgres.run(_END_ALL)


@pytest.mark.postgres
def test_a_connection_lost_before_the_commit_is_told(postgres):
    """What was written is undone; the next transaction has a connection of its own."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:
        database = store._database

        def write_and_lose():
            with database.writing() as transaction:
                note(transaction, "lost", now=NOW, by="ann")
                postgres.run(_END_ALL)

        with pytest.raises(StoreError, match="failed"):
            write_and_lose()
        with database.writing() as transaction:
            note(transaction, "kept", now=NOW, by="ann")
        asked = select(mails.event.c.act)
        assert database.looking(lambda one: one.connection.execute(asked).all()) == [("kept",)]


@pytest.mark.postgres
def test_a_connection_lost_while_a_mail_is_put_in_costs_nothing(postgres, monkeypatch):
    """It may be in already: it is put in once more on another connection, and is there once."""
    url = postgres.new_database()
    upgrade(url)
    tried = []

    def lost(transaction, one):
        tried.append(one.message["subject"])
        if len(tried) == 1:
            postgres.run(_END_ALL)
        return place_single(transaction, one)

    with Mailer(Settings.model_validate(settings(store=url))) as mailer:
        mailer.enqueue(a_mail(1))
        monkeypatch.setattr(queue, "place_single", lost)
        mailer.enqueue(a_mail(2))
        mailer.enqueue(a_mail(3))
        assert tried == ["Mail 2", "Mail 2", "Mail 3"]
        assert sorted(one.subject for one in rows(mailer, mails.message)) == ["Mail 1", "Mail 2", "Mail 3"]


@pytest.mark.postgres
def test_a_server_that_began_anew_costs_no_mail_and_no_record(postgres):
    """Connections that ended while they waited are noticed before anything is given to them."""
    url = postgres.new_database()
    upgrade(url)
    with Mailer(Settings.model_validate(settings(store=url))) as mailer:
        for number in range(0, 12, 4):
            mailer.enqueue(a_mail(number))
            mailer.enqueue_many([a_mail(number + 1), a_mail(number + 2)])
            mailer.send(a_mail(number + 3))
            while len(rows(mailer, mails.message)) < number + 4:  # the record comes soon
                time.sleep(0.01)
            postgres.run(_END_ALL)
        assert len(rows(mailer, mails.message)) == 12


@pytest.mark.postgres
def test_a_forked_child_leaves_the_parents_session_alone(postgres):
    """A child that ends as Python does says no farewell on the parent's connection."""
    url = postgres.new_database()
    upgrade(url)
    program = f"""
import os, sys
sys.path.insert(0, {HELPERS!r})
from store_samples import BY_ANN, KEYS, a_server
from mailsend.store import open_store
store = open_store({url!r}, secret_keys=KEYS)
store.servers.add("rat", a_server(), **BY_ANN)
store.servers.of("rat")
kept = store._database._open.reading[0].connection
before = kept.exec_driver_sql("SELECT pg_backend_pid()").scalar()
if os.fork() == 0:
    store.servers.of("rat")
    store.close()
    sys.exit(0)
assert os.wait()[1] == 0
assert kept.exec_driver_sql("SELECT pg_backend_pid()").scalar() == before
kept.rollback()
assert len(store.servers.of("rat")) == 1
store.close()
print("fine")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("fine\n", "", 0)
