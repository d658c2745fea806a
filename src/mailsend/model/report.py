"""What became of a mail: attempts, recipients, and whose fault it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, overload

from mailsend.model.address import Address, ByAddress
from mailsend.model.frozen import by_slots

if TYPE_CHECKING:
    from mailsend.model.decision import Decision
    from mailsend.model.reply import Reply
    from mailsend.model.submission import Refusal

__all__ = ["Attempt", "Conversation", "Exchange", "Fault", "Outcome", "RecipientResult", "Report"]


class Outcome(StrEnum):
    """What became of one recipient; each word means one thing (see the glossary)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    HELD = "held"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Fault(StrEnum):
    """Whose fault it was that a recipient was not accepted."""

    SERVER = "server"
    ACCOUNT = "account"
    SENDER = "sender"
    MESSAGE = "message"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One line of an SMTP conversation, without secrets and without content.

    ``at`` is in seconds since the attempt began, ``who`` is ``"C"`` (we) or ``"S"`` (the server).
    """

    at: float
    who: str
    line: str

    def __str__(self) -> str:
        return f"{self.at:8.3f} {self.who}: {self.line}"


class Conversation(Sequence[Exchange]):
    """What was said in one attempt, line by line; equal to the tuple of the same lines.

    It is ``opening`` and behind it what was ``noted``: when, by whom, and which lines at once, on a
    clock that showed ``began`` when the attempt began. Nearly all of them are never read, so that an
    Exchange is made of each line when the first one is.
    """

    __slots__ = ("_began", "_lines", "_noted", "_opening")

    def __init__(
        self,
        opening: tuple[Exchange, ...],
        noted: Sequence[tuple[float, str, tuple[str, ...]]],
        *,
        began: float,
    ) -> None:
        self._opening = opening
        self._noted = tuple(noted)
        self._began = began
        self._lines: tuple[Exchange, ...] | None = None

    def plain(self) -> list[tuple[float, str, str]]:
        """Give when, by whom and what was said, without an Exchange for each line."""
        began = self._began
        opened = [(one.at, one.who, one.line) for one in self._opening]
        return opened + [(at - began, who, line) for at, who, lines in self._noted for line in lines]

    def _read(self) -> tuple[Exchange, ...]:
        if self._lines is None:
            self._lines = tuple([Exchange(at=at, who=who, line=line) for at, who, line in self.plain()])
        return self._lines

    @overload
    def __getitem__(self, place: int) -> Exchange: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Exchange, ...]: ...
    def __getitem__(self, place: int | slice) -> Exchange | tuple[Exchange, ...]:
        return self._read()[place]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._read())

    def __eq__(self, other: object) -> bool:
        return self._read() == tuple(other) if isinstance(other, Conversation | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientResult:
    """What became of one requested recipient.

    ``envelope_address`` is who stood in RCPT TO (another one in test mode), ``server`` the name of
    the server that gave the last ``reply``, ``attempts`` how many attempts tried this recipient,
    ``reason`` the stable code of the verdict, ``advice`` what to do about it in words. ``lasting``:
    it will not mend by itself.
    """

    outcome: Outcome
    reply: Reply | None = None
    server: str | None = None
    envelope_address: Address | None = None
    attempts: int = 0
    fault: Fault | None = None
    reason: str = ""
    advice: str = ""
    lasting: bool = False


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one server: what each recipient of the envelope was told.

    ``queue_id`` is the server's own name for the mail, read from its last reply; ``started`` and
    ``ended`` are UTC. ``name_missing`` says that the server's name does not exist (M11), so that no
    other route is tried. ``retry_now`` says that the fault was of the connection alone, ``dot_out`` that
    the server got a whole mail: what it answered without sense is not given to another server as well.
    ``source_ip`` is the address of this machine that the connection came from, "" where there was none.
    """

    server: str
    recipients: ByAddress[RecipientResult]
    outcome: Outcome
    fault: Fault | None = None
    reply: Reply | None = None
    reason: str = ""
    advice: str = ""
    queue_id: str | None = None
    conversation: Sequence[Exchange] = ()
    started: datetime | None = None
    ended: datetime | None = None
    name_missing: bool = False
    retry_now: bool = False
    dot_out: bool = False
    source_ip: str = ""


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one message, recipient by recipient.

    ``recipients`` maps every requested recipient to its result; ``index`` is the place in the
    iterable that ``send_many`` was given; ``digest`` is the SHA-256 of the bytes that were sent, in
    hexadecimal. ``refusal`` and ``error`` are set where nothing was sent. ``decisions`` are those that
    were made on the way, such as another order of servers.
    """

    id: str = ""
    index: int = 0
    message_id: str = ""
    recipients: ByAddress[RecipientResult] = field(default_factory=ByAddress)
    attempts: tuple[Attempt, ...] = ()
    digest: str = ""
    queued: bool = False
    decisions: tuple[Decision, ...] = ()
    refusal: Refusal | None = None
    error: Exception | None = None

    def _with(self, outcome: Outcome) -> ByAddress[RecipientResult]:
        results = self.recipients
        return ByAddress({who: results[who] for who in results if results[who].outcome is outcome})

    @property
    def accepted(self) -> ByAddress[RecipientResult]:
        """The recipients for whom a server took responsibility; that is not delivery."""
        return self._with(Outcome.ACCEPTED)

    @property
    def rejected(self) -> ByAddress[RecipientResult]:
        """The recipients refused for good."""
        return self._with(Outcome.REJECTED)

    @property
    def deferred(self) -> ByAddress[RecipientResult]:
        """The recipients not accepted now, who may be accepted later."""
        return self._with(Outcome.DEFERRED)

    @property
    def unknown(self) -> ByAddress[RecipientResult]:
        """The recipients for whom the server fell silent after the final dot."""
        return self._with(Outcome.UNKNOWN)

    @property
    def held(self) -> ByAddress[RecipientResult]:
        """The recipients whose mail is kept back until somebody decides."""
        return self._with(Outcome.HELD)

    @property
    def suppressed(self) -> ByAddress[RecipientResult]:
        """The recipients left out because of a list."""
        return self._with(Outcome.SUPPRESSED)

    @property
    def complete(self) -> bool:
        """Whether every requested recipient was accepted."""
        results = self.recipients
        return bool(results) and all(results[who].outcome is Outcome.ACCEPTED for who in results)

    @property
    def conversation(self) -> tuple[Exchange, ...]:
        """The attempts' conversations, one after the other."""
        return tuple(line for one in self.attempts for line in one.conversation)

    def raise_for_incomplete(self) -> None:
        """Raise where not every recipient was accepted.

        Raises MessageRefused for a refusal, the error that stopped it, SubmissionUnknown where a
        recipient's outcome is unknown, SubmissionDeferred where some may be accepted later,
        SubmissionRejected where nobody is left who may be.
        """
        from mailsend.model.outcome_errors import incomplete

        problem = incomplete(self)
        if problem is not None:
            raise problem
