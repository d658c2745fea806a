"""Mail sent at once with a store beside it: recorded soon, what is left queued, nothing sent twice (M36, M39)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from queue_shop import a_mail, age, rows, settings, state, states, store_of, subjects

from mailsend import AsyncMailer, Mailer, Settings
from mailsend.errors import StoreError, SubmissionDeferred, SubmissionRejected, SubmissionUnknown
from mailsend.mailer.diversion import Diversion, divert, restore
from mailsend.model.done import Done
from mailsend.store.schema import mails
from mailsend.store.writer import Writer
from mailsend.testing import ScriptedServer
from mailsend.transport.capture import CaptureTransport

LONG = 20.0


@pytest.fixture
def server():
    with ScriptedServer(
        replies={"gone@example.org": "550 5.1.1 User unknown", "busy@example.org": "450 4.2.1 Busy"}
    ) as running:
        yield running


@pytest.fixture
def shop(any_url, server):
    return settings(f"{server.url}&dot_timeout=1", store=any_url)


@pytest.fixture(params=["sync", "async"])
def mailer(request, shop):
    """Give a Mailer, or an AsyncMailer that is awaited on a loop of its own."""
    if request.param == "sync":
        with Mailer(Settings.model_validate(shop)) as opened:
            yield opened
        return
    opened = Awaited(shop)
    yield opened
    opened.close()


class Awaited:
    """An AsyncMailer with a Mailer's face."""

    def __init__(self, shop):
        self._loop = asyncio.new_event_loop()
        self._mailer = AsyncMailer(Settings.model_validate(shop))
        self._core = self._mailer._core

    def _run(self, work):
        return self._loop.run_until_complete(work)

    def __getattr__(self, name):
        method = getattr(self._mailer, name)
        return lambda *given, **more: self._run(method(*given, **more))

    @property
    def outbox(self):
        outbox = self._mailer.outbox

        class Outbox:
            def __getattr__(other, name):  # noqa: N805 - self is the mailer around it
                return lambda *given, **more: self._run(getattr(outbox, name)(*given, **more))

        return Outbox()

    def send_many(self, messages, **more):
        async def all_of_them():
            return [one async for one in self._mailer.send_many(messages, **more)]

        return self._run(all_of_them())

    def close(self):
        self._run(self._mailer.aclose() if hasattr(self._mailer, "aclose") else self._mailer.close())
        self._loop.close()


def recorded(mailer, many=1):
    """Wait until so many mails are in the store; give how many are in which state."""
    ends = time.monotonic() + LONG
    while sum((found := states(mailer)).values()) < many:
        assert time.monotonic() < ends, found
        time.sleep(0.01)
    return found


def test_what_is_sent_is_recorded_soon(mailer, server):
    """With its attempt, its recipients' replies, the queue id and its content."""
    report = mailer.send(a_mail(to=["bob@example.org", "gone@example.org"]))
    assert recorded(mailer) == {"done": 1}
    mail = mailer.outbox.get(report.id)
    assert [(one.address, str(one.outcome), one.code) for one in mail.recipients] == [
        ("bob@example.org", "accepted", 250),
        ("gone@example.org", "rejected", 550),
    ]
    assert (mail.how, mail.digest, len(mail.attempts)) == ("send", report.digest, 1)
    assert mail.queue_id == report.attempts[0].queue_id
    assert bytes(rows(mailer, mails.content)[0].data) == server.messages[0].data


def test_what_is_deferred_is_queued_and_nothing_is_raised(mailer, server):
    """Who accepted it has it; for the other it goes on by the queue, from where the attempt left it."""
    report = mailer.send(a_mail(to=["bob@example.org", "busy@example.org"]))
    assert (report.queued, len(report.accepted), len(report.deferred)) == (True, 1, 1)
    assert state(mailer, report.id) == ("queued", ["accepted", "deferred"])
    assert mailer.deliver_due() == Done(next_due=mailer.outbox.get(report.id).due_at)
    server.replies.clear()
    age(mailer, 61)
    assert mailer.deliver_due().accepted == 1
    assert [one.recipients for one in server.messages] == [("bob@example.org",), ("busy@example.org",)]
    assert mailer.outbox.get(report.id).recipients[1].attempts == 2


