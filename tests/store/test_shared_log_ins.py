"""Refused log-ins with several processes on one store: together they try no more than one would (M12)."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from queue_shop import a_mail, rows, settings, store_of
from sqlalchemy import create_engine
from store_samples import a_server
from waiting import until, wait_until

from mailsend import Mailer, Settings
from mailsend.errors import StoreError
from mailsend.mailer import shared_log_ins
from mailsend.mailer.clock import utc_now
from mailsend.store.log_ins import LogInBook
from mailsend.store.schema.servers import refused_log_in
from mailsend.testing import ScriptedServer
from mailsend.transport.smtp.memory import forget_log_ins

HALF_AN_HOUR = 1801
LONG = 60.0  # seconds that nothing here should need
KEYED = {"secret_keys": ["the-first-of-the-secret-keys"]}
KEYLESS = {"secret_keys": []}


def shop(url, server, **application):
    """Give settings whose smarthost is ``server``."""
    return settings(server, store=url, **application)


def outcome(mailer):
    """Send a mail, and tell what its recipient was told: a reason, or that it was accepted."""
    (report,) = mailer.send_many([a_mail()])
    (result,) = report.recipients.values()
    return str(result.reason or result.outcome)


def a_process(given, orders, answers):
    """Send a mail at each order, with one Mailer, until there is none any more."""
    with Mailer(Settings.model_validate(given)) as mailer:
        mailer._core.log_ins._since -= timedelta(days=9)  # it began long before what ``later`` moves away
        shared_log_ins.FRESH = 0.0
        shared_log_ins.PATIENCE = LONG
        answers.send("ready")
        while orders.recv():
            answers.send(outcome(mailer))


class Processes:
    """So many processes that each send by a Mailer of their own, all at once."""

    def __init__(self, context, given, many):
        self._ends = []
        for _ in range(many):
            (theirs, orders), (answers, tells) = context.Pipe(duplex=False), context.Pipe(duplex=False)
            process = context.Process(target=a_process, args=(given, theirs, tells))
            process.start()
            self._ends.append((process, orders, answers))
        assert self._heard() == ["ready"] * many

    def send(self):
        """Let all send at once; give what each was told, sorted."""
        for _, orders, _ in self._ends:
            orders.send(True)
        return self._heard()

    def _heard(self):
        heard = []
        for _, _, answers in self._ends:
            assert answers.poll(60)
            heard.append(answers.recv())
        return sorted(heard)

    def close(self):
        """End them."""
        for process, orders, _ in self._ends:
            orders.send(False)
            process.join(30)
            process.kill()


@contextmanager
def processes(given, many=3):
    with closing(Processes(multiprocessing.get_context("spawn"), given, many)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let a store on a slow disk be one that answers."""
    monkeypatch.setattr(shared_log_ins, "PATIENCE", LONG)


