"""One envelope on its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mailsend.decide.verdict import Reason, Verdict
from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt, Outcome, RecipientResult
from mailsend.model.server import Server

__all__ = ["Parcel"]


@dataclass(slots=True)
class Parcel:
    """One envelope on its way: what each of its addresses was told last.

    ``again`` are those for whom another walk may help, ``uncarried`` the servers that cannot carry
    an address, or the mail to it, for want of SMTPUTF8.
    """

    envelope: Envelope
    results: dict[Address, RecipientResult] = field(default_factory=dict)
    again: set[Address] = field(default_factory=set)
    uncarried: dict[Address, set[Server]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.again = set(self.envelope.recipients)

    def tell(self, addresses: Iterable[Address], outcome: Outcome, reason: str, advice: str = "") -> None:
        """Write down what was decided here, not by a server."""
        for one in addresses:
            before = self.results.get(one) or RecipientResult(outcome=outcome, envelope_address=one)
            self.results[one] = replace(before, outcome=outcome, reason=reason, advice=advice)
            self.again.discard(one)

    def conclude(self, addresses: Iterable[Address], verdict: Verdict) -> None:
        """Write down a verdict that was reached here, on what several servers said."""
        waiting = [one for one in addresses if one in self.results]
        self.tell(waiting, verdict.outcome, verdict.reason, verdict.advice)
        for one in waiting:
            self.results[one] = replace(self.results[one], fault=verdict.fault)

    def share(self, result: RecipientResult, addresses: Iterable[Address]) -> None:
        """Give what another parcel was told by the same server to those who were told nothing yet."""
        for one in addresses:
            self.results.setdefault(one, replace(result, envelope_address=one, attempts=0))

    def learn(self, attempt: Attempt) -> None:
        """Take over an attempt's results; an attempt that was only told to slow down is not counted."""
        for one, result in attempt.recipients.items():
            before = self.results.get(one)
            counted = 0 if result.reason == Reason.RATE else 1
            self.results[one] = replace(
                result, envelope_address=one, attempts=(before.attempts if before else 0) + counted
            )
