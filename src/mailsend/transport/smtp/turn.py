"""One transaction: MAIL, its recipients, and the content (RFC 5321, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mailsend.decide.verdict import Step
from mailsend.model.address import Address
from mailsend.model.server import Pipelining
from mailsend.transport.smtp.errand import Errand

__all__ = ["Due", "Piece", "Turn"]


@dataclass(slots=True, eq=False)
class Turn:
    """A transaction of ``errand`` with those it ``asked`` for, at a level of pipelining.

    ``ahead``: its commands stood behind another mail's content. ``reused``: the connection has
    carried mail before. ``opened``: MAIL was taken; ``closed``: it was refused, ``stray``: and a
    recipient taken all the same. ``written``: its content is being written, or is. ``taken`` are the
    recipients that were accepted, ``later`` those who were too many, ``told`` those settled by replies to it.
    """

    errand: Errand
    asked: tuple[Address, ...]
    level: Pipelining
    ahead: bool = False
    reused: bool = False
    opened: bool = False
    closed: bool = False
    stray: bool = False
    written: bool = False
    taken: list[Address] = field(default_factory=list)
    later: list[Address] = field(default_factory=list)
    told: list[Address] = field(default_factory=list)

    @property
    def is_grouped(self) -> bool:
        """Whether its commands went out in one group."""
        return self.level is not Pipelining.OFF


class Due(NamedTuple):
    """A reply that is due, and within how many seconds; without a turn it changes nothing."""

    step: Step
    seconds: float
    turn: Turn | None = None
    address: Address | None = None


class Piece(NamedTuple):
    """What is to be written in one go, and the replies that are due once it is; content by its turn."""

    octets: bytes
    due: tuple[Due, ...]
    content: Turn | None = None
