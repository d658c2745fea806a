"""The worker over a real server: it drains, it is woken, it stops, and it gives back what it holds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
from slow_relay import SlowRelay
from sqlalchemy import select

from mailsend import AsyncMailer, Mailer, Message, Settings
from mailsend.care import Duty
from mailsend.errors import StoreError
from mailsend.store import upgrade
from mailsend.store.schema.mails import message
from mailsend.testing import ScriptedServer
from mailsend.worker import Worker
from mailsend.worker.shift import Shift

LONG = 20.0  # seconds that nothing here should need


@pytest.fixture
def server():
    """Give a running server that knows one address to be gone."""
    with ScriptedServer(replies={"gone@example.org": "550 5.1.1 User unknown"}) as running:
        yield running


@pytest.fixture
def shop(tmp_path, server):
    """Give settings with that server and an upgraded store."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    return {
        "application": {
            "name": "Acme Suite",
            "fallback_sender": "Acme Suite <no-reply@suite.example>",
            "allowed_domains": ["suite.example"],
            "admin_address": "postmaster@suite.example",
            "smarthosts": [server.url],
            "store": url,
        }
    }


@pytest.fixture
def mailer(shop):
    with Mailer(Settings.model_validate(shop)) as opened:
        yield opened


def a_mail(number=0, to="bob@example.org", **fields):
    return Message(from_="ann@suite.example", to=to, subject=f"Mail {number}", text="Hello", **fields)


def wait_for(what):
    """Wait until it is true."""
    ends = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < ends, "it did not come to pass"
        time.sleep(0.01)


def states(mailer):
    """Give how many mails are in which state."""
    database = mailer._core.store_door.open("a test")._database
    rows = database.looking(lambda one: one.connection.execute(select(message.c.state)).all())
    return dict(Counter(one.state for one in rows))


def subjects(server):
    return sorted(message_from_bytes(one.data)["Subject"] for one in server.messages)


def test_it_drains_the_queue(mailer, server):
    """Each mail goes out once, over several rounds, and the counts tell."""
    for number in range(25):
        mailer.enqueue(a_mail(number))
    counts = Worker(mailer, batch=4, rounds=2, duties=()).drain()
    assert (counts["claimed"], counts["accepted"]) == (25, 25)
    assert subjects(server) == sorted(f"Mail {number}" for number in range(25))
    assert states(mailer) == {"done": 25}


def test_what_is_not_due_waits(mailer, server):
    """Draining ends when nothing is due, not when nothing is there."""
    mailer.enqueue(a_mail(send_at=datetime.now(UTC) + timedelta(hours=1)))
    assert Worker(mailer, duties=()).drain()["claimed"] == 0
    assert states(mailer) == {"queued": 1}


def test_in_the_application_it_is_woken_by_what_is_put_in(mailer, server):
    """It looks at once, though it would look by itself in an hour only."""
    with Worker(mailer, poll=3600.0, duties=()) as worker:
        wait_for(lambda: len(mailer.upkeep.workers.all()) == 1)
        mailer.enqueue(a_mail(1))
        wait_for(lambda: len(server.messages) == 1)
        mailer.enqueue(a_mail(2))
        wait_for(lambda: len(server.messages) == 2)
    assert worker.counts["accepted"] == 2
    assert mailer.upkeep.workers.all() == ()


def test_on_the_applications_own_loop(shop, server):
    """Awaited beside other work, with an AsyncMailer, its duties in threads."""

    async def application():
        async with AsyncMailer(Settings.model_validate(shop)) as mailer:
            worker = Worker(mailer, poll=3600.0)
            working = asyncio.create_task(worker.run_async())
            await mailer.enqueue(a_mail(to=["bob@example.org", "gone@example.org"]))
            await asyncio.to_thread(wait_for, lambda: server.messages)
            worker.stop()
            await asyncio.wait_for(working, LONG)
            return worker.counts, await asyncio.to_thread(mailer.upkeep.duties.all)

    counts, duties = asyncio.run(application())
    assert (counts["accepted"], counts["rejected"]) == (1, 1)
    assert {"notices", "retention"} <= {one.name for one in duties}


