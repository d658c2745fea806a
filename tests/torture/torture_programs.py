"""Who is killed: processes that put mails in, and processes that deliver; forked by one that stays.

``python torture_programs.py SETTINGS FOLDER`` reads commands line by line, and answers each with one line
of JSON: ``{"start": "worker"}``, ``{"start": "enqueue", "numbers": [...], "seed": 1, "fated": null}``, ``{"kill": PID}``,
``{"stop": PID}``, ``{"ended": true}`` (who has ended by itself). A process is waited for by command alone,
so that its number is nobody else's before.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from threading import Timer
from typing import Any

import psycopg  # noqa: F401 - loaded once, here, and not by each child
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from mailsend import Mailer, Message, Settings

__all__ = ["engine_for", "message", "orders", "way"]

# The business's own table, in the same database: a mail goes out if, and only if, its order is there.
orders = Table("orders", MetaData(), Column("number", Integer, primary_key=True))

WAYS = ("by key", "in the order's transaction", "without a key")


def way(number: int) -> str:
    """Give how this mail is put in."""
    return WAYS[number % len(WAYS)]


def engine_for(url: str) -> Engine:
    """Give the application's own engine, which keeps no connection."""
    return create_engine(
        url, poolclass=NullPool, connect_args={"timeout": 30} if url.startswith("sqlite") else {}
    )


def message(number: int) -> Message:
    """Give a mail by its number: to one or to three, and sometimes to somebody who is gone."""
    people = [f"ann-{number}@one.example"]
    if number % 4 == 0:
        people += [f"bob-{number}@one.example", f"cid-{number}@two.example"]
    if number % 7 == 0:
        people.append(f"gone-{number}@two.example")
    key = f"order-{number}" if way(number) == "by key" else None
    return Message(to=people, subject=f"Mail {number}", text=f"This is mail {number}.\n", idempotency_key=key)


def put_in(
    settings: dict[str, Any], folder: Path, *, numbers: list[int], seed: int, fated: int | None
) -> None:
    """Put these mails in; each is written down before, and after it was acknowledged (with fsync).

    Putting ``fated`` in, it is killed at a random moment of that.
    """
    dice = random.Random(seed)
    engine = engine_for(settings["application"]["store"])
    with (
        Mailer(Settings.model_validate(settings)) as mailer,
        (folder / f"acknowledged-{os.getpid()}-{time.monotonic_ns()}").open("ab", buffering=0) as file,
    ):
        for number in numbers:
            time.sleep(dice.random() * 0.06)
            file.write(f"try {number}\n".encode())
            if number == fated:
                Timer(dice.random() * 0.008, os.kill, (os.getpid(), signal.SIGKILL)).start()
            if way(number) == "in the order's transaction":
                try:
                    with engine.begin() as connection:
                        connection.execute(insert(orders).values(number=number))
                        row_id = mailer.enqueue(message(number), connection=connection)
                except IntegrityError:  # ordered by a process that was killed behind its commit
                    row_id = "ordered"
            else:
                row_id = mailer.enqueue(message(number))
            file.write(f"done {number} {row_id}\n".encode())
            os.fsync(file.fileno())


def deliver(settings: dict[str, Any], folder: Path) -> None:
    """Deliver what is due, until SIGTERM."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    with Mailer(Settings.model_validate(settings)) as mailer:
        while not stopped:
            if not mailer.deliver_due(limit=8).claimed:
                time.sleep(0.02)


def _start(asked: dict[str, Any], settings: dict[str, Any], folder: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.close(0)
        os.dup2(os.open(folder / "errors", os.O_WRONLY | os.O_APPEND | os.O_CREAT), 2)
        os.dup2(2, 1)
        program = deliver if asked.pop("start") == "worker" else put_in
        program(settings, folder, **asked)
        code = 0
    except BaseException:  # noqa: BLE001 - the test reads it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _end(pid: int, number: int) -> int:
    os.kill(pid, number)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _ended() -> dict[int, int]:
    found = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if not pid:
            return found
        found[pid] = os.waitstatus_to_exitcode(status)


def main() -> None:
    settings, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        match json.loads(line):
            case {"start": _} as asked:
                answer: Any = _start(asked, settings, folder)
            case {"kill": pid}:
                answer = _end(pid, signal.SIGKILL)
            case {"stop": pid}:
                answer = _end(pid, signal.SIGTERM)
            case _:
                answer = _ended()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        _end(int(pid), signal.SIGKILL)


if __name__ == "__main__":
    main()
