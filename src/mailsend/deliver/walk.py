"""Walking the routes: last look, try, wait, next; the one way from a finished mail to a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.last_look import Drop, DropReason, Go, Hold
from mailsend.decide.retry import may_go_elsewhere, pause_before_round
from mailsend.decide.verdict import Reason, conclude, is_lasting
from mailsend.deliver.kept_back import advice_for
from mailsend.deliver.parcel import Parcel
from mailsend.deliver.telling import report_of
from mailsend.errors import MailsendError
from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt, Fault, Outcome, RecipientResult, Report
from mailsend.model.server import Server
from mailsend.model.submission import Submission
from mailsend.transport.base import SubmitOptions, Transport

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["deliver"]

Look = Callable[[Submission], Go | Hold | Drop]
Sleep = Callable[[float], Awaitable[Any]]

_OVERTIME: Final = 5.0  # seconds that a transport may take to notice that the deadline has passed
_TRANSPORT_ERROR: Final = "transport_error"


async def deliver(
    submission: Submission,
    *,
    transport_for: Callable[[Server], Transport],
    look: Look,
    clock: Callable[[], float],
    deadline: float | None,
    again: bool = True,
    sleep: Sleep = asyncio.sleep,
) -> Report:
    """Bring a finished mail to a server that accepts it, and tell what became of each recipient.

    Before every attempt ``look`` is asked. The routes are walked in order: a temporary fault of
    server or account leads to the next, and where only a connection failed they are walked again
    after 1, 2, 4 … seconds, unless ``again`` is False. ``deadline`` is in seconds from now and ends everything but a final dot
    that is already sent; ``clock`` gives seconds that never go back. Never raises for what a server
    or a transport does: ``report.error`` holds what should not have happened.
    """
    delivery = _Delivery(
        submission, transport_for, look, clock, None if deadline is None else clock() + deadline
    )
    if await delivery.walk() and again:
        await _walk_again(delivery, sleep)
    return delivery.report()


async def _walk_again(delivery: _Delivery, sleep: Sleep) -> None:
    """Walk the routes again while that is asked for and there is time; entered after a first walk only."""
    pause = pause_before_round(1, left=delivery.left())
    if pause is None:
        return
    from tenacity import AsyncRetrying, retry_if_result

    def next_pause(state: RetryCallState) -> float | None:
        return pause_before_round(state.attempt_number + 1, left=delivery.left())

    await sleep(pause)
    await AsyncRetrying(
        retry=retry_if_result(bool),
        stop=lambda state: next_pause(state) is None,
        wait=lambda state: next_pause(state) or 0.0,
        sleep=sleep,
        retry_error_callback=lambda _: None,
    )(delivery.walk)


class _Delivery:
    """One mail on its way: its parcels, its attempts, and the routes that are shut for this call."""

    def __init__(
        self,
        submission: Submission,
        transport_for: Callable[[Server], Transport],
        look: Look,
        clock: Callable[[], float],
        ends: float | None,
    ) -> None:
        self._submission = submission
        self._transport_for = transport_for
        self._look = look
        self._clock = clock
        self._ends = ends
        self._parcels = [Parcel(one) for one in submission.envelopes]
        self._attempts: list[Attempt] = []
        self._shut: dict[Server, RecipientResult] = {}
        self._stopped = False
        self._error: Exception | None = None

    def left(self) -> float | None:
        """Give the seconds until the deadline; ``None`` without one."""
        return None if self._ends is None else self._ends - self._clock()

    async def walk(self) -> bool:
        """Walk the routes once for every parcel; say whether walking them again may help."""
        for parcel in self._parcels:
            await self._walk_with(parcel)
        return not self._stopped and any(parcel.again for parcel in self._parcels)

    async def _walk_with(self, parcel: Parcel) -> None:
        offered, parcel.again = [one for one in parcel.envelope.recipients if one in parcel.again], set()
        for server in self._submission.routes.servers:
            if not offered or self._stopped:
                break
            if server in self._shut:
                parcel.share(self._shut[server], offered)
                break
            left = self.left()
            if left is not None and left <= 0:
                late = conclude(Reason.DEADLINE)
                parcel.tell(
                    [one for one in offered if one not in parcel.results],
                    Outcome.DEFERRED,
                    late.reason,
                    late.advice,
                )
                self._stopped = True
                break
            offered = self._allowed(parcel, offered)
            if offered:
                offered = await self._attempt(parcel, server, offered, left)
        # M23: another server may carry it; where none of them does, it is the address that must change.
        every = set(self._submission.routes.servers)
        nowhere = [one for one, servers in parcel.uncarried.items() if servers == every]
        parcel.conclude(nowhere, conclude(Reason.NEEDS_SMTPUTF8))

    def _allowed(self, parcel: Parcel, offered: list[Address]) -> list[Address]:
        """Take the last look; give who may still be offered."""
        seen = self._look(self._submission)
        if isinstance(seen, Hold):
            self._stopped = True
            for one in self._parcels:
                settled = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNKNOWN)
                waiting = [
                    who
                    for who in one.envelope.recipients
                    if who not in one.results or one.results[who].outcome not in settled
                ]
                one.tell(waiting, Outcome.HELD, seen.reason, advice_for(seen))
            return []
        if isinstance(seen, Drop):
            gone = self._only_for(seen.recipients)
            outcome = Outcome.EXPIRED if seen.reason is DropReason.EXPIRED else Outcome.SUPPRESSED
            parcel.tell([one for one in offered if one in gone], outcome, seen.reason)
            return [one for one in offered if one not in gone]
        return offered

    def _only_for(self, requested: tuple[Address, ...]) -> frozenset[Address]:
        """Give the envelope addresses that stand for none but ``requested``; copies for nobody go with all."""
        dropped = set(requested)
        decisions = self._submission.recipients
        kept = {one.envelope_address for who, one in decisions.items() if who not in dropped}
        standing = {one.envelope_address for one in decisions.values()}
        every = {who for parcel in self._parcels for who in parcel.envelope.recipients}
        return frozenset(who for who in every if who not in kept and (who in standing or kept <= {None}))

    async def _attempt(
        self, parcel: Parcel, server: Server, offered: list[Address], left: float | None
    ) -> list[Address]:
        """Try one server; give who may be offered to the next."""
        envelope = Envelope(reverse_path=parcel.envelope.reverse_path, recipients=offered)
        options = SubmitOptions(
            envelope_id=self._submission.id,
            require_tls=self._submission.message.require_tls,
            deadline=left,
        )
        attempt = await self._submit(parcel, server, envelope, options)
        if attempt is None:
            return []
        self._attempts.append(attempt)
        parcel.learn(attempt)
        elsewhere = []
        for one in offered:
            if one not in attempt.recipients:  # a foreign transport lost it
                parcel.tell((one,), Outcome.UNKNOWN, _TRANSPORT_ERROR)
                continue
            result = parcel.results[one]
            lasting = is_lasting(result.reason, result.reply)
            if lasting and _concerns_all(result):
                self._shut.setdefault(server, result)  # the next recipient would hear the same
            if result.reason == Reason.SMTPUTF8_NOT_OFFERED:
                parcel.uncarried.setdefault(one, set()).add(server)
            if result.reason == Reason.CLOSED:
                self._stopped = True
            if attempt.retry_now and _connection_failed(result):
                parcel.again.add(one)
            if may_go_elsewhere(
                outcome=result.outcome,
                fault=result.fault,
                lasting=lasting,
                name_missing=attempt.name_missing,
            ):
                elsewhere.append(one)
            else:
                parcel.again.discard(one)
        return elsewhere

    async def _submit(
        self, parcel: Parcel, server: Server, envelope: Envelope, options: SubmitOptions
    ) -> Attempt | None:
        """Ask the transport; what it should not do ends the delivery, and is told."""
        limit = None if options.deadline is None else options.deadline + _OVERTIME
        offered = False
        try:
            transport = self._transport_for(server)
            offered = True
            async with asyncio.timeout(limit):
                return await transport.submit(envelope, self._submission.data, options=options)
        except MailsendError as problem:  # raised before anything was offered to a server
            self._error = problem
            parcel.tell(envelope.recipients, Outcome.DEFERRED, _TRANSPORT_ERROR, problem.advice)
        except TimeoutError:
            silence = conclude(Reason.SILENCE_AFTER_DOT)
            parcel.tell(envelope.recipients, Outcome.UNKNOWN, silence.reason, silence.advice)
        except Exception as problem:  # noqa: BLE001 - a foreign transport's fault must not lose what is known
            self._error = problem
            outcome = Outcome.UNKNOWN if offered else Outcome.DEFERRED
            parcel.tell(envelope.recipients, outcome, _TRANSPORT_ERROR)
        self._stopped = True
        return None

    def report(self) -> Report:
        """Say what became of each requested recipient."""
        return report_of(self._submission, self._parcels, self._attempts, self._error)


def _concerns_all(result: RecipientResult) -> bool:
    """Say whether every recipient would hear the same from this server."""
    return result.fault is Fault.ACCOUNT or (result.fault is Fault.SERVER and result.reply is None)


def _connection_failed(result: RecipientResult) -> bool:
    """Say whether it was the connection alone, and not a server that answered, that failed here."""
    if result.outcome is not Outcome.DEFERRED or result.fault not in (None, Fault.SERVER, Fault.ACCOUNT):
        return False
    known = result.reason in set(Reason)
    return conclude(Reason(result.reason), result.reply).retry_now if known else True
