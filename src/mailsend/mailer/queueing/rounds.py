"""One round of the queue: what was claimed is brought on its way, and what became of it written down."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from mailsend.decide.last_look import Drop, DropReason, Hold
from mailsend.errors import MailsendError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.ids import new_id
from mailsend.mailer.paid_lanes import PaidLanes
from mailsend.mailer.queueing.consigning import asked_of, due_of
from mailsend.mailer.queueing.crossing import Crossings
from mailsend.mailer.queueing.ending import ending_of_lapsed
from mailsend.mailer.queueing.noting import Brought, Noting, tell_of_failure
from mailsend.mailer.queueing.own_rates import OwnRates
from mailsend.mailer.queueing.ready import Grounds, Ready, kept_back, make_ready
from mailsend.mailer.queueing.renewing import may_be_stale, renew_stored
from mailsend.mailer.queueing.stopping import Stopping
from mailsend.model.done import Done
from mailsend.model.queue_reason import QueueReason
from mailsend.model.report import Attempt, Outcome, RecipientResult
from mailsend.model.rules import RetryRules
from mailsend.store.times import time_of

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.consignment import Consignment
    from mailsend.store.queue import Claimed, Ending, Lapsed, Queue

__all__ = ["Rounds"]

_log: Final = logging.getLogger("mailsend.queue")

_NO_ROUTE: Final = "Its server is no longer among the rules: put it back, or prepare the mail anew."


class Rounds:
    """Claims, brings on their way and writes down; ``name`` tells this process from every other."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.crossings = Crossings(lambda: self.queue)
        self.own_rates = OwnRates(core.rules)
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

    async def bring(
        self,
        claim: str,
        claimed: Sequence[Claimed],
        grounds: Grounds,
        *,
        concurrency: int,
        stopping: Stopping | None = None,
    ) -> Done:
        """Bring claimed mails on their way, ``concurrency`` at a time, while their lease is renewed.

        Where ``stopping`` says so it ends early, and what it has not begun is given back.
        """
        stopping = stopping or Stopping()
        noting = Noting(self, self.crossings.here)
        waiting = iter(claimed)
        turn = asyncio.Lock()  # they set out in the order of the queue

        async def next_ready() -> Ready | None:
            async with turn:
                one = None if stopping.asked else next(waiting, None)
                # As late as this: meanwhile others wait for their servers and for commits.
                return None if one is None else await make_ready(self._core, one, grounds[asked_of(one.row)])

        async def work() -> None:
            while (ready := await next_ready()) is not None:
                try:
                    brought = await self._bring(ready, noting)
                    if brought is not None:  # the next mail does not wait until this one is written down
                        noting.note(ready.claimed, brought)
                except Exception:  # noqa: BLE001 - whatever it is, the others go on
                    tell_of_failure(ready.claimed.row.id)

        async with self.renewing(claim):
            try:
                await stopping.heeded(
                    asyncio.gather(*[work() for _ in range(min(concurrency, len(claimed)))])
                )
                await noting.all_noted()
            finally:  # whoever cancels this may end the loop as well
                noting.crossing.hand_over()
        if stopping.asked:
            await asyncio.wrap_future(self.queue.give_back(claim))
        told = noting.outcomes
        return Done(
            claimed=len(claimed),
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

    async def _bring(self, ready: Ready, noting: Noting) -> Brought | None:
        """Deliver one mail's bundles; None where it is no longer in these hands."""
        row = ready.claimed.row
        results: dict[int, RecipientResult] = {}
        attempts: list[Attempt] = []
        digest, prepared = row.digest, time_of(row.prepared_at)
        if ready.fault:
            told = kept_back(ready.fault, lasting=ready.lasting)
            results = {one.position: told for one in due_of(ready.claimed)}
        for bundle in ready.bundles:
            if bundle.consignment is None or ready.look is None:
                gone = RecipientResult(outcome=Outcome.HELD, reason=QueueReason.ROUTE_GONE, advice=_NO_ROUTE)
                results.update(dict.fromkeys(bundle.positions, gone))
                continue
            try:
                consignment = await self._fresh(ready, bundle.consignment)
            except Exception as problem:  # noqa: BLE001 - no mail goes out under a signature of yesterday
                _log.exception("%s could not be made anew", row.id)
                told = kept_back(str(problem), lasting=False)
                results.update(dict.fromkeys(bundle.positions, told))
                continue
            if consignment is None:
                return None
            digest, prepared = consignment.digest, consignment.prepared
            try:
                report = await self._core.deliver(
                    consignment,
                    ready.look,
                    None,
                    again=False,
                    mark=noting.crossing.marking(
                        row.id,
                        row.fence,
                        bundle.standing(ready.claimed.recipients),
                        confirmed=consignment.confirmed,
                    ),
                    lanes=self._lanes(ready.claimed),
                )
            except BaseException as problem:
                if attempts:  # what the bundles before it came to is known all the same
                    rest = {}
                    if isinstance(problem, Exception):  # else it is due as before
                        told = kept_back(type(problem).__name__, lasting=False)
                        rest = {one.position: told for one in due_of(ready.claimed)}
                    brought = Brought(results, attempts, digest, prepared)
                    noting.note_broken(ready.claimed, brought, rest)
                raise
            attempts += report.attempts
            results.update({place: report.recipients[who] for place, who in bundle.positions.items()})
        return Brought(results, attempts, digest, prepared)

    def _lanes(self, claimed: Claimed) -> PaidLanes | None:
        return PaidLanes(self._core.shared_lanes, claimed.paid, claimed.at) if claimed.paid else None

    async def _fresh(self, ready: Ready, consignment: Consignment) -> Consignment | None:
        """Give the mail as it goes out now (M34); None where it is no longer in these hands."""
        rules, scope = ready.rules, ready.scope
        if rules is None or scope is None or ready.look is None or not may_be_stale(ready.claimed, rules):
            return consignment
        seen = ready.look(consignment)
        if isinstance(seen, Hold) or (isinstance(seen, Drop) and seen.reason is DropReason.EXPIRED):
            return consignment  # it does not go out
        return await asyncio.to_thread(renew_stored, self._core, ready.claimed, consignment, rules, scope)
