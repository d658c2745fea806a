"""A query for queue and log, parsed: a tree of frozen values that can be written down again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

__all__ = ["EVERYTHING", "All", "AnyOf", "Key", "Match", "Not", "Pattern", "Query", "Span", "When", "Word"]


class Key(StrEnum):
    """What a query can ask for."""

    FROM = "from"
    REQUESTED = "requested"
    SENDER = "sender"
    TO = "to"
    CC = "cc"
    BCC = "bcc"
    RCPT = "rcpt"
    DOMAIN = "domain"
    SUBJECT = "subject"
    ID = "id"
    MESSAGE_ID = "message-id"
    QUEUE_ID = "queue-id"
    CUSTOMER = "customer"
    UNIT = "unit"
    TEMPLATE = "template"
    ACTOR = "actor"
    TAG = "tag"
    SERVER = "server"
    HOST = "host"
    PROVIDER = "provider"
    SOURCE_IP = "source-ip"
    KIND = "kind"
    FROZEN = "frozen"
    STATE = "state"
    OUTCOME = "outcome"
    REASON = "reason"
    CODE = "code"
    ENHANCED = "enhanced"
    BEFORE = "before"
    AFTER = "after"
    ON = "on"
    AGE = "age"
    SIZE = "size"


_BARE: Final = re.compile(r'[^\s()"\\*]+\Z')
_OPERATORS: Final = frozenset({"OR", "AND", "NOT"})
_TO_ESCAPE: Final = re.compile(r'["\\*]')
_UNITS: Final = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with gaps: ``parts`` are the literal pieces, anything at all may stand between two of them.

    One piece alone is the whole text.
    """

    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a pattern has at least one piece")
        first, *others = self.parts
        if others:
            inner = (one for one in others[:-1] if one)
            object.__setattr__(self, "parts", (first, *inner, others[-1]))

    @property
    def exact(self) -> str | None:
        """The text itself, where there is no gap in it."""
        return self.parts[0] if len(self.parts) == 1 else None

    @property
    def is_anything(self) -> bool:
        """Whether it is one gap and nothing else."""
        return self.parts == ("", "")

    def __str__(self) -> str:
        if all(not one or _BARE.match(one) for one in self.parts) and self.parts != ("",):
            return "*".join(self.parts)
        return f'"{"*".join(_TO_ESCAPE.sub(_escaped, one) for one in self.parts)}"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


@dataclass(frozen=True, slots=True)
class Word:
    """A word without a key: it is looked for in subject, addresses and ids."""

    pattern: Pattern

    def __str__(self) -> str:
        written = str(self.pattern)
        bare = not (written in _OPERATORS or written.startswith(("-", "<")) or ":" in written)
        return written if bare or written.startswith('"') else f'"{written}"'


@dataclass(frozen=True, slots=True)
class Match:
    """A key and the text that stands there."""

    key: Key
    pattern: Pattern

    def __str__(self) -> str:
        return f"{self.key}:{self.pattern}"


@dataclass(frozen=True, slots=True)
class When:
    """Queued ``before`` a time, or at it or ``after``: a time in UTC, or how long ago."""

    key: Key
    at: datetime | timedelta

    def __str__(self) -> str:
        if isinstance(self.at, timedelta):
            return f"{self.key}:{_ago(self.at)}"
        return f"{self.key}:{self.at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _ago(at: timedelta) -> str:
    seconds = at // timedelta(seconds=1)
    unit, many = next((one for one in _UNITS if seconds % one[1] == 0 and seconds), ("s", 1))
    return f"{seconds // many}{unit}"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole seconds of age or bytes of size, from ``least`` to ``most``, both included; None: no limit."""

    key: Key
    least: int | None
    most: int | None

    def __str__(self) -> str:
        if self.least is None:
            return f"{self.key}:<={self.most}"
        return f"{self.key}:>={self.least}" if self.most is None else f"{self.key}:{self.least}-{self.most}"


@dataclass(frozen=True, slots=True)
class Not:
    """What ``part`` does not find."""

    part: Query

    def __str__(self) -> str:
        return f"-{_within(self.part, All, AnyOf)}"


@dataclass(frozen=True, slots=True)
class All:
    """What each of ``parts`` finds; without parts, everything."""

    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " ".join(_within(one, All, AnyOf) for one in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """What at least one of ``parts`` finds."""

    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " OR ".join(_within(one, AnyOf) for one in self.parts)


Query: TypeAlias = Word | Match | When | Span | Not | All | AnyOf

EVERYTHING: Final = All(())


def _within(part: Query, *grouped: type) -> str:
    return f"({part})" if isinstance(part, grouped) else str(part)