def test_what_nobody_took_is_queued_and_nothing_is_raised(mailer):
    """The caller must not send it again."""
    report = mailer.send(a_mail(to="busy@example.org"))
    assert (report.queued, state(mailer, report.id)) == (True, ("queued", ["deferred"]))


def test_strict_raises_though_it_is_queued(mailer):
    """Its report says that it is."""
    with pytest.raises(SubmissionDeferred) as raised:
        mailer.send(a_mail(to=["bob@example.org", "busy@example.org"]), strict=True)
    assert raised.value.report.queued
    assert state(mailer, raised.value.report.id)[0] == "queued"


def test_an_unknown_outcome_is_queued_too(mailer, server):
    """It is sent again once, fifteen minutes later, as the same mail at the same server."""
    server.misbehave("silent-when-taken:1")
    report = mailer.send(a_mail())
    assert (report.queued, state(mailer, report.id)) == (True, ("queued", ["unknown"]))
    assert mailer.deliver_due().claimed == 0
    age(mailer, 901)
    assert mailer.deliver_due().accepted == 1
    assert server.messages[0].data == server.messages[1].data


@pytest.mark.parametrize(
    ("to", "faults", "raises", "outcome"),
    [
        ("busy@example.org", (), SubmissionDeferred, "deferred"),
        ("bob@example.org", ("silent-when-taken:1",), SubmissionUnknown, "unknown"),
    ],
)
def test_without_retry_nothing_is_queued(mailer, server, to, faults, raises, outcome):
    """It is raised and recorded as it is, and no worker takes it up."""
    server.misbehave(*faults)
    with pytest.raises(raises) as raised:
        mailer.send(a_mail(to=to), retry=False)
    assert not raised.value.report.queued
    assert recorded(mailer) == {"done": 1}
    assert state(mailer, raised.value.report.id) == ("done", [outcome])
    age(mailer, 3600)
    assert mailer.deliver_due().claimed == 0


def test_all_rejected_raises_and_is_recorded(mailer):
    """Nobody is left to queue it for."""
    with pytest.raises(SubmissionRejected):
        mailer.send(a_mail(to="gone@example.org"))
    assert recorded(mailer) == {"done": 1}


def test_a_permanent_fault_of_the_server_is_held(mailer, server):
    """It is released when that is mended; the caller must not send it again."""
    server.misbehave("mail-530")
    report = mailer.send(a_mail())
    assert (report.queued, state(mailer, report.id)) == (True, ("held", ["held"]))
    server.behave()
    mailer.outbox.release(report.id)
    assert mailer.deliver_due().accepted == 1


def test_a_preview_is_sent_once(mailer, server):
    """However often it is delivered, by whichever door; the report is that of the first time."""
    preview = mailer.preview(a_mail())
    first = mailer.deliver(preview)
    again = mailer.deliver(preview)
    assert mailer.enqueue(preview) == first.id == again.id
    assert [one.id for one in mailer.send_many([preview])] == [first.id]
    assert mailer.deliver_due().claimed == 0
    assert (len(server.messages), again.digest) == (1, first.digest)
    assert [str(one.outcome) for one in again.recipients.values()] == ["accepted"]


def test_a_preview_that_is_queued_is_not_sent_besides(mailer, server):
    """Its report says that it waits."""
    preview = mailer.preview(a_mail())
    mailer.enqueue(preview)
    report = mailer.deliver(preview)
    assert (report.queued, server.messages) == (True, [])


def test_many_are_recorded_each(mailer, server):
    """Accepted, refused, deferred and delivered ones, in whatever order they are done."""
    messages = [a_mail(number, to=who) for number in range(15) for who in _WHO]
    reports = list(mailer.send_many([*messages, mailer.preview(a_mail("preview"))], concurrency=5))
    assert sorted(one.index for one in reports) == list(range(46))
    assert sum(one.queued for one in reports) == 15
    assert recorded(mailer, 46) == {"done": 31, "queued": 15}
    assert len(subjects(server)) == 16


