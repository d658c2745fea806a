"""What a scenario is: a server, its faults, what is sent, and what must then be true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from mailsend.model.server import Pipelining
from mailsend.testing.faults import Act, Place, ScriptedFault, fault_named

__all__ = [
    "ACCEPTED",
    "ACROSS",
    "BUSY",
    "LOGIN",
    "LOST",
    "OFF",
    "PASSWORD",
    "SENSELESS",
    "SILENCE",
    "USER",
    "WITHIN",
    "Scenario",
    "may_go_elsewhere",
    "one",
]

ACROSS, WITHIN, OFF = Pipelining.ACROSS, Pipelining.WITHIN, Pipelining.OFF
USER: Final = "ann"
PASSWORD: Final = "correct-horse-battery"
LOGIN: Final[Mapping[str, Any]] = MappingProxyType({"tls": "starttls", "accounts": {USER: PASSWORD}})

ACCEPTED: Final = "accepted"
LOST: Final = "deferred server connection_lost"
BUSY: Final = "deferred server server_busy"
SENSELESS: Final = "deferred server senseless_reply"
SILENCE: Final = "unknown server silence_after_dot"

_UNANSWERED: Final = (
    Act.SILENCE,
    Act.DRIP,
    Act.REPLY_AND_STOP,
    Act.FORGET,
)
_BEFORE_LOGIN: Final = (Place.CONNECT, Place.GREETING, Place.EHLO, Place.STARTTLS)
_BEFORE_CONTENT: Final = (*_BEFORE_LOGIN, Place.AUTH, Place.CHALLENGE, Place.MAIL, Place.RCPT)
_UNBOUNDED: Final = (Act.ENDLESS, Act.FLOOD, Act.DRIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One line of the table.

    ``told`` is what each recipient is told, "outcome fault reason" and "lasting" where it will not mend
    by itself; one text counts for all recipients, and " | " parts what may be told where two things
    happen at once. ``taken`` is whether the server's record holds the mail for each of those, ``None``:
    as they are told. ``server`` and ``client`` are what ScriptedServer and Server are made with,
    ``content`` what the mail looks like. ``reads_content`` and ``reads_secrets`` are whether the server
    may have seen them at all. ``mails`` are sent at once over one connection; then ``told`` is what any
    of them may be told and ``least`` how many are accepted. ``afterwards`` is what the next mail is told
    when the server behaves again, ``pause`` the seconds before it.
    """

    name: str
    faults: tuple[str, ...] = ()
    told: tuple[str, ...] = (ACCEPTED,)
    taken: tuple[bool, ...] | None = None
    server: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    pipelining: Pipelining = ACROSS
    recipients: tuple[str, ...] = ("a@example.org", "b@example.org")
    content: str = "small"
    reads_content: bool = True
    reads_secrets: bool = True
    waits: bool = False
    mails: int = 1
    least: int = 0
    pause: float = 0.0
    afterwards: str = ACCEPTED

    @property
    def scripted(self) -> tuple[ScriptedFault, ...]:
        """The faults themselves."""
        return tuple(fault_named(name) for name in self.faults)

    @property
    def told_each(self) -> tuple[frozenset[str], ...]:
        """What each recipient may be told."""
        each = self.told * len(self.recipients) if len(self.told) == 1 else self.told
        assert len(each) == len(self.recipients), self.name
        return tuple(frozenset(text.split(" | ")) for text in each)

    @property
    def taken_each(self) -> tuple[bool | None, ...]:
        """Whether the record holds the mail for each recipient; ``None``: as the recipient is told."""
        each = (None,) if self.taken is None else self.taken
        return each * len(self.recipients) if len(each) == 1 else each

    @property
    def is_unbounded(self) -> bool:
        """Whether the server would send for ever."""
        return any(fault.does in _UNBOUNDED for fault in self.scripted)

    @property
    def ends_at_the_dot(self) -> bool:
        """Whether the server has the whole mail when it misbehaves: what it then says without sense may hide that."""
        return any(fault.at in (Place.DOT, Place.TAKEN) for fault in self.scripted)

    @property
    def offers(self) -> tuple[str, ...]:
        """The extensions that the server offers besides the usual ones."""
        return tuple(self.server.get("extensions", ("PIPELINING",)))


def may_go_elsewhere(told: str) -> bool:
    """Say whether a second route may have it: after a temporary fault of server or account (M18)."""
    return told.startswith(("deferred server", "deferred account")) and not told.endswith("lasting")


def one(name: str, told: str | tuple[str, ...] = ACCEPTED, **more: Any) -> Scenario:
    """Write a scenario in one line: ``name`` is its fault, unless ``faults`` are given.

    A suffix behind a comma tells scenarios of one fault apart. What the server may have seen follows
    from the place of the first fault, and a log-in is set up where the fault strikes there.
    """
    faults = more.pop("faults", (name.partition(",")[0],))
    scripted = [fault_named(text) for text in faults]
    places = {fault.at for fault in scripted if fault.does is not Act.STRIP}
    if places & {Place.STARTTLS, Place.AUTH, Place.CHALLENGE} and "server" not in more:
        more["server"] = LOGIN
    if places and not any(name == "accepted" for text in _texts(told) for name in text.split(" | ")):
        more.setdefault("reads_content", not places & {*_BEFORE_CONTENT, Place.DATA})
        more.setdefault("reads_secrets", not places & set(_BEFORE_LOGIN))
    more.setdefault("waits", any(fault.does in _UNANSWERED for fault in scripted))
    return Scenario(name=name, faults=tuple(faults), told=_texts(told), **more)


def _texts(told: str | tuple[str, ...]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else told