def test_an_author_hears_of_a_refused_recipient(mailer, server):
    """From the queue to the notice, in one go: the duty makes it, and the queue brings it."""
    mailer.enqueue(a_mail(to=["bob@example.org", "gone@example.org"]))
    Worker(mailer).drain()
    mailer.upkeep.duties.hurry("notices", now=datetime.now(UTC))
    Worker(mailer).drain()
    notice = server.messages[-1]
    assert (notice.reverse_path, notice.recipients) == ("", ("ann@suite.example",))
    status = message_from_bytes(notice.data).get_payload()[1].get_payload()
    assert (status[1]["Final-Recipient"], status[1]["Status"]) == ("rfc822; gone@example.org", "5.1.1")


def test_stopped_it_gives_back_what_it_has_not_begun(shop, server):
    """Of a round at a slow server one mail is under way; it is finished, and the others wait for another."""
    with SlowRelay(server.port, seconds=0.1) as relay:
        shop["application"]["smarthosts"] = [server.url.replace(f":{server.port}", f":{relay.port}")]
        with Mailer(Settings.model_validate(shop)) as mailer:
            for number in range(5):
                mailer.enqueue(a_mail(number))
            worker = Worker(mailer, concurrency=1, rounds=1, duties=()).start()
            wait_for(lambda: "DATA" in server.commands)
            worker.stop()
            left = states(mailer)
            assert left == {"done": worker.counts["accepted"], "queued": 5 - worker.counts["accepted"]}
            assert left["queued"] >= 3
            Worker(mailer, duties=()).drain()
    assert subjects(server) == [f"Mail {number}" for number in range(5)]


@pytest.mark.parametrize("duties", [(), None])
def test_while_its_mails_are_on_their_way_it_sleeps(shop, server, monkeypatch, duties):
    """However slow their server: it looks again when something is due, and not before."""
    looks = []
    begin = Shift._begin

    def counted(self, **how):
        looks.append(how)
        begin(self, **how)

    monkeypatch.setattr(Shift, "_begin", counted)
    with SlowRelay(server.port, seconds=0.1) as relay:
        shop["application"]["smarthosts"] = [server.url.replace(f":{server.port}", f":{relay.port}")]
        with Mailer(Settings.model_validate(shop)) as mailer:
            mailer.enqueue(a_mail())
            assert Worker(mailer, duties=duties).drain()["accepted"] == 1
    assert len(looks) < 30


def test_with_no_time_left_it_breaks_off_and_gives_back(mailer, server):
    """A server that never greets holds nobody: its mails are in the queue again, at once."""
    server.misbehave("greet-silent")
    for number in range(3):
        mailer.enqueue(a_mail(number))
    worker = Worker(mailer, concurrency=2, duties=(), stop_within=0.0).start()
    wait_for(lambda: server.connections > 0)
    worker.stop()
    assert states(mailer) == {"queued": 3}
    server.behave()
    assert Worker(mailer, duties=()).drain()["accepted"] == 3


def test_cancelled_it_gives_back_and_leaves_the_signals_alone(shop, server):
    """On an application's loop the signals are the application's, and so is the word to end at once."""
    server.misbehave("greet-silent")

    async def application():
        async with AsyncMailer(Settings.model_validate(shop)) as mailer:
            await mailer.enqueue_many([a_mail(number) for number in range(3)])
            working = asyncio.create_task(Worker(mailer, duties=()).run_async())
            await asyncio.to_thread(wait_for, lambda: server.connections > 0)
            heeded = signal.getsignal(signal.SIGTERM)
            working.cancel()
            await asyncio.wait((working,), timeout=LONG)
            return working.cancelled(), heeded, states(mailer)

    assert asyncio.run(application()) == (True, signal.getsignal(signal.SIGTERM), {"queued": 3})


def test_a_round_that_fails_is_not_the_end(mailer, server, monkeypatch):
    """A database may be away for a while; the worker says so and goes on."""
    failing = iter([StoreError("the database is away"), RuntimeError("something else")])
    deliver_due = mailer.deliver_due

    def sometimes(**more):
        for problem in failing:
            raise problem
        return deliver_due(**more)

    monkeypatch.setattr(mailer, "deliver_due", sometimes)
    mailer.enqueue(a_mail())
    with Worker(mailer, poll=0.01, duties=()) as worker:
        wait_for(lambda: len(server.messages) == 1)
    assert (worker.counts["failed_rounds"], worker.counts["accepted"]) == (2, 1)


