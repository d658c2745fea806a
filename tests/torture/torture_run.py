"""One torture run: puts mails in and delivers them, while whoever does so is killed or stands still, and the wire fails."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torture_programs
from mail_strategies import shop
from sqlalchemy import func, select
from torture_programs import engine_for, orders, way
from torture_wire import Wire

from mailsend.store import upgrade
from mailsend.store.schema.mails import message

__all__ = ["Record", "torture"]

MAILS = 300
ENQUEUERS, WORKERS = 2, 3
A_LIFE = 25  # mails that one process that puts in is given
KILLS = 24  # of each kind at random moments, besides those behind a final dot
AMBUSHES = 13
STILLS = 12
FATED = 0.6  # of those that put in: they die while they do so, and not at any moment
AT_MOST = 300.0  # seconds; on a machine with nothing else to do it takes 30
LEASE = 2.0
DOT_TIMEOUT = 1.0
UNKNOWN_AFTER = 1.0
STILL_FOR = 5.0  # at most: long enough that somebody else has sent the mail by then


@dataclass(slots=True, kw_only=True)
class Record:
    """What happened, from outside: what was acknowledged, tried, and who was killed when."""

    url: str
    wire: Wire
    epoch: float = field(default_factory=lambda: time.time() - time.monotonic())
    acknowledged: dict[int, str] = field(default_factory=dict)  # row ids by number
    tried: set[int] = field(default_factory=set)
    killed: dict[int, float] = field(default_factory=dict)  # workers, by process id
    killed_putting_in: int = 0
    killed_between: int = 0  # while a mail was tried and not acknowledged
    seconds: float = 0.0
    errors: str = ""


class Nursery:
    """Starts, kills and stops the processes."""

    def __init__(self, settings: dict[str, Any], folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, torture_programs.__file__, json.dumps(settings), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **command: Any) -> Any:
        """Give the answer to a command."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def family(self) -> list[int]:
        """Give its children."""
        pid = self._process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)


class _Torture:
    def __init__(self, seed: int, record: Record, nursery: Nursery, folder: Path) -> None:
        self.dice = random.Random(seed + 1)
        self.record = record
        self.nursery = nursery
        self.folder = folder
        self.left = list(range(MAILS))
        self.putting: dict[int, list[int]] = {}  # by process id, what it was given
        self.delivering: set[int] = set()
        self.next_kill = [time.monotonic() + self._pause(), time.monotonic() + self._pause()]

    def _pause(self) -> float:
        return 0.05 + self.dice.random() * 0.5

    def run(self) -> None:
        ends = time.monotonic() + AT_MOST
        while time.monotonic() < ends and not self._settled():
            self._bury(self.nursery.ask())
            self._start()
            self._kill()
            time.sleep(0.02)
        for pid in [*self.delivering]:
            self._has_ended(pid, self.nursery.ask(stop=pid))

    def _start(self) -> None:
        while self.left and len(self.putting) < ENQUEUERS:
            numbers, self.left = self.left[:A_LIFE], self.left[A_LIFE:]
            fated = (
                self.dice.choice(numbers[:5]) if self._more_to_kill and self.dice.random() < FATED else None
            )
            seed = self.dice.randrange(2**32)
            pid = self.nursery.ask(start="enqueue", numbers=numbers, seed=seed, fated=fated)
            self.putting[pid] = numbers
        while len(self.delivering) < WORKERS:
            self.delivering.add(self.nursery.ask(start="worker"))

    @property
    def _more_to_kill(self) -> bool:
        return self.record.killed_putting_in < KILLS

    def _kill(self) -> None:
        now = time.monotonic()
        if self.putting and now > self.next_kill[0] and self._more_to_kill:
            pid = self.dice.choice(sorted(self.putting))
            self._has_ended(pid, self.nursery.ask(kill=pid))
            self.next_kill[0] = now + self._pause() / 2
        if now > self.next_kill[1] and len(self.record.killed) < KILLS:
            pid = self.dice.choice(sorted(self.delivering))
            code = self.nursery.ask(kill=pid)
            if pid not in self.record.wire.senders.killed:
                self.record.killed[pid] = time.monotonic()  # it lived until then, at most
            self._has_ended(pid, code)
            self.next_kill[1] = now + self._pause()

    def _bury(self, ended: dict[str, int]) -> None:
        for pid, code in ended.items():
            self._has_ended(int(pid), code)

    def _has_ended(self, pid: int, code: int) -> None:
        self.delivering.discard(pid)
        given = self.putting.pop(pid, None)
        if code not in (0, -9):
            raise AssertionError(f"ended with {code}: {(self.folder / 'errors').read_text()[-4000:]}")
        if given is None or code == 0:
            return
        self.record.killed_putting_in += 1
        tried, acknowledged = read(self.folder)
        self.record.killed_between += any(one in tried and one not in acknowledged for one in given)
        # Without a key the application cannot know; whoever has one, or an order, asks again.
        self.left += [
            one
            for one in given
            if one not in acknowledged and (one not in tried or way(one) != "without a key")
        ]

    def _settled(self) -> bool:
        """Whether all is put in, everybody was killed who was to be, and nothing waits any more."""
        if self.left or self.putting or len(self.record.killed) < KILLS:
            return False
        open_states = message.c.state.in_(["queued", "sending"])
        with engine_for(self.record.url).connect() as connection:
            return not connection.scalar(select(func.count()).where(open_states))


def read(folder: Path) -> tuple[set[int], dict[int, str]]:
    """Give what was tried, and what was acknowledged, by what the processes wrote down."""
    tried, acknowledged = set(), {}
    for file in folder.glob("acknowledged-*"):
        for line in file.read_text().splitlines():
            word, number, *row_id = line.split()
            if word == "try":
                tried.add(int(number))
            else:
                acknowledged[int(number)] = row_id[0]
    return tried, acknowledged


def torture(seed: int, url: str, folder: Path) -> Record:
    """Do it; give what happened."""
    upgrade(url)
    orders.create(engine_for(url))
    began = time.monotonic()
    with Wire(seed, ambushes=AMBUSHES, stills=STILLS, still_for=STILL_FOR) as wire:
        settings = shop(
            f"smtp://127.0.0.1:{wire.port}?tls=none&timeout=3&dot_timeout={DOT_TIMEOUT:.0f}&max_connections=4",
            store=url,
            lease=LEASE,
            retry={"first": 0.2, "factor": 1.5, "unknown_after": UNKNOWN_AFTER, "unknown_resends": 50},
        )
        record = Record(url=url, wire=wire)
        with Nursery(settings, folder) as nursery:
            wire.senders.family = nursery.family
            _Torture(seed, record, nursery, folder).run()
    record.tried, record.acknowledged = read(folder)
    record.seconds = time.monotonic() - began
    errors = folder / "errors"
    record.errors = errors.read_text() if errors.exists() else ""
    return record
