"""What every transport does: take an envelope and bytes, and say what became of each recipient."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from mailsend.decide.verdict import Reason, Verdict, conclude
from mailsend.errors import InvalidMessage
from mailsend.model.address import Address, ByAddress
from mailsend.model.envelope import Envelope
from mailsend.model.frozen import by_slots
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, Exchange, Outcome, RecipientResult

__all__ = [
    "NO_OPTIONS",
    "BeforeContent",
    "SubmitOptions",
    "Transport",
    "attempt_from",
    "may_go_out",
    "result_of",
    "same_for_all",
    "wire_data",
]


BeforeContent: TypeAlias = Callable[[str, Sequence[Address]], Awaitable[bool]]


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOptions:
    """What a mail asks of the transport beside its envelope.

    ``envelope_id`` is our own id, told to servers that offer delivery status notices (RFC 3461).
    ``require_tls`` asks for verified TLS on every hop (RFC 8689). ``deadline`` is in seconds from
    the call: it ends everything before the final dot, after which the outcome is ``unknown``. Where
    mails wait for a connection, the customers they are sent for take turns. ``abandoned`` is given what
    is known of the attempt where the call is cancelled. ``before_content`` is awaited with the server's
    name and those it accepted, before any content goes to them; where it says False none goes.
    """

    envelope_id: str = ""
    require_tls: bool = False
    deadline: float | None = None
    customer: str = ""
    abandoned: Callable[[Attempt], object] | None = None
    before_content: BeforeContent | None = None


NO_OPTIONS: Final = SubmitOptions()

_log: Final = logging.getLogger("mailsend.transport")

_SLICE: Final = 1 << 20
_ALL_BUT_LINE_ENDS: Final = bytes(set(range(256)) - set(b"\r\n"))


class Transport(Protocol):
    """A way for finished bytes to leave: one method, and one to end it."""

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Offer ``data`` to every recipient of ``envelope``; never raises for what a server does."""
        ...

    async def aclose(self) -> None:
        """Let go of everything; calling it again does nothing."""
        ...


def wire_data(data: bytes) -> bytes:
    """Give the bytes as they go out: ``data`` itself, its last line ended where it was not.

    RFC 5321, section 4.1.1.4 lets the sender add that last CRLF; what we compose has it and goes out
    unchanged. Raises InvalidMessage for what is not bytes, is empty, or has a CR or LF that stands
    alone (2.3.8): some servers would see the end of the mail there, and another mail behind it.
    """
    if not isinstance(data, bytes):
        raise InvalidMessage(
            "data",
            f"a mail is bytes, not {type(data).__name__}",
            advice="Give a finished mail, as Submission.data or message.as_bytes(policy=email.policy.SMTP) has it.",
        )
    if not data:
        raise InvalidMessage(
            "data", "there is nothing to send", advice="Give a finished mail: header and body."
        )
    ends = _line_ends(data)
    if ends != b"\r\n" * (len(ends) // 2):
        raise InvalidMessage(
            "data",
            "a CR or LF stands alone",
            advice="End every line with CRLF, as message.as_bytes(policy=email.policy.SMTP) does.",
        )
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _line_ends(data: bytes) -> bytes:
    """Give all CR and LF of ``data`` in their order: five times as fast as counting CRLF."""
    if len(data) <= _SLICE:
        return data.translate(None, _ALL_BUT_LINE_ENDS)
    # In slices: what is left needs as much room at first as what it was taken from.
    slices = (data[at : at + _SLICE] for at in range(0, len(data), _SLICE))
    return b"".join([one.translate(None, _ALL_BUT_LINE_ENDS) for one in slices])


async def may_go_out(options: SubmitOptions, server: str, addresses: Sequence[Address]) -> bool:
    """Ask whoever has to be asked before any content goes out; what cannot be answered is no."""
    if options.before_content is None:
        return True
    try:
        return await options.before_content(server, addresses)
    except Exception:  # noqa: BLE001 - whatever it is, content that nobody wrote down must not go out
        _log.exception("it could not be written down that content goes out, and it did not")
        return False


def result_of(verdict: Verdict, reply: Reply | None, *, server: str, address: Address) -> RecipientResult:
    """Give a recipient's result from the verdict on the reply that settled it."""
    return RecipientResult(
        outcome=verdict.outcome,
        reply=reply,
        server=server,
        envelope_address=address,
        attempts=1,
        fault=verdict.fault,
        reason=verdict.reason,
        advice=verdict.advice,
        lasting=verdict.lasting,
    )


def same_for_all(
    addresses: Iterable[Address], reason: Reason, reply: Reply | None, *, server: str
) -> dict[Address, RecipientResult]:
    """Give every address the same result."""
    verdict = conclude(reason, reply)
    return {who: result_of(verdict, reply, server=server, address=who) for who in addresses}


# What an attempt as a whole is called: the gravest of what its recipients were told, since that is
# what must not be overlooked; accepted only where nobody was left behind.
_GRAVITY: Final = (Outcome.UNKNOWN, Outcome.DEFERRED, Outcome.REJECTED, Outcome.ACCEPTED)


def attempt_from(
    results: Mapping[Address, RecipientResult],
    *,
    server: str,
    queue_id: str | None = None,
    conversation: Sequence[Exchange] = (),
    started: datetime | None = None,
    ended: datetime | None = None,
    retry_now: bool = False,
    dot_out: bool = False,
    source_ip: str = "",
) -> Attempt:
    """Sum up what the recipients were told: the gravest result gives the attempt its outcome."""
    told = results.values()
    # Most mails have one recipient, for whom nothing need be compared.
    gravest = next(iter(told)) if len(told) == 1 else min(told, key=lambda one: _GRAVITY.index(one.outcome))
    return Attempt(
        server=server,
        recipients=ByAddress(results),
        outcome=gravest.outcome,
        fault=gravest.fault,
        reply=gravest.reply,
        reason=gravest.reason,
        advice=gravest.advice,
        queue_id=queue_id,
        conversation=conversation,
        started=started,
        ended=ended,
        name_missing=gravest.reason == Reason.NAME_MISSING,
        retry_now=retry_now,
        dot_out=dot_out,
        source_ip=source_ip,
    )