def test_what_fails_while_it_drains_is_raised(mailer, monkeypatch):
    """Whoever waits for the end hears why there is none."""

    def away(**more):
        raise StoreError("the database is away")

    monkeypatch.setattr(mailer, "deliver_due", away)
    with pytest.raises(StoreError, match="away"):
        Worker(mailer, duties=()).drain()


def test_without_a_store_it_does_not_begin(server):
    """It says what is missing, rather than to wait for nothing."""
    settings = {
        "application": {
            "fallback_sender": "no-reply@suite.example",
            "allowed_domains": ["suite.example"],
            "smarthosts": [server.url],
        }
    }
    with Mailer(Settings.model_validate(settings)) as mailer:
        for begin in (Worker(mailer).start, Worker(mailer).run, Worker(mailer).drain):
            with pytest.raises(StoreError, match="needs a store"):
                begin()


@pytest.mark.parametrize(
    "wrong", [{"concurrency": 0}, {"rounds": 0}, {"batch": 0}, {"poll": 0.0}, {"tell_every": 0.0}]
)
def test_numbers_that_make_no_sense_are_refused(mailer, wrong):
    """By name."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Worker(mailer, **wrong)


def test_it_tells_how_it_is(mailer, server):
    """On the row that others read, and to whoever asked."""
    heard = []
    mailer.enqueue(a_mail())
    with Worker(mailer, poll=0.01, tell_every=0.01, told=heard.append, duties=()):
        wait_for(lambda: heard and heard[-1].counts["accepted"] == 1)
        wait_for(lambda: mailer.upkeep.workers.all()[0].told["accepted"] == 1)
        (row,) = mailer.upkeep.workers.all()
    assert (row.process, row.told["queued"], row.told["trouble"]) == (os.getpid(), 0, "")
    assert "accepted=1" in heard[-1].line()


def test_duties_of_the_applications_own_run_on_its_clock(mailer):
    """They are given the mailer and the time; one that fails is told and stops nothing."""
    ran = threading.Event()

    def good(given, now):
        assert given is mailer
        ran.set()
        return {"at": now.isoformat()}

    def bad(given, now):
        raise RuntimeError("with a secret in it")

    duties = (Duty(name="bad", every=60.0, run=bad), Duty(name="good", every=60.0, run=good))
    with Worker(mailer, duties=duties) as worker:
        assert ran.wait(LONG)
        wait_for(lambda: worker.counts.get("duties") == 2)
    told = {one.name: one.told for one in mailer.upkeep.duties.all()}
    assert set(told) == {"bad", "good"}
    assert told["bad"] == {"error": "RuntimeError"}
    assert worker.counts["failed_duties"] == 1


def test_two_workers_send_each_mail_once(mailer, shop, server):
    """In one process and with stores of their own."""
    for number in range(30):
        mailer.enqueue(a_mail(number))
    with Mailer(Settings.model_validate(shop)) as other:
        workers = [Worker(one, batch=3, duties=()) for one in (mailer, other)]
        threads = [threading.Thread(target=one.drain) for one in workers]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert len(subjects(server)) == len(set(subjects(server))) == 30


def test_a_signal_ends_it_and_what_was_set_for_it_stays(shop, server, tmp_path):
    """SIGTERM to a program that runs it: the mail is out, the row is gone, and the code is 0."""
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import json, signal, sys
            from mailsend import Mailer, Settings
            from mailsend.worker import Worker
            before = signal.getsignal(signal.SIGTERM)
            with Mailer(Settings.model_validate(json.loads(sys.argv[1]))) as mailer:
                worker = Worker(mailer, poll=0.05)
                worker.run()
                print(worker.counts["accepted"], len(mailer.upkeep.workers.all()))
            assert signal.getsignal(signal.SIGTERM) is before
            """
        )
    )
    with Mailer(Settings.model_validate(shop)) as mailer:
        mailer.enqueue(a_mail())
        with subprocess.Popen(
            [sys.executable, str(program), json.dumps(shop)], stdout=subprocess.PIPE, text=True
        ) as running:
            try:
                wait_for(lambda: server.messages)
                wait_for(lambda: states(mailer) == {"done": 1})
                running.send_signal(signal.SIGTERM)
                said, _ = running.communicate(timeout=LONG)
            finally:
                running.kill()  # it does nothing to one that has ended
    assert (running.returncode, said) == (0, "1 0\n")
