"""Programs that send a hundred mails and are ended in the middle: each says what it was told of each mail.

Run with the name of one of them and a server URL.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Never

sys.path.append(str(Path(__file__).parent))
from mail_strategies import shop
from told_and_taken import Told, mails

from mailsend import AsyncMailer, Mailer, Settings, SubmissionError

TERMINATED = 128 + signal.SIGTERM


def _leave(*_: Any) -> Never:
    sys.exit(TERMINATED)


def _mailer(url: str, kind: type[Any] = Mailer) -> Any:
    return kind(Settings.model_validate(shop(url)), after=[Told(aloud=True).after])


def one_by_one(url: str) -> None:
    """SIGTERM becomes SystemExit in the middle of ``send``."""
    signal.signal(signal.SIGTERM, _leave)
    with _mailer(url) as mailer:
        for one in mails():
            mailer.send(one)


def many(url: str) -> None:
    """SIGTERM becomes SystemExit in the middle of ``send_many``."""
    signal.signal(signal.SIGTERM, _leave)
    with _mailer(url) as mailer:
        for _ in mailer.send_many(mails()):
            pass


def many_left_open(url: str) -> None:
    """The same, and nobody closes the Mailer."""
    signal.signal(signal.SIGTERM, _leave)
    for _ in _mailer(url).send_many(mails()):
        pass


def threads_left_alone(url: str) -> None:
    """Daemon threads send, and the main thread leaves without a word to them."""
    signal.signal(signal.SIGTERM, _leave)
    mailer = _mailer(url)

    def send(one: Any) -> None:
        with contextlib.suppress(SubmissionError):  # told already
            mailer.send(one)

    for one in mails():
        threading.Thread(target=send, args=(one,), daemon=True).start()
    while True:
        signal.pause()


def tasks(url: str) -> None:
    """SIGTERM cancels the main task, and so a hundred tasks; the Mailer is closed behind them."""

    async def main() -> None:
        me = asyncio.current_task()
        assert me is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
        async with _mailer(url, AsyncMailer) as mailer, asyncio.TaskGroup() as group:
            for one in mails():
                group.create_task(mailer.send(one))

    _run_until_cancelled(main())


def tasks_left_open(url: str) -> None:
    """The same, and nobody closes the Mailer."""

    async def main() -> None:
        me = asyncio.current_task()
        assert me is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
        mailer = _mailer(url, AsyncMailer)
        await asyncio.gather(*(mailer.send(one) for one in mails()))

    _run_until_cancelled(main())


def async_many(url: str) -> None:
    """SIGTERM cancels the task that reads from ``send_many``."""

    async def main() -> None:
        me = asyncio.current_task()
        assert me is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
        async with _mailer(url, AsyncMailer) as mailer:
            async for _ in mailer.send_many(mails()):
                pass

    _run_until_cancelled(main())


def does_nothing_about_it(url: str) -> None:
    """SIGTERM ends the process as it always did."""
    with _mailer(url) as mailer:
        for _ in mailer.send_many(mails()):
            pass


def _run_until_cancelled(main: Any) -> None:
    try:
        asyncio.run(main)
    except asyncio.CancelledError:
        sys.exit(TERMINATED)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
    os._exit(1)  # all mails were sent, and nobody came to end it
