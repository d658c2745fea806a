"""What is measured, beside whom, and what we mean to reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A ratio that is meant to hold against ``peer``, for each of ours or for those named.

    ``measure`` is ``rate`` (ours divided by theirs, at least), or ``cpu``, ``peak`` or ``rss`` (ours
    divided by theirs, at most).
    """

    peer: str
    ratio: float
    measure: str = "rate"
    ours: tuple[str, ...] = ()

    @property
    def at_most(self) -> bool:
        """Whether less is better."""
        return self.measure != "rate"

    def holds(self, reached: float) -> bool:
        """Whether ``reached`` is good enough."""
        return reached <= self.ratio if self.at_most else reached >= self.ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One comparison: who of ours, which peers, under which task."""

    name: str
    title: str
    ours: tuple[str, ...]
    peers: tuple[str, ...]
    goals: tuple[Goal, ...] = ()
    task: dict[str, Any] = field(default_factory=dict)
    wire: bool = True
    postgres: bool = False  # its databases are PostgreSQL's; otherwise files of SQLite
    rounds: int = 0  # at most; 0: as many as are asked for
    delay: float = 0.0  # milliseconds each way
    unit: str = "mails/s"

    @property
    def contenders(self) -> tuple[str, ...]:
        """All of them, in the order in which they take turns."""
        return (*self.ours, *self.peers)


_MAILERS = ("mailer", "async-mailer")

CASES = (
    Case(
        name="template",
        title="10 KB, signed, from template to accepted",
        ours=_MAILERS,
        peers=("stack", "stack-tuned", "stack-premailer", "smtplib", "python-emails"),
        goals=(Goal(peer="stack", ratio=14),),
        task={"form": "template", "signed": True},
    ),
    Case(
        name="content",
        title="10 KB, signed, from finished content to accepted",
        ours=_MAILERS,
        peers=(
            "nodemailer",
            "nodemailer-tuned",
            "nodemailer-young",
            "stack",
            "stack-tuned",
            "smtplib",
            "python-emails",
            "rsa",
        ),
        goals=(
            Goal(peer="nodemailer", ratio=3.5),
            Goal(peer="nodemailer-young", ratio=3.5),
            Goal(peer="rsa", ratio=2.2, measure="cpu"),
        ),
        task={"signed": True},
    ),
    Case(
        name="unsigned",
        title="10 KB, unsigned, from finished content to accepted",
        ours=_MAILERS,
        peers=(
            "stack",
            "stack-tuned",
            "nodemailer",
            "nodemailer-tuned",
            "nodemailer-young",
            "smtplib",
            "django",
            "redmail",
            "fastapi-mail",
            "python-emails",
        ),
        goals=(
            Goal(peer="stack", ratio=8),
            Goal(peer="nodemailer", ratio=2.5),
            Goal(peer="nodemailer-young", ratio=2.5),
        ),
    ),
    Case(
        name="transport",
        title="10 KB, finished bytes, eight connections",
        ours=("transport",),
        peers=("aiosmtplib",),
        goals=(Goal(peer="aiosmtplib", ratio=3),),
    ),
    Case(
        name="transport-16",
        title="10 KB, finished bytes, sixteen connections",
        ours=("transport",),
        peers=("smtp-source",),
        goals=(Goal(peer="smtp-source", ratio=0.6),),
        task={"connections": 16, "concurrency": 64},
    ),
    Case(
        name="sign",
        title="signing 10 KB, RSA-2048",
        ours=("sign",),
        peers=("dkimpy", "rsa"),
        goals=(Goal(peer="dkimpy", ratio=15),),
        wire=False,
        unit="per second",
    ),
    Case(
        name="sign-ed25519",
        title="signing 10 KB, Ed25519",
        ours=("sign",),
        peers=("dkimpy",),
        task={"algorithm": "ed25519"},
        wire=False,
        unit="per second",
    ),
    Case(
        name="sign-1mb",
        title="signing 1.4 MB, RSA-2048",
        ours=("sign",),
        peers=("dkimpy",),
        task={"attachment": True},
        wire=False,
        unit="per second",
    ),
    Case(
        name="compose",
        title="writing 10 KB",
        ours=("compose", "preview"),
        peers=("email", "email-tuned"),
        goals=(Goal(peer="email", ratio=15, ours=("compose",)),),
        wire=False,
        unit="per second",
    ),
    Case(
        name="compose-1mb",
        title="writing with a 1 MB attachment, encoded anew for each mail",
        ours=("compose", "preview"),
        peers=("email", "email-tuned"),
        goals=(Goal(peer="email", ratio=5, ours=("compose",)),),
        task={"attachment": True},
        wire=False,
        unit="per second",
    ),
    Case(
        name="compose-1mb-shared",
        title="writing with a 1 MB attachment, encoded once for all mails on both sides",
        ours=("compose",),
        peers=("email",),
        task={"attachment": True, "shared": True},
        wire=False,
        unit="per second",
    ),
    Case(
        name="memory",
        title="peak memory of writing one mail with a 1 MB attachment",
        ours=("compose", "preview"),
        peers=("email", "email-tuned"),
        goals=(Goal(peer="email", ratio=0.7, measure="peak", ours=("compose",)),),
        task={"attachment": True, "memory": True},
        wire=False,
        unit="",
    ),
    Case(
        name="delay",
        title="10 KB, unsigned, one connection, 20 ms there and back",
        ours=_MAILERS,
        peers=("stack", "nodemailer", "smtplib", "django"),
        goals=(Goal(peer="stack", ratio=3.5), Goal(peer="nodemailer", ratio=1.7)),
        task={"connections": 1, "concurrency": 8},
        delay=10,
    ),
    Case(
        name="delay-8",
        title="10 KB, unsigned, eight connections, 20 ms there and back",
        ours=_MAILERS,
        peers=("stack", "nodemailer"),
        task={"concurrency": 64},
        delay=10,
    ),
    Case(
        name="1mb-signed",
        title="1 MB attachment, signed, from finished content to accepted",
        ours=_MAILERS,
        peers=("stack", "nodemailer"),
        task={"attachment": True, "signed": True, "concurrency": 16},
    ),
    Case(
        name="1mb",
        title="1 MB attachment, unsigned, from finished content to accepted",
        ours=_MAILERS,
        peers=("stack", "nodemailer"),
        task={"attachment": True, "concurrency": 16},
    ),
    Case(
        name="import",
        title="importing, in a fresh process",
        ours=("import-mailsend", "import-names"),
        peers=(
            "import-email",
            "import-aiosmtplib",
            "import-redmail",
            "import-django",
            "import-emails",
            "import-fastapi-mail",
        ),
        wire=False,
        unit="per second",
    ),
)
