"""One mail that is to be carried to a server, and what its recipients were told so far."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from mailsend.decide.verdict import Verdict
from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.reply import Reply
from mailsend.model.report import Conversation, Exchange, RecipientResult
from mailsend.transport.base import SubmitOptions, result_of
from mailsend.transport.smtp.content import eight_bits

__all__ = ["Errand", "Phase"]

Said = tuple[float, str, tuple[str, ...]]

_MOST_RETURNS: Final = 3


class Phase(Enum):
    """How far an errand has come: from ``DOT`` on nobody but the server knows what became of it."""

    WAITING = auto()
    AHEAD = auto()
    ENVELOPE = auto()
    CONTENT = auto()
    DOT = auto()
    OVER = auto()


class Errand:
    """A mail on its way over a connection.

    ``results`` grows; who is missing in it is not settled, and ``waiting`` are those who were not
    asked for yet. ``now`` and all times are in seconds on one clock. Once it is OVER nothing changes
    what its recipients were told. ``late``: it was given up behind its final dot. ``error`` is what
    should not have happened. ``eight_bits``: whether octets beyond ASCII stand in header and body.
    ``source_ip`` is this end of the connection.
    """

    __slots__ = (
        "_returns",
        "began",
        "data",
        "dot_out",
        "eight_bits",
        "envelope",
        "error",
        "late",
        "lines",
        "options",
        "phase",
        "prologue",
        "queue_id",
        "results",
        "retry_now",
        "server",
        "source_ip",
        "waiting",
    )

    def __init__(
        self, envelope: Envelope, data: bytes, options: SubmitOptions, *, server: str, now: float
    ) -> None:
        self.envelope = envelope
        self.data = data
        self.options = options
        self.server = server
        self.began = now
        self.eight_bits = eight_bits(data)
        self.waiting = _once_each(envelope.recipients)
        self.results: dict[Address, RecipientResult] = {}
        self.lines: list[Said] = []
        self.prologue: tuple[Exchange, ...] = ()
        self.phase = Phase.WAITING
        self.late = False
        self.queue_id: str | None = None
        self.source_ip = ""
        self.retry_now = False
        self.dot_out = False
        self.error: Exception | None = None
        self._returns = 0

    def note(self, now: float, who: str, lines: tuple[str, ...]) -> None:
        """Write commands, or the lines of a reply, down."""
        self.lines.append((now, who, lines))

    def came_by(self, opening: Iterable[Exchange], now: float) -> None:
        """Write down how its connection was opened: first of all, or behind what was said on another."""
        if self.lines:
            self.lines += [(now, one.who, (one.line,)) for one in opening]
        else:
            self.prologue = tuple(opening)

    def is_out(self) -> None:
        """Take note that its last octets are on their way: from now on nobody but the server knows more."""
        if self.phase is not Phase.OVER:
            self.phase, self.dot_out = Phase.DOT, True

    def settle(self, addresses: Iterable[Address], verdict: Verdict, reply: Reply | None) -> None:
        """Write down what ``addresses`` were told."""
        if self.phase is Phase.OVER:
            return
        for one in addresses:
            self.retry_now = self.retry_now or verdict.retry_now
            self.results[one] = result_of(verdict, reply, server=self.server, address=one)

    def settle_rest(self, verdict: Verdict, reply: Reply | None) -> None:
        """Tell all who are not settled yet the same."""
        self.settle([one for one in self.envelope.recipients if one not in self.results], verdict, reply)

    def unsettle(self, addresses: Iterable[Address]) -> None:
        """Take back what ``addresses`` were told: it was said to another command than theirs."""
        for one in addresses:
            self.results.pop(one, None)

    def results_in_order(self) -> dict[Address, RecipientResult]:
        """Give what all were told, in the order of the envelope, however the server went about them."""
        results = self.results
        return results if len(results) == 1 else {one: results[one] for one in self.envelope.recipients}

    @property
    def has_returned(self) -> bool:
        """Whether a connection gave it back."""
        return self._returns > 0

    def go_back(self) -> bool:
        """Begin anew on another connection, with whom is not settled; say whether that may be."""
        left = any(one not in self.results for one in self.envelope.recipients)
        if not left or self._returns >= _MOST_RETURNS or self.phase is Phase.OVER:
            return False
        self._returns += 1
        self.step_back()
        return True

    def step_back(self) -> None:
        """Wait again, with whom is not settled."""
        self.phase = Phase.WAITING
        self.waiting = [one for one in _once_each(self.envelope.recipients) if one not in self.results]

    def conversation(self) -> Conversation:
        """Give what was said: the opening of the connection where it was opened for this mail, then the rest."""
        return Conversation(self.prologue, self.lines, began=self.began)


def _once_each(recipients: tuple[Address, ...]) -> list[Address]:
    return list(recipients) if len(recipients) == 1 else list(dict.fromkeys(recipients))
