"""Programs that fork, preload and spawn with Mailers in use; each says nothing and ends with 0 where all went well.

Run with the name of one of them and a server URL.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from mail_strategies import shop

import mailsend
from mailsend import AsyncMailer, Mailer, Message, Settings

CHILDREN = 3


def mail(subject: str) -> Message:
    """Give a mail that is known by its subject."""
    return Message(to="bob@example.org", subject=subject, text="x")


@functools.cache
def mailer_of_the_module(url: str) -> Mailer:
    """Give the one Mailer of this module, as an application has it."""
    return Mailer(Settings.model_validate(shop(url)))


@functools.cache
def async_mailer_of_the_module(url: str) -> AsyncMailer:
    """Give the one AsyncMailer."""
    return AsyncMailer(Settings.model_validate(shop(url)))


def _several(mailer: Mailer, subject: str, number: int = 8) -> None:
    reports = list(mailer.send_many([mail(subject)] * number, concurrency=number))
    assert all(one.complete for one in reports), reports


async def _several_async(mailer: AsyncMailer, subject: str, number: int = 8) -> None:
    reports = [one async for one in mailer.send_many([mail(subject)] * number, concurrency=number)]
    assert all(one.complete for one in reports), reports


def _in_a_child(work: Callable[[], object]) -> int:
    """Fork; the child does the work, at most half a minute long, and ends as prefork servers end theirs."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(30)
        work()
        code = 0
    finally:
        os._exit(code)


def _wait_for(*children: int) -> None:
    assert [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children] == [0] * len(children)


def child_that_sends(url: str) -> None:
    """The child sends and ends like any program; the parent's connections go on."""
    mailer = mailer_of_the_module(url)
    _several(mailer, "before")
    child = os.fork()
    if child == 0:
        gc.collect()
        _several(mailer, "child")
        return
    _wait_for(child)
    _several(mailer, "parent")
    mailer.close()


def child_that_closes(url: str) -> None:
    """The child sends, closes its Mailer and ends."""
    mailer = mailer_of_the_module(url)
    _several(mailer, "before")
    child = os.fork()
    if child == 0:
        _several(mailer, "child")
    else:
        _wait_for(child)
        _several(mailer, "parent")
    mailer.close()


def child_that_forgets(url: str) -> None:
    """The child drops the Mailer without having used it, and everything is collected."""
    mailer = Mailer(Settings.model_validate(shop(url)))
    _several(mailer, "before")
    child = os.fork()
    if child == 0:
        del mailer
        gc.collect()
        return
    _wait_for(child)
    _several(mailer, "parent")
    mailer.close()


def both_at_once(url: str) -> None:
    """Parent and children send at the same time, from the same Mailer."""
    mailer = mailer_of_the_module(url)
    _several(mailer, "before")
    children = [_in_a_child(lambda: _several(mailer, "child", 20)) for _ in range(CHILDREN)]
    _several(mailer, "parent", 20)
    _wait_for(*children)
    mailer.close()


def under_fire(url: str) -> None:
    """Four threads send all the time while children are forked: whatever was locked then is free in the child."""
    mailer = mailer_of_the_module(url)
    _several(
        mailer, "before"
    )  # a fork in the middle of an import is no child's pleasure in any Python program
    enough = threading.Event()

    def fire() -> None:
        while not enough.is_set():
            assert mailer.send(mail("parent")).complete

    threads = [threading.Thread(target=fire) for _ in range(4)]
    for one in threads:
        one.start()
    children = [_in_a_child(lambda: mailer.send(mail("child"))) for _ in range(CHILDREN * 4)]
    _wait_for(*children)
    enough.set()
    for one in threads:
        one.join()
    mailer.close()


def in_the_middle_of_an_import(url: str) -> None:
    """A module of ours is imported for the first time, on another thread, while a child is forked."""
    mailer = mailer_of_the_module(url)
    _several(mailer, "before")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "slow_to_import.py").write_text("import time\ntime.sleep(0.5)\n")
        mailsend.__path__.append(folder)
        importing = threading.Thread(target=importlib.import_module, args=("mailsend.slow_to_import",))
        importing.start()
        while "mailsend.slow_to_import" not in sys.modules:
            time.sleep(0.001)

        def work() -> None:
            importlib.import_module("mailsend.slow_to_import")
            _several(mailer, "child")

        child = _in_a_child(work)
        _several(mailer, "parent")
        _wait_for(child)
        importing.join()
    mailer.close()


def loop_with_warm_connections(url: str) -> None:
    """A loop that is not running at the fork keeps its connections; the child's runs have their own."""
    mailer = async_mailer_of_the_module(url)
    with asyncio.Runner() as runner:
        runner.run(_several_async(mailer, "before"))
        child = _in_a_child(lambda: asyncio.run(_several_async(mailer, "child")))
        _wait_for(child)
        runner.run(_several_async(mailer, "parent"))


def loop_dropped_in_the_child(url: str) -> None:
    """The child drops the parent's loop and Mailer; collecting them there would deafen the parent's loop."""
    mailer = AsyncMailer(Settings.model_validate(shop(url)))
    runner = asyncio.Runner()
    runner.run(_several_async(mailer, "before"))
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        del mailer, runner
        asyncio.run(asyncio.sleep(0))  # the thread's current loop is another one now
        gc.collect()
        os._exit(0)
    _wait_for(child)
    runner.run(_several_async(mailer, "parent"))
    runner.close()


def prefork(url: str) -> None:
    """A server that loads the application, sends from it, and then forks its workers."""
    mailer, async_mailer = mailer_of_the_module(url), async_mailer_of_the_module(url)
    _several(mailer, "before")
    asyncio.run(_several_async(async_mailer, "before"))

    def serve() -> None:
        for _ in range(2):
            mailer.send(mail("child"))
            asyncio.run(_several_async(async_mailer, "child", 1))

    _wait_for(*[_in_a_child(serve) for _ in range(CHILDREN)])
    _several(mailer, "parent")
    mailer.close()


def work_of_a_process(url: str) -> None:
    """Send by both Mailers of the module; the target of the processes below."""
    mailer_of_the_module(url).send(mail("child"))
    asyncio.run(_several_async(async_mailer_of_the_module(url), "child", 1))


def _processes(method: str, url: str) -> None:
    import lifetime_programs

    lifetime_programs.work_of_a_process(url)
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["lifetime_programs"])
    processes = [context.Process(target=lifetime_programs.work_of_a_process, args=(url,)) for _ in range(2)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert [one.exitcode for one in processes] == [0, 0]
    lifetime_programs.work_of_a_process(url)


def processes_by_fork(url: str) -> None:
    """The module multiprocessing, as it was the default on Linux up to Python 3.13."""
    _processes("fork", url)


def processes_by_spawn(url: str) -> None:
    """The same, with a new interpreter for each."""
    _processes("spawn", url)


def processes_by_forkserver(url: str) -> None:
    """The same, forked from a server that has loaded the module."""
    _processes("forkserver", url)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
