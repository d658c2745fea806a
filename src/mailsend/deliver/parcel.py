"""One envelope on its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailsend.decide.verdict import Reason, Verdict, is_lasting
from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt, Outcome, RecipientResult
from mailsend.model.server import Server

__all__ = ["Parcel"]

_SETTLED = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNKNOWN)


class Parcel:
    """One envelope on its way: what each of its addresses was told last.

    ``again`` are those for whom another walk may help, ``uncarried`` the servers that cannot carry
    an address, or the mail to it, for want of SMTPUTF8.
    """

    __slots__ = ("_walked", "again", "envelope", "results", "uncarried")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.results: dict[Address, RecipientResult] = {}
        self.again: set[Address] = set()
        self._walked = False
        self.uncarried: dict[Address, set[Server]] = {}

    def open_again(self) -> tuple[Address, ...]:
        """Give whom this walk is for; for whom another one may help is then found out anew."""
        if not self._walked:
            self._walked = True
            return self.envelope.recipients
        again, self.again = self.again, set()
        return tuple(one for one in self.envelope.recipients if one in again)

    def envelope_for(self, offered: tuple[Address, ...]) -> Envelope:
        """Give the envelope for these of its recipients."""
        if len(offered) == len(self.envelope.recipients):
            return self.envelope
        return Envelope(reverse_path=self.envelope.reverse_path, recipients=offered)

    @property
    def waiting(self) -> list[Address]:
        """Those of whom it is not settled what became."""
        return [
            who
            for who in self.envelope.recipients
            if who not in self.results or self.results[who].outcome not in _SETTLED
        ]

    def tell(
        self,
        addresses: Iterable[Address],
        outcome: Outcome,
        reason: str,
        advice: str = "",
        *,
        server: str | None = None,
    ) -> None:
        """Write down what was decided here, not by a server; ``server`` is the one that was tried, if any."""
        for one in addresses:
            before = self.results.get(one) or RecipientResult(outcome=outcome, envelope_address=one)
            self.results[one] = replace(
                before, outcome=outcome, reason=reason, advice=advice, server=server or before.server
            )
            self.again.discard(one)

    def keep(self, addresses: Iterable[Address], verdict: Verdict, server: str | None = None) -> None:
        """Write down why nothing was offered to those whom no server has told anything yet."""
        for one in addresses:
            self.results.setdefault(
                one,
                RecipientResult(
                    outcome=verdict.outcome,
                    server=server,
                    envelope_address=one,
                    fault=verdict.fault,
                    reason=verdict.reason,
                    advice=verdict.advice,
                ),
            )

    def conclude(self, addresses: Iterable[Address], verdict: Verdict) -> None:
        """Write down a verdict that was reached here, on what several servers said."""
        waiting = [one for one in addresses if one in self.results]
        self.tell(waiting, verdict.outcome, verdict.reason, verdict.advice)
        for one in waiting:
            self.results[one] = replace(self.results[one], fault=verdict.fault, lasting=verdict.lasting)

    def share(self, result: RecipientResult, addresses: Iterable[Address]) -> None:
        """Give what another parcel was told by the same server to those who were told nothing yet."""
        for one in addresses:
            self.results.setdefault(one, replace(result, envelope_address=one, attempts=0))

    def learn(self, one: Address, attempt: Attempt) -> RecipientResult | None:
        """Take over what an attempt told ``one``; ``None`` where it told nothing.

        An attempt that was only told to slow down is not counted.
        """
        result = attempt.recipients.get(one)
        if result is None:
            return None
        if result.server is None:  # a foreign transport did not say what it tried
            result = replace(result, server=attempt.server)
        before = self.results.get(one)
        attempts = (before.attempts if before else 0) + (result.reason != Reason.RATE)
        lasting = result.outcome is not Outcome.ACCEPTED and is_lasting(result.reason, result.reply)
        told = (result.envelope_address, result.attempts, result.lasting)
        if told != (one, attempts, lasting):  # most mails are told once, and by our own transports
            result = replace(result, envelope_address=one, attempts=attempts, lasting=lasting)
        self.results[one] = result
        return result