def later(url, seconds):
    """Let time pass for all that is written down of log-ins."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    by = seconds * 1_000_000
    with engine.begin() as connection:
        connection.execute(
            refused_log_in.update().values(
                at=refused_log_in.c.at - by, turn_until=refused_log_in.c.turn_until - by
            )
        )
    engine.dispose()


def log_ins(server):
    """Give how many log-ins the server saw."""
    return sum(one.startswith("AUTH") for one in server.commands)


@pytest.mark.parametrize("keys", [KEYED, KEYLESS], ids=["with a key", "without"])
def test_several_processes_try_no_more_than_one_would(url, keys):
    """One refused log-in, another 5 minutes later, a third after 30, and then none."""
    with ScriptedServer(tls="starttls", accounts={"ann": "right"}) as server:
        given = shop(url, server.url.replace(":right@", ":wrong@"), **keys)
        with processes(given) as all_of_them:
            seen = []
            for seconds in (0, 200, 101, HALF_AN_HOUR - 100, 100, HALF_AN_HOUR, 86_400):
                later(url, seconds)
                seen.append((all_of_them.send().count("auth_failed"), log_ins(server)))
    assert seen == [(1, 1), (0, 1), (1, 2), (0, 2), (1, 3), (0, 3), (0, 3)]


def test_the_first_log_in_is_one_process_alone(url):
    """Once it succeeded all log in, and nothing is left behind."""
    with ScriptedServer(tls="starttls", accounts={"ann": "right"}) as server:
        with processes(shop(url, server.url)) as all_of_them:
            assert all_of_them.send() == ["accepted"] * 3
        with Mailer(Settings.model_validate(shop(url, server.url))) as mailer:
            assert log_ins(server) == 3
            wait_until(lambda: rows(mailer, refused_log_in) == [])


def test_what_is_mended_is_mended_for_all(url):
    """A person's probe goes through the lock, half an hour after the last refusal; then all others do as well."""
    with ScriptedServer(tls="starttls", accounts={"ann": "right"}) as server:
        given = shop(url, server.url.replace(":right@", ":wrong@"))
        with processes(given, many=2) as all_of_them:
            for seconds in (0, 301, HALF_AN_HOUR):
                later(url, seconds)
                all_of_them.send()
            server.accounts["ann"] = "wrong"
            with Mailer(Settings.model_validate(given)) as mailer:
                (smarthost,) = mailer.rules.application.smarthosts
                early = mailer.servers.probe(server=smarthost, mail_from="ann@suite.example")
                later(url, HALF_AN_HOUR)
                found = mailer.servers.probe(server=smarthost, mail_from="ann@suite.example")
                assert rows(mailer, refused_log_in) == []
            assert ([str(one.code) for one in early.failed], found.ok) == (["auth_paused"], True)
            assert all_of_them.send() == ["accepted"] * 2


def wrong(server):
    """Give the URL of a server with a wrong password."""
    return server.url.replace(":right@", ":wrong@")


@pytest.fixture
def server():
    with ScriptedServer(tls="starttls", accounts={"ann": "right"}) as opened:
        yield opened


@pytest.fixture
def mailer(any_url, server):
    """Give a Mailer that has the wrong password; forgetting the gates makes it a process that begins."""
    with Mailer(Settings.model_validate(shop(any_url, wrong(server)))) as opened:
        yield opened


def test_a_process_that_begins_heeds_what_was_refused_before(mailer, server):
    """A worker that is started anew and anew locks no account."""
    seen = []
    for _ in range(4):
        forget_log_ins()
        mailer._core.log_ins._last.clear()
        seen.append(outcome(mailer))
    assert (seen, log_ins(server)) == (["auth_failed"] + ["auth_paused"] * 3, 1)


def test_454_is_never_counted(any_url):
    """The server's own trouble: the turn is left, and the next log-in is tried at once."""
    with ScriptedServer(tls="starttls", accounts={"ann": "right"}, faults=["auth-454"]) as server:
        mailer = Mailer(Settings.model_validate(shop(any_url, server.url)))
        with mailer:
            assert [outcome(mailer) for _ in range(3)] == ["auth_temporary"] * 3
            assert log_ins(server) >= 3
            assert all(one.refusals == 0 for one in rows(mailer, refused_log_in))


def test_a_healthy_account_costs_no_look_for_each_mail(mailer, server, monkeypatch):
    """It is asked where a log-in is about to be made, and then not again for a while."""
    server.accounts["ann"] = "wrong"
    book, asked = store_of(mailer).log_ins, []
    for name in ("look", "take", "forget"):
        real = getattr(book, name)
        monkeypatch.setattr(
            type(book),
            name,
            lambda self, *a, _real=real, _name=name, **b: asked.append(_name) or _real(*a, **b),
        )
    assert [outcome(mailer) for _ in range(5)] == ["accepted"] * 5
    assert asked == ["take", "forget"]