_WHO = ("bob@example.org", "gone@example.org", "busy@example.org")


def test_closing_writes_down_what_was_sent(url, server):
    """At once, though it might have waited half a second."""
    with Mailer(Settings.model_validate(settings(server.url, store=url))) as mailer:
        for number in range(20):
            mailer.send(a_mail(number))
    with Mailer(Settings.model_validate(settings(server.url, store=url))) as other:
        assert states(other) == {"done": 20}


def test_a_store_that_is_not_there_refuses_before_anything_is_sent(tmp_path, server):
    """A preview and a mail with a key are written down first, so they are not sent."""
    url = f"sqlite:///{tmp_path / 'none' / 'missing.db'}"
    with Mailer(Settings.model_validate(settings(server.url, store=url))) as mailer:
        for send in (
            lambda: mailer.send(a_mail(idempotency_key="a")),
            lambda: mailer.enqueue(a_mail()),
        ):
            with pytest.raises(StoreError):
                send()
    assert server.messages == []


def broken(monkeypatch, *, after=0):
    """Let the store fail from its next write on, or after so many."""
    commit, left = Writer._commit, iter(range(after))

    def fails(self, works):
        if next(left, None) is not None:
            return commit(self, works)
        for _, future in works:
            if future.running() or future.set_running_or_notify_cancel():
                future.set_exception(StoreError("the disk is full"))
        return None

    monkeypatch.setattr(Writer, "_commit", fails)


def test_what_cannot_be_recorded_is_sent_all_the_same(mailer, server, monkeypatch, caplog):
    """The report is the truth; that nothing is kept of it stands in the log."""
    mailer.send(a_mail(0))
    recorded(mailer)
    broken(monkeypatch)
    assert mailer.send(a_mail(1)).complete
    ends = time.monotonic() + LONG
    while "could not be written down" not in caplog.text:
        assert time.monotonic() < ends
        time.sleep(0.01)
    assert subjects(server) == ["Mail 0", "Mail 1"]


def test_what_is_left_and_cannot_be_queued_is_not_called_queued(mailer, server, monkeypatch, caplog):
    """It is raised as without a store, so that the caller sends it again."""
    states(mailer)
    broken(monkeypatch)
    with pytest.raises(SubmissionDeferred) as raised:
        mailer.send(a_mail(to="busy@example.org"))
    assert not raised.value.report.queued
    assert "could not be written down" in caplog.text


def test_a_preview_whose_end_cannot_be_written_down_is_reported_as_sent(mailer, server, monkeypatch, caplog):
    """It was written down before, and it is out: to raise would have the caller send it again."""
    preview = mailer.preview(a_mail())
    states(mailer)
    broken(monkeypatch, after=2)  # put and mark
    assert mailer.deliver(preview).complete
    assert len(server.messages) == 1
    assert "could not be written down" in caplog.text


def test_a_preview_that_cannot_be_written_down_is_not_sent(mailer, server, monkeypatch):
    """Neither where it cannot be put in, nor where its mark cannot be set."""
    states(mailer)
    for after in (0, 1):
        preview = mailer.preview(a_mail())
        with monkeypatch.context() as patch:
            broken(patch, after=after)
            with pytest.raises((StoreError, SubmissionDeferred)):
                mailer.deliver(preview)
    assert server.messages == []


def test_one_record_that_cannot_be_written_takes_no_other_with_it(any_url, server, caplog):
    """Nine of ten in one batch are there; of the tenth the log tells."""
    with Mailer(Settings.model_validate(settings(server.url, store=any_url))) as mailer:
        writer = store_of(mailer)._writer

        def together(transaction, items):
            for one in items:
                if one == 7:
                    raise ValueError("not this one")
            written.extend(items)

        written = []
        with writer._changed:
            done = [writer.submit_lazily(lambda one=one: one, together) for one in range(10)]
        done[3].cancel()
        done[0].result(LONG)
        assert sorted(set(written)) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert "not this one" in caplog.text


