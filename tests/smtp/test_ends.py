"""Ended in the middle of a hundred sends: nothing is left behind, and what became of each mail is told."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from slow_relay import SlowRelay
from told_and_taken import Told, agree, eventually, mails, settings_for, standing, taken_by

from mailsend.errors import SubmissionError, SubmissionUnknown
from mailsend.mailer import AsyncMailer, Mailer
from mailsend.mailer.loop_thread import loop_thread
from mailsend.testing import ScriptedServer

PROGRAMS = Path(__file__).parents[1] / "helpers" / "ending_programs.py"
TERMINATED = 128 + signal.SIGTERM
KINDS = [
    pytest.param({"tls": "starttls", "accounts": {"ann": "pw"}}, id="with TLS and a log-in"),
    pytest.param({}, id="plain", marks=pytest.mark.rings),
]
IN_THE_MIDDLE = 20  # mails that the server has


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    with ScriptedServer(**request.param) as running:
        yield running


@pytest.fixture
def slow(server: ScriptedServer) -> Iterator[SlowRelay]:
    """Stand before the server and make it slow."""
    with SlowRelay(server.port, seconds=0.005) as relay:
        yield relay


@pytest.fixture(autouse=True)
def nothing_is_left_behind(server: ScriptedServer, slow: SlowRelay) -> Iterator[None]:
    """Whatever a test does: afterwards no connection, thread or file is there that was not there before."""
    loop_thread()  # one for the process, and it stays
    before = standing()
    yield
    eventually(lambda: (server.open_connections, slow.open_connections), (0, 0))
    eventually(standing, before)


async def _taken(server: ScriptedServer, mails: int) -> None:
    async with asyncio.timeout(30):
        while len(server.messages) < mails:  # noqa: ASYNC110 - another thread counts them
            await asyncio.sleep(0.002)


async def _in_the_middle(server: ScriptedServer) -> None:
    await _taken(server, IN_THE_MIDDLE)


def _wait_for_the_middle(server: ScriptedServer) -> None:
    asyncio.run(_taken(server, IN_THE_MIDDLE))


def _alone() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


# Cancelled


@pytest.mark.parametrize("closed", [True, False], ids=["then closed", "never closed"])
def test_cancelled_sends_are_told(server, slow, closed) -> None:
    """Of a hundred cancelled sends each is told: accepted, unknown behind its final dot, else deferred."""
    told = Told()

    async def go() -> bool:
        mailer = AsyncMailer(settings_for(server, slow.port), after=[told.after])
        sending = [asyncio.create_task(mailer.send(one)) for one in mails()]
        await _in_the_middle(server)
        for one in sending:
            one.cancel()
        await asyncio.wait(sending)
        if not closed:
            return True
        await mailer.aclose()
        return _alone()

    assert asyncio.run(go())
    agree(told.outcomes, server)
    assert sum(told.count.values()) == 100
    assert told.count["accepted"] >= 1
    assert told.count["deferred"] >= 1


def test_what_is_cancelled_behind_its_final_dot_is_unknown(server, slow) -> None:
    """Where the server has the mail and says nothing of it, that is told; closing waits as long as a dot may take."""
    told = Told()

    async def go() -> bool:
        settings = settings_for(server, slow.port, "&dot_timeout=1")
        mailer = AsyncMailer(settings, after=[told.after])
        sending = [asyncio.create_task(mailer.send(one)) for one in mails()]
        await _in_the_middle(server)
        server.misbehave("silent-when-taken")
        await _taken(server, len(server.messages) + 1)
        for one in sending:
            one.cancel()
        await asyncio.wait(sending)
        await mailer.aclose()
        return _alone()

    assert asyncio.run(go())
    agree(told.outcomes, server)
    assert sum(told.count.values()) == 100
    assert told.count["unknown"] >= 1


def test_a_cancelled_send_many_finishes_what_is_on_its_way(server, slow) -> None:
    """What was begun is told to ``after``, and nothing else is begun."""
    told, read = Told(), []

    async def go() -> bool:
        async with AsyncMailer(settings_for(server, slow.port), after=[told.after]) as mailer:

            async def consume() -> None:
                async for one in mailer.send_many(mails()):
                    read.append(one)

            reading = asyncio.create_task(consume())
            await _in_the_middle(server)
            reading.cancel()
            await asyncio.wait([reading])
            assert reading.cancelled()
            return _alone()

    assert asyncio.run(go())
    agree(told.outcomes, server)
    assert set(told.count) == {"accepted"}
    assert len(read) <= len(told.outcomes) < 100


def test_a_timeout_around_a_hundred_sends_leaves_nothing(server, slow) -> None:
    """asyncio.timeout and a TaskGroup end them as one would think."""
    told = Told()

    async def go() -> bool:
        async with AsyncMailer(settings_for(server, slow.port), after=[told.after]) as mailer:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3), asyncio.TaskGroup() as group:
                    for one in mails():
                        group.create_task(mailer.send(one))
        return _alone()

    assert asyncio.run(go())
    agree(told.outcomes, server)


# Closed


def test_closing_an_async_mailer_tells_every_send(server, slow) -> None:
    """Closed in the middle: what was being handed over is accepted, the others hear ``closed``."""

    async def send(mailer: AsyncMailer, one) -> tuple[str, str, str]:
        try:
            report = await mailer.send(one)
        except SubmissionError as problem:
            report = problem.report
        (result,) = report.recipients.values()
        return report.message_id, str(result.outcome), str(result.reason)

    async def go() -> list[tuple[str, str, str]]:
        mailer = AsyncMailer(settings_for(server, slow.port))
        sending = [asyncio.create_task(send(mailer, one)) for one in mails()]
        await _in_the_middle(server)
        await asyncio.gather(mailer.aclose(), mailer.aclose())
        assert all(one.done() for one in sending)
        assert _alone()
        return [one.result() for one in sending]

    results = asyncio.run(go())
    agree({mail: outcome for mail, outcome, _ in results}, server)
    assert {(outcome, reason) for _, outcome, reason in results} == {
        ("accepted", "accepted"),
        ("deferred", "closed"),
    }


def test_closing_waits_for_a_silent_server_no_longer_than_its_dot_may_take(server, slow) -> None:
    """Mails whose answer never comes are unknown, and the connections are gone all the same."""
    told = Told()

    async def go() -> bool:
        settings = settings_for(server, slow.port, "&dot_timeout=0.5")
        mailer = AsyncMailer(settings, after=[told.after])
        sending = [asyncio.create_task(mailer.send(one)) for one in mails()]
        await _in_the_middle(server)
        server.misbehave("silent-when-taken")
        await _taken(server, len(server.messages) + 1)
        await mailer.aclose()
        await asyncio.wait(sending)
        assert {type(one.exception()) for one in sending} >= {SubmissionUnknown}
        return _alone()

    assert asyncio.run(go())
    agree(told.outcomes, server)
    assert sum(told.count.values()) == 100


def test_closing_a_mailer_from_another_thread_tells_every_send(server, slow) -> None:
    """A hundred threads send; whoever closes in the middle waits for them, and each hears what became of it."""
    told, raised = Told(), []
    mailer = Mailer(settings_for(server, slow.port), after=[told.after])

    def send(one) -> None:
        try:
            mailer.send(one)
        except Exception as problem:  # noqa: BLE001 - looked at below
            raised.append(problem)

    threads = [threading.Thread(target=send, args=(one,)) for one in mails()]
    for one in threads:
        one.start()
    _wait_for_the_middle(server)
    mailer.close()
    for one in threads:
        one.join()
    mailer.close()

    agree(told.outcomes, server)
    assert sum(told.count.values()) == 100
    assert {type(one) for one in raised} <= {SubmissionError, *SubmissionError.__subclasses__()}


def test_closing_a_mailer_under_a_send_many_loses_no_mail(server, slow) -> None:
    """Every mail has its report, whether it went before, was told ``closed``, or went on a later connection."""
    mailer = Mailer(settings_for(server, slow.port))
    reports = []
    sending = threading.Thread(target=lambda: reports.extend(mailer.send_many(mails())))
    sending.start()
    _wait_for_the_middle(server)
    mailer.close()
    sending.join()
    mailer.close()

    assert sorted(one.index for one in reports) == list(range(100))
    agree({one.message_id: str(one.recipients["bob@example.org"].outcome) for one in reports}, server)


# Ended by a signal

SAYS_ALL = [
    "one_by_one",
    "many",
    "many_left_open",
    "threads_left_alone",
    "tasks",
    "tasks_left_open",
    "async_many",
]


def _ended(program: str, server: ScriptedServer, slow: SlowRelay) -> tuple[int, dict[str, str], str]:
    url = server.url.replace(f":{server.port}?", f":{slow.port}?")
    running = subprocess.Popen(
        [sys.executable, "-W", "error", str(PROGRAMS), program, url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for_the_middle(server)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    return running.returncode, dict(line.split() for line in out.splitlines()), err


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGTERM to send")
@pytest.mark.parametrize("program", SAYS_ALL)
def test_a_program_that_leaves_on_sigterm_is_told_of_every_mail(server, slow, program) -> None:
    """It ends with its own code and without a complaint, and contradicts the server in no mail."""
    code, told, complaints = _ended(program, server, slow)

    assert (code, complaints) == (TERMINATED, "")
    agree(told, server)
    assert IN_THE_MIDDLE <= len(told) <= 100
    assert len(server.messages) < 100


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGTERM to send")
def test_mailsend_catches_no_signal_of_its_own_accord(server, slow) -> None:
    """A program that says nothing of SIGTERM is ended by it; what it was told until then is true."""
    code, told, _ = _ended("does_nothing_about_it", server, slow)

    assert code == -signal.SIGTERM
    agree({**dict.fromkeys(taken_by([server]), "unknown"), **told}, server)
