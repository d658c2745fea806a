"""What one contender is asked to do, handed to its process as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One measurement. Times are in seconds; ``most`` mails at most where it is not 0."""

    folder: str
    host: str = "127.0.0.1"
    port: int = 0
    seconds: float = 1.5
    warm: float = 0.4
    most: int = 0
    connections: int = 8
    concurrency: int = 32
    form: str = "content"  # or "template"
    signed: bool = False
    algorithm: str = "rsa"
    attachment: bool = False
    shared: bool = False  # one attachment object for all mails
    memory: bool = False  # the peak of one mail instead of time
    callers: int = 1  # that store at the same time
    batch: int = 1  # mails that are stored at once
    processes: int = 1  # of a worker that can use several,
    threads: int = 5  # with so many threads each
    queued: int = 0  # mails that wait before a worker begins; 0: enough for the time
    short: bool = False  # a twentieth of what would be queued
    database: str = ""  # the URL of an empty database of this contender's own
    profile: str = ""  # where cProfile writes

    @property
    def place(self) -> Path:
        """The folder of this run: key, contents, mails, attachment."""
        return Path(self.folder)

    @property
    def key(self) -> str:
        """The private key, PEM."""
        return (self.place / f"{self.algorithm}.pem").read_text()

    def but(self, **changes: Any) -> Task:
        """Give the same task with changes."""
        return replace(self, **changes)

    def to_json(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})
