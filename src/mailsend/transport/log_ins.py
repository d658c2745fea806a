"""What processes tell each other of log-ins, so that together they try no more than one would (M12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mailsend.decide.refusals import NONE_REFUSED, Refusals

if TYPE_CHECKING:
    from mailsend.model.server import Server

__all__ = ["KnownLogIns", "SharedLogIns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLogIns:
    """What all processes know of an account: its refusals by this process's steady clock, and whose turn it is.

    ``noted``: whether anything stands there, which a log-in that succeeds wipes out. ``mine``: the turn
    was free and is the asker's now. ``others``: somebody tries just now.
    """

    refusals: Refusals = NONE_REFUSED
    noted: bool = False
    mine: bool = False
    others: bool = False


class SharedLogIns(Protocol):
    """Where processes tell each other. Nothing here raises, keeps the loop waiting, or takes longer than seconds.

    ``holder`` names one log-in. What is None cannot be known now: then a process goes by its own memory.
    """

    def new_holder(self) -> str:
        """Give a name for one log-in, that no other has."""
        ...

    async def known(self, server: Server, *, fresh: bool) -> KnownLogIns | None:
        """Say what is known of an account; unless it has to be ``fresh`` an answer may be seconds old."""
        ...

    async def take_turn(self, server: Server, holder: str, *, by_person: bool) -> KnownLogIns | None:
        """Take the turn to log in where it is free and no pause lasts, and say what is known."""
        ...

    async def refused(self, server: Server, holder: str) -> Refusals | None:
        """Tell all of a 535, and leave the turn; give the refusals that count now."""
        ...

    async def passed(self, server: Server, *, wait: bool) -> None:
        """Tell all, in a moment, that a log-in succeeded; with ``wait`` it is told when this returns."""
        ...

    def leave_turn(self, server: Server, holder: str) -> None:
        """Leave the turn, in a moment, after what was neither."""
        ...
