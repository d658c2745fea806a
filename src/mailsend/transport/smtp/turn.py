"""One transaction: MAIL, its recipients, and the content (RFC 5321, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mailsend.decide.verdict import Step
from mailsend.model.address import Address
from mailsend.transport.smtp.errand import Errand

__all__ = ["Due", "Piece", "Turn"]


@dataclass(slots=True, eq=False)
class Turn:
    """A transaction of ``errand`` with those it ``asked`` for; ``is_grouped``: its commands went out together.

    ``ahead``: its commands stood behind another mail's content. ``reused``: the connection has
    carried mail before. ``opened``: MAIL was taken; ``closed``: it was refused, ``stray``: and a
    recipient taken all the same. ``written``: its content is being written, or is; ``allowed``: whoever had to be asked
    first said that it may. ``taken`` are the
    recipients that were accepted, ``later`` those who were too many, ``told`` those settled by replies to it.
    """

    errand: Errand
    asked: tuple[Address, ...]
    is_grouped: bool
    ahead: bool = False
    reused: bool = False
    opened: bool = False
    closed: bool = False
    stray: bool = False
    written: bool = False
    allowed: bool = False
    taken: list[Address] = field(default_factory=list)
    later: list[Address] = field(default_factory=list)
    told: list[Address] = field(default_factory=list)


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
