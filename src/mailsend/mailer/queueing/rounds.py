"""One round of the queue: what was claimed is brought on its way, and what became of it written down."""

from __future__ import annotations

import asyncio
import logging
import os
import random  # noqa: TID251 - when to try again is spread by chance, and the mailer may ask it
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailsend.decide.last_look import Drop, DropReason, Hold
from mailsend.errors import MailsendError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.facts import offered_servers
from mailsend.mailer.ids import new_id
from mailsend.mailer.looking import Look
from mailsend.mailer.paid_lanes import PaidLanes
from mailsend.mailer.queueing.consigning import Bundle, asked_of, bundles_of, data_of, due_of
from mailsend.mailer.queueing.ending import ending_of, ending_of_lapsed
from mailsend.mailer.queueing.recipients import ROUTE_GONE
from mailsend.mailer.queueing.renewing import may_be_stale, renew_stored
from mailsend.mailer.queueing.stopping import Stopping
from mailsend.mailer.queueing.written_down import write_down
from mailsend.mailer.thinking import Thinking, ask_rules, ask_servers
from mailsend.model.address import Address
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.done import Done
from mailsend.model.report import Attempt, Outcome, RecipientResult
from mailsend.model.rules import RetryRules, Rules, Scope
from mailsend.model.submission import Refusal
from mailsend.store.times import time_of

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.consignment import Consignment
    from mailsend.store.queue import Claimed, Ending, Lapsed, Queue
    from mailsend.transport.base import BeforeContent

__all__ = ["Ready", "Rounds", "jitter"]

_log: Final = logging.getLogger("mailsend.queue")

_UNREADABLE: Final = "unreadable"
_NOT_READY: Final = "not_ready"
_NO_ROUTE: Final = "Its server is no longer among the rules: put it back, or prepare the mail anew."


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed mail with all that it takes to bring it on its way."""

    claimed: Claimed
    bundles: tuple[Bundle, ...]
    look: Look | None
    fault: str = ""
    lasting: bool = False
    rules: Rules | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """What a round of delivering told of one mail, by the recipients' positions, and what was sent."""

    results: Mapping[int, RecipientResult]
    attempts: Sequence[Attempt]
    digest: str
    prepared: datetime