# Ends of processes

PROGRAM = """
import json, os, signal, sys
from mailsend import Mailer, Message, Settings
mailer = Mailer(Settings.model_validate(json.loads(sys.argv[1])))
def send(number):
    return mailer.send(Message(from_="ann@suite.example", to="bob@example.org", subject=f"Mail {number}", text="Hi"))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
"""
ENDS = {
    "end": "send(0)",
    "exit": "send(0); sys.exit(3)",
    "raise": "send(0); raise RuntimeError('on purpose')",
    "SIGTERM": "send(0); os.kill(os.getpid(), signal.SIGTERM); signal.pause()",
    "fork": """
send(0)
child = os.fork()
if not child:
    send(1)
    mailer.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
send(2)
""",
    "fork and exit": """
mailer.outbox.stats()
child = os.fork()
send(1 if not child else 0)
if child:
    assert os.waitpid(child, 0)[1] == 0
    send(2)
""",
}


@pytest.mark.parametrize("end", ENDS)
def test_however_a_process_ends_what_it_sent_is_there(url, server, tmp_path, end):
    """At the end of the program, by sys.exit, an error or SIGTERM with a handler, and in a forked child."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM) + textwrap.dedent(ENDS[end]))
    shop = settings(server.url, store=url)
    ran = subprocess.run(
        [sys.executable, str(program), json.dumps(shop)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    wanted = {"exit": 3, "SIGTERM": 3, "raise": 1}.get(end, 0)
    assert (ran.returncode, "could not" in ran.stderr) == (wanted, False), ran.stderr
    with Mailer(Settings.model_validate(shop)) as mailer:
        assert states(mailer) == {"done": 3 if "fork" in end else 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_that_was_forked_in_the_middle_of_writing_writes_by_itself(url, server):
    """The parent's thread does not exist there; nothing of the parent's is written twice."""
    shop = settings(server.url, store=url)
    with Mailer(Settings.model_validate(shop)) as mailer:
        stop = threading.Event()

        def busy():
            number = 0
            while not stop.is_set():
                number += 1
                mailer.enqueue(a_mail(f"parent {number}"))

        mailer.enqueue(a_mail("before"))  # what is imported at the first is another matter
        thread = threading.Thread(target=busy)
        thread.start()
        try:
            children = []
            for number in range(3):
                child = os.fork()
                if not child:
                    try:
                        mailer.enqueue(a_mail(f"child {number}"))
                        os._exit(0)
                    finally:
                        os._exit(1)
                children.append(child)
            assert [os.waitpid(one, 0)[1] for one in children] == [0, 0, 0]
        finally:
            stop.set()
            thread.join()
        found = [one.subject for one in rows(mailer, mails.message)]
        assert len(found) == len(set(found))
        assert sorted(one for one in found if "child" in one) == [f"Mail child {n}" for n in range(3)]


def test_under_a_diversion_nothing_reaches_store_or_server(mailer, server):
    """As in an application's own tests: sent, delivered and enqueued mail is told of, and no round is made."""
    waiting = mailer.enqueue(a_mail("before"))
    told, kept = [], CaptureTransport()
    diversion = Diversion(kept, lambda mail, report: told.append((mail.subject, report.queued)))
    divert(diversion)
    try:
        mailer.send(a_mail(1))
        mailer.deliver(mailer.preview(a_mail(2)))
        mailer.enqueue(a_mail(3))
        mailer.enqueue(mailer.preview(a_mail(4)))
        assert mailer.deliver_due() == Done()
    finally:
        restore(diversion)
    assert sorted(told) == [("Mail 1", False), ("Mail 2", False), ("Mail 3", True), ("Mail 4", True)]
    assert (len(kept.messages), server.messages) == (2, [])
    assert [one.id for one in rows(mailer, mails.message)] == [waiting]
