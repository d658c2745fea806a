"""One mail on its way along its routes: turn, last look, try, next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from mailsend.decide.last_look import Drop, DropReason, Go, Hold
from mailsend.decide.retry import may_go_elsewhere
from mailsend.decide.route import SecondLook, SecondLookReason, second_look
from mailsend.decide.verdict import Reason, conclude
from mailsend.deliver.kept_back import advice_for, only_for
from mailsend.deliver.lane import Entered, Lane, Lanes, Sleep
from mailsend.deliver.parcel import Parcel
from mailsend.deliver.telling import report_of
from mailsend.errors import MailsendError
from mailsend.model.address import Address
from mailsend.model.consignment import Deliverable
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt, Fault, Outcome, RecipientResult, Report
from mailsend.model.server import Server
from mailsend.transport.base import BeforeContent, SubmitOptions, Transport

__all__ = ["Delivery", "Look"]

Look = Callable[[Deliverable], Go | Hold | Drop]

_OVERTIME: Final = 5.0  # seconds that a transport may take to notice that the deadline has passed
_TRANSPORT_ERROR: Final = "transport_error"
_NOBODY: Final = ()
_KNOWN: Final = frozenset(Reason)


class Delivery:
    """One mail on its way: its parcels, its attempts, and the routes that are shut for this call."""

    def __init__(
        self,
        submission: Deliverable,
        *,
        transport_for: Callable[[Server], Transport],
        look: Look,
        clock: Callable[[], float],
        ends: float | None,
        sleep: Sleep,
        lanes: Lanes | None,
        mark: BeforeContent | None = None,
    ) -> None:
        self._submission = submission
        self._transport_for = transport_for
        self._look = look
        self._clock = clock
        self._ends = ends
        self._sleep = sleep
        self._lanes = lanes
        self._mark = mark
        self._parcels = [Parcel(one) for one in submission.envelopes]
        self._attempts: list[Attempt] = []
        self._orders: list[SecondLook] = []
        self._shut: dict[Server, RecipientResult] = {}
        self._stopped = False
        self._error: Exception | None = None

    def left(self) -> float | None:
        """Give the seconds until the deadline; ``None`` without one."""
        return None if self._ends is None else self._ends - self._clock()

    async def walk(self) -> bool:
        """Walk the routes once for every parcel; say whether walking them again may help."""
        servers = self._order()
        for parcel in self._parcels:
            await self._walk_with(parcel, servers)
        return not self._stopped and any(parcel.again for parcel in self._parcels)

    def _order(self) -> tuple[Server, ...]:
        """Take the second look at the routes, where there is anything to see."""
        routes = self._submission.routes
        servers = routes.servers
        if self._lanes is None or len(servers) == 1:
            return servers
        lanes = ((one, self._lanes.known(one)) for one in servers)
        health = {one: lane.health for one, lane in lanes if lane is not None}
        if not health:
            return servers
        seen = second_look(routes, self._submission.sender.mailbox.address, health, self._clock())
        if seen.reason is SecondLookReason.BY_HEALTH and seen not in self._orders:
            self._orders.append(seen)
        return seen.servers

    async def _walk_with(self, parcel: Parcel, servers: tuple[Server, ...]) -> None:
        offered = parcel.open_again()
        for server in servers:
            if not offered or self._stopped:
                break
            if self._shut and server in self._shut:
                parcel.share(self._shut[server], offered)
                break
            left = self.left()
            if left is not None and left <= 0:
                late = conclude(Reason.DEADLINE)
                unheard = [one for one in offered if one not in parcel.results]
                parcel.tell(unheard, Outcome.DEFERRED, late.reason, late.advice)
                self._stopped = True
                break
            lane = None if self._lanes is None else self._lanes.known(server)
            if lane is None:
                offered = await self._attempt(parcel, server, self._allowed(parcel, offered))
                continue
            last = server is servers[-1]
            entered = await lane.enter(
                self._submission.message.customer or "",
                len(offered),
                left=left,
                wait_out_pause=last,
                sleep=self._sleep,
            )
            if isinstance(entered, Entered):
                offered = await self._attempt(parcel, server, self._allowed(parcel, offered), lane, entered)
                continue
            parcel.keep(offered, conclude(entered.reason), server.name)
            if entered.reason is Reason.OVER_LIMIT:
                break  # a limit is no fault: the mail waits for its server
        if parcel.uncarried:
            # M23: another server may carry it; where none of them does, it is the address that must change.
            every = set(servers)
            nowhere = [one for one, without in parcel.uncarried.items() if without == every]
            parcel.conclude(nowhere, conclude(Reason.NEEDS_SMTPUTF8))

    def _allowed(self, parcel: Parcel, offered: tuple[Address, ...]) -> tuple[Address, ...]:
        """Take the last look; give who may still be offered."""
        seen = self._look(self._submission)
        if isinstance(seen, Go):
            return offered
        if isinstance(seen, Hold):
            self._stopped = True
            for one in self._parcels:
                one.tell(one.waiting, Outcome.HELD, seen.reason, advice_for(seen))
            return _NOBODY
        gone = only_for(seen.recipients, self._submission, self._submission.envelopes)
        outcome = Outcome.EXPIRED if seen.reason is DropReason.EXPIRED else Outcome.SUPPRESSED
        parcel.tell([one for one in offered if one in gone], outcome, seen.reason)
        return tuple(one for one in offered if one not in gone)

    async def _attempt(
        self,
        parcel: Parcel,
        server: Server,
        offered: tuple[Address, ...],
        lane: Lane | None = None,
        entered: Entered | None = None,
    ) -> tuple[Address, ...]:
        """Try one server; give who may be offered to the next."""
        if not offered:
            if lane is not None and entered is not None:
                lane.leave(entered)
            return _NOBODY
        attempt = None
        try:
            attempt = await self._submit(parcel, server, parcel.envelope_for(offered))
        finally:
            if lane is not None:
                lane.learn(attempt, entered)
        if attempt is None:
            return _NOBODY
        self._attempts.append(attempt)
        if lane is None and self._lanes is not None and attempt.outcome is Outcome.DEFERRED:
            self._lanes.to(server).learn(attempt)
        return self._conclude(parcel, server, offered, attempt)

    def _conclude(
        self, parcel: Parcel, server: Server, offered: tuple[Address, ...], attempt: Attempt
    ) -> tuple[Address, ...]:
        """Take over what each recipient was told; give who may be offered to the next server."""
        elsewhere = []
        for one in offered:
            result = parcel.learn(one, attempt)
            if result is None:  # a foreign transport lost it
                parcel.tell((one,), Outcome.UNKNOWN, _TRANSPORT_ERROR, server=server.name)
                continue
            if result.outcome is Outcome.ACCEPTED:
                parcel.again.discard(one)
                continue
            if result.lasting and _concerns_all(result):
                self._shut.setdefault(server, result)  # the next recipient would hear the same
            if result.reason == Reason.SMTPUTF8_NOT_OFFERED:
                parcel.uncarried.setdefault(one, set()).add(server)
            if result.reason in (Reason.CLOSED, Reason.TAKEN_OVER):
                self._stopped = True
            if attempt.retry_now and _connection_failed(result):
                parcel.again.add(one)
            if not _may_be_there(attempt, result) and may_go_elsewhere(
                outcome=result.outcome,
                fault=result.fault,
                lasting=result.lasting,
                name_missing=attempt.name_missing,
            ):
                elsewhere.append(one)
            else:
                parcel.again.discard(one)
        return tuple(elsewhere)

    async def _submit(self, parcel: Parcel, server: Server, envelope: Envelope) -> Attempt | None:
        """Ask the transport; what it should not do ends the delivery, and is told."""
        mail, left = self._submission, self.left()
        known: list[Attempt] = []
        options = SubmitOptions(
            envelope_id=mail.id,
            require_tls=mail.message.require_tls,
            deadline=left,
            customer=mail.message.customer or "",
            abandoned=known.append,
            before_content=self._mark,
        )
        offered = False
        try:
            transport = self._transport_for(server)
            offered = True
            if left is None:
                return await transport.submit(envelope, mail.data, options=options)
            async with asyncio.timeout(left + _OVERTIME):
                return await transport.submit(envelope, mail.data, options=options)
        except asyncio.CancelledError:
            self._abandon(parcel, envelope, known, server.name)
            raise
        except MailsendError as problem:  # raised before anything was offered to a server
            self._error = problem
            parcel.tell(envelope.recipients, Outcome.DEFERRED, _TRANSPORT_ERROR, problem.advice)
        except TimeoutError:
            self._abandon(parcel, envelope, known, server.name)
            if not known:
                silence = conclude(Reason.SILENCE_AFTER_DOT)
                who = envelope.recipients
                parcel.tell(who, Outcome.UNKNOWN, silence.reason, silence.advice, server=server.name)
        except Exception as problem:  # noqa: BLE001 - a foreign transport's fault must not lose what is known
            self._error = problem
            outcome = Outcome.UNKNOWN if offered else Outcome.DEFERRED
            parcel.tell(envelope.recipients, outcome, _TRANSPORT_ERROR, server=server.name)
        self._stopped = True
        return None

    def _abandon(self, parcel: Parcel, envelope: Envelope, known: list[Attempt], server: str) -> None:
        """Take over what is known of an attempt that was cancelled; where nothing is, nobody knows."""
        for attempt in known:
            self._attempts.append(attempt)
            for one in envelope.recipients:
                parcel.learn(one, attempt)
        if not known:
            parcel.tell(envelope.recipients, Outcome.UNKNOWN, _TRANSPORT_ERROR, server=server)

    def report(self, index: int) -> Report:
        """Say what became of each requested recipient; ``index`` is the mail's place among many."""
        return report_of(
            self._submission,
            self._parcels,
            self._attempts,
            error=self._error,
            decisions=self._orders,
            index=index,
        )


def _concerns_all(result: RecipientResult) -> bool:
    """Say whether every recipient would hear the same from this server."""
    return result.fault is Fault.ACCOUNT or (result.fault is Fault.SERVER and result.reply is None)


def _may_be_there(attempt: Attempt, result: RecipientResult) -> bool:
    """Say whether the server may have the mail for all that it said: then no other gets it in this call."""
    return attempt.dot_out and result.reason == Reason.SENSELESS_REPLY


def _connection_failed(result: RecipientResult) -> bool:
    """Say whether it was the connection alone, and not a server that answered, that failed here."""
    if result.outcome is not Outcome.DEFERRED or result.fault not in (None, Fault.SERVER, Fault.ACCOUNT):
        return False
    known = result.reason in _KNOWN
    return conclude(Reason(result.reason), result.reply).retry_now if known else True