@contextmanager
def _told_of(ready: Ready) -> Iterator[None]:
    """Let one mail's failure stop no other: its lease ends, and then it is looked at anew."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever it is, the others go on
        _log.exception("%s could not be finished: its lease ends, and then it is due", ready.claimed.row.id)


class Rounds:
    """Claims, brings on their way and writes down; ``name`` tells this process from every other."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.name = f"{socket.gethostname()}/{os.getpid()}"

    @property
    def queue(self) -> Queue:
        """The store's queue; raises StoreError where there is no store."""
        return self._core.store_door.open("the queue").queue

    @property
    def retry(self) -> RetryRules:
        """When a mail is tried again."""
        return self._core.rules.application.retry

    @property
    def lease(self) -> float:
        """Seconds for which a claimed mail is nobody else's."""
        return self._core.rules.application.lease

    def new_claim(self) -> str:
        """Give a name for one claim, that no other Mailer here, and no forked child, gives as well."""
        return f"{self.name}/{new_id()}"

    def settle(self, lapsed: Lapsed) -> Ending:
        """Say what becomes of a mail whose holder fell silent."""
        return ending_of_lapsed(lapsed, retry=self.retry, now=utc_now())

    def ready(self, claimed: Claimed) -> Thinking[Ready]:
        """Find rules, servers and last look for a mail; one that cannot be read is held."""
        from mailsend.mailer.gather import find_scope

        rules = yield from ask_rules(asked_of(claimed.row))
        scope = None
        if isinstance(rules, Refusal):
            servers: tuple[OfferedServer, ...] = tuple(
                OfferedServer(server=one, owner=Owner.APPLICATION)
                for one in self._core.rules.application.smarthosts
            )
        else:
            found = find_scope(*asked_of(claimed.row), rules)
            scope = found if isinstance(found, Scope) else None
            own = None
            if scope is not None and self._core.states.asks(scope):
                own = yield from ask_servers(scope)
            servers = () if scope is None else offered_servers(scope, own)
        try:
            bundles = bundles_of(claimed, data_of(claimed, self._core.content_vault), servers)
        except Exception as problem:  # noqa: BLE001 - whatever is wrong with its rows, it stops no other
            return self.unready(claimed, problem, lasting=True)
        parts = [one.consignment for one in bundles if one.consignment is not None]
        look = (yield from self._core.look_with(parts[0], rules, *parts[1:])) if parts else None
        return Ready(claimed, bundles, look, rules=rules if isinstance(rules, Rules) else None, scope=scope)

    def unready(self, claimed: Claimed, problem: Exception, *, lasting: bool = False) -> Ready:
        """Give a mail that cannot be tried: held where that is ``lasting``, else it is tried again later."""
        name = type(problem).__name__
        _log.warning("%s could not be made ready: %s", claimed.row.id, name)
        return Ready(claimed, (), None, fault=str(problem) or name, lasting=lasting)

    async def bring(
        self, claim: str, ready: Sequence[Ready], *, concurrency: int, stopping: Stopping | None = None
    ) -> Done:
        """Bring claimed mails on their way, ``concurrency`` at a time, while their lease is renewed.

        Where ``stopping`` says so it ends early, and what it has not begun is given back.
        """
        stopping = stopping or Stopping()
        told: Counter[str] = Counter()
        waiting = iter(ready)
        ending: set[asyncio.Task[None]] = set()

        async def end(one: Ready, brought: Brought) -> None:
            with _told_of(one):
                told.update(await self._end(one, brought))

        async def work() -> None:
            while not stopping.asked and (one := next(waiting, None)) is not None:
                with _told_of(one):
                    brought = await self._bring(one)
                    if brought is not None:  # the next mail does not wait until this one is written down
                        task = asyncio.create_task(end(one, brought))
                        ending.add(task)
                        task.add_done_callback(ending.discard)

        async with self.renewing(claim):
            await stopping.heeded(asyncio.gather(*[work() for _ in range(min(concurrency, len(ready)))]))
            while ending:
                await asyncio.wait(ending)
        if stopping.asked:
            await asyncio.wrap_future(self.queue.give_back(claim))
        return Done(
            claimed=len(ready),
            accepted=told[Outcome.ACCEPTED],
            deferred=told[Outcome.DEFERRED],
            rejected=told[Outcome.REJECTED],
            unknown=told[Outcome.UNKNOWN],
            held=told[Outcome.HELD],
            expired=told[Outcome.EXPIRED],
        )

    @asynccontextmanager
    async def renewing(self, claim: str) -> AsyncIterator[None]:
        """Renew a claim's lease for as long as something is done with it."""
        task = asyncio.create_task(self._renew(claim))
        try:
            yield
        finally:
            task.cancel()

    async def _renew(self, claim: str) -> None:
        while True:
            await asyncio.sleep(self.lease / 3)
            try:
                await asyncio.wrap_future(self.queue.renew(claim, lease=self.lease, now=utc_now()))
            except MailsendError as problem:  # what cannot be renewed cannot be marked either
                _log.warning("the lease of %s was not renewed: %s", claim, problem)

    async def _bring(self, ready: Ready) -> Brought | None:
        """Deliver one mail's bundles; None where it is no longer in these hands."""
        row = ready.claimed.row
        results: dict[int, RecipientResult] = {}
        attempts: list[Attempt] = []
        digest, prepared = row.digest, time_of(row.prepared_at)
        if ready.fault:
            told = _kept_back(ready.fault, lasting=ready.lasting)
            results = {one.position: told for one in due_of(ready.claimed)}
        for bundle in ready.bundles:
            if bundle.consignment is None or ready.look is None:
                gone = RecipientResult(outcome=Outcome.HELD, reason=ROUTE_GONE, advice=_NO_ROUTE)
                results.update(dict.fromkeys(bundle.positions, gone))
                continue
            try:
                consignment = await self._fresh(ready, bundle.consignment)
            except Exception as problem:  # noqa: BLE001 - no mail goes out under a signature of yesterday
                _log.exception("%s could not be made anew", row.id)
                told = _kept_back(str(problem), lasting=False)
                results.update(dict.fromkeys(bundle.positions, told))
                continue
            if consignment is None:
                return None
            digest, prepared = consignment.digest, consignment.prepared
            report = await self._core.deliver(
                consignment,
                ready.look,
                None,
                again=False,
                mark=self.marking(row.id, row.fence, bundle.standing(ready.claimed.recipients)),
                lanes=PaidLanes(self._core.shared_lanes, row.lane, ready.claimed.at) if row.lane else None,
            )
            attempts += report.attempts
            results.update({place: report.recipients[who] for place, who in bundle.positions.items()})
        return Brought(results, attempts, digest, prepared)

    async def _end(self, ready: Ready, brought: Brought) -> list[str]:
        """Write down what became of a mail; give the outcomes."""
        row, now = ready.claimed.row, utc_now()
        ending = ending_of(
            row,
            ready.claimed.recipients,
            brought.results,
            brought.attempts,
            retry=self.retry,
            now=now,
            jitter=jitter(),
            worker=self.name,
            digest=brought.digest,
            prepared=brought.prepared,
        )
        if not await write_down(self.queue, ending, longest=self.lease):
            _log.warning("%s was taken over by another worker before it was finished here", row.id)
            return []
        return [str(one.outcome) for one in ending.recipients if one.position in brought.results]

    async def _fresh(self, ready: Ready, consignment: Consignment) -> Consignment | None:
        """Give the mail as it goes out now (M34); None where it is no longer in these hands."""
        rules, scope = ready.rules, ready.scope
        if rules is None or scope is None or ready.look is None or not may_be_stale(ready.claimed, rules):
            return consignment
        seen = ready.look(consignment)
        if isinstance(seen, Hold) or (isinstance(seen, Drop) and seen.reason is DropReason.EXPIRED):
            return consignment  # it does not go out
        return await asyncio.to_thread(renew_stored, self._core, ready.claimed, consignment, rules, scope)

    def marking(self, id: str, fence: int, standing: Mapping[int, str]) -> BeforeContent:
        """Give what says, before content goes out, to whom; False where the mail is no longer ours.

        ``standing`` are the envelope addresses of those who are tried, by their positions.
        """

        async def mark(server: str, addresses: Sequence[Address]) -> bool:
            going = {str(one) for one in addresses}
            who = [position for position, address in standing.items() if address in going]
            return await asyncio.wrap_future(self.queue.mark(id, fence, who, server=server, now=utc_now()))

        return mark


def _kept_back(why: str, *, lasting: bool) -> RecipientResult:
    """Give what is told of a mail that was not offered to any server: held, or tried again later."""
    if lasting:
        return RecipientResult(outcome=Outcome.HELD, reason=_UNREADABLE, advice=why)
    return RecipientResult(outcome=Outcome.DEFERRED, reason=_NOT_READY, advice=why)


def jitter() -> float:
    """Give chance, from 0 to 1: it spreads the hourly tries, and guards nothing."""
    return random.random()  # noqa: S311 - see above