@pytest.mark.parametrize("failing", ["take", "refused"])
def test_while_the_store_is_away_each_process_counts_for_itself(mailer, server, monkeypatch, caplog, failing):
    """No mail fails by it, it is told once, and the store is left alone for a while."""

    def away(*_, **__):
        raise StoreError("it is away")

    monkeypatch.setattr(LogInBook, failing, away)
    assert [outcome(mailer) for _ in range(3)] == ["auth_failed", "auth_paused", "auth_paused"]
    assert caplog.text.count("are counted by this process alone for now: it is away") == 1
    assert log_ins(server) == 1


def test_no_mail_fails_by_what_nobody_thought_of(mailer, server, monkeypatch, caplog):
    """It is logged with where it happened, and the process goes by its own memory."""

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(LogInBook, "take", broken)
    assert [outcome(mailer) for _ in range(2)] == ["auth_failed", "auth_paused"]
    assert "refused log-ins could not be looked up\nTraceback" in caplog.text
    assert caplog.text.count("are counted by this process alone for now: ZeroDivisionError") == 1


def test_a_success_is_told_when_the_store_is_there_again(mailer, server, monkeypatch):
    """Nobody else would try for half an hour, or ever."""
    monkeypatch.setattr(shared_log_ins, "LEFT_ALONE", 0.05)
    assert outcome(mailer) == "auth_failed"
    assert [one.refusals for one in rows(mailer, refused_log_in)] == [1]
    real, asked = LogInBook.forget, []

    def away_at_first(self, *which, **more):
        asked.append(which)
        if len(asked) < 4:
            raise StoreError("it is away")
        real(self, *which, **more)

    monkeypatch.setattr(LogInBook, "forget", away_at_first)
    server.accounts["ann"] = "wrong"
    known = mailer.rules.application.smarthosts[0]

    async def passed():
        for _ in range(2):
            await mailer._core.log_ins.passed(known, wait=True)
        await until(lambda: rows(mailer, refused_log_in) == [])

    asyncio.run(passed())


def test_a_store_that_does_not_answer_is_not_waited_for(mailer, server, monkeypatch, caplog):
    """After three seconds the log-in is tried all the same."""
    monkeypatch.setattr(shared_log_ins, "PATIENCE", 0.01)
    answer = threading.Event()
    monkeypatch.setattr(LogInBook, "take", lambda *_, **__: answer.wait(30))
    assert outcome(mailer) == "auth_failed"
    answer.set()
    assert "it does not answer" in caplog.text


def test_of_many_accounts_not_all_answers_are_remembered(mailer, monkeypatch):
    """Servers may come and go without end."""
    monkeypatch.setattr(shared_log_ins, "_MOST", 2)
    log_ins = mailer._core.log_ins
    for number in range(5):
        asyncio.run(log_ins.known(a_server(host=f"{number}.example"), fresh=False))
    assert len(log_ins._last) == 1


def test_a_person_who_releases_a_server_again_begins_anew(any_url, server):
    """Unlocked, verified and released it is tried again at once, here and in every other process."""
    given = shop("unused", "memory:")
    given["application"]["store"] = any_url
    given["customers"] = {
        "rat": {
            "allowed_domains": ["suite.example"],
            "fallback_sender": "rat@suite.example",
            "server": wrong(server),
            "server_released": True,
        }
    }
    with Mailer(Settings.model_validate(given)) as mailer:
        known = mailer.rules.customers["rat"].servers[0].server
        book = store_of(mailer).log_ins
        for seconds in (5000, 4000, 2000):
            book.refused(known, "another", now=utc_now() - timedelta(seconds=seconds))
        (report,) = mailer.send_many([a_mail(customer="rat")])
        assert [one.reason for one in report.recipients.values()] == ["auth_paused"]
        assert [str(one.state) for one in mailer.servers.list("rat")] == ["locked"]
        server.accounts["ann"] = "wrong"
        mailer.servers.unlock("rat", by="ann")
        assert rows(mailer, refused_log_in) == []
        assert mailer.servers.verify("rat", by="ann").ok
        mailer.servers.release("rat", by="ann")
        (report,) = mailer.send_many([a_mail(customer="rat")])
        assert report.complete
    assert log_ins(server) == 2
