"""What both mailers do with the queue: mails put in, claimed, and whoever waits for them woken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mailsend.mailer.clock import utc_now
from mailsend.mailer.queueing.depositing import Held, deposit_of
from mailsend.model.done import Done
from mailsend.model.queue_reason import QueueReason
from mailsend.store.times import moment

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from mailsend.mailer.core import Core
    from mailsend.model.submission import Submission
    from mailsend.store import Store
    from mailsend.store.attempting import Failure
    from mailsend.store.queue import Claimed, Deposit, Placed

__all__ = ["QueueDesk"]

_MOST: Final = 100_000  # mails that are claimed at once, whatever is asked for


class QueueDesk:
    """The queue of one open store."""

    def __init__(self, core: Core, store: Store) -> None:
        self._core = core
        self._store = store
        self._vault = core.content_vault

    def deposit(
        self,
        submission: Submission,
        *,
        how: str,
        held: Held | None = None,
        linked_to: str = "",
        is_new: bool = True,
    ) -> Deposit:
        """Give the rows of a mail that goes out by the queue; raises InvalidSettings where it needs a key."""
        made = deposit_of(
            submission,
            how=how,
            now=utc_now(),
            retry=self._core.rounds.retry,
            vault=self._vault,
            held=held,
            linked_to=linked_to,
        )
        return made if is_new else replace(made, is_new=False)

    def kept(self, submission: Submission) -> Deposit:
        """Give the rows of a preview that waits for somebody's word."""
        return self.deposit(submission, how="keep", held=Held(QueueReason.KEPT), is_new=False)

    def put(self, deposits: Sequence[Deposit]) -> Future[tuple[Placed, ...]]:
        """Put mails in, with one commit."""
        return self._store.queue.put_many(deposits, now=utc_now())

    def put_together(self, callers: Sequence[Sequence[Deposit]]) -> Future[list[tuple[Placed, ...]]]:
        """Put in what each of several callers gives, all of it plain, with one commit."""
        return self._store.queue.put_together(callers)

    def put_by_loop(
        self, deposit: Deposit, loop: AbstractEventLoop, answered: Callable[[Failure | None], object]
    ) -> bool:
        """Begin to put a mail in without a thread; False: it is to be put in as any other."""
        return self._store.queue.put_by_loop(deposit, loop, answered)

    def put_again(self, deposit: Deposit, failure: Failure) -> Placed:
        """Put in what the loop could not, once, and wait for the commit."""
        return self._store.queue.put_again(deposit, failure)

    def put_at_once(self, deposits: Sequence[Deposit]) -> tuple[Placed, ...]:
        """Put mails in, with one commit, and wait for it."""
        return self._store.queue.put_at_once(deposits, now=utc_now())

    def put_by(self, connection: object, deposits: Sequence[Deposit]) -> list[str]:
        """Put mails in by the caller's own transaction; give their ids."""
        from mailsend.store.callers import place_by

        placed = place_by(
            connection,
            list(deposits),
            uuid=self._store.uuid,
            now=moment(utc_now()),
            committed=self._core.wake,
        )
        return [one.id for one in placed]

    async def put_by_async(self, connection: Any, deposits: Sequence[Deposit]) -> list[str]:
        """Put mails in by the caller's own asynchronous transaction; give their ids."""
        import asyncio

        from mailsend.store.callers import run_with

        await asyncio.to_thread(lambda: self._store.uuid)  # read once, and not on the caller's loop
        ids: list[str] = await run_with(connection, lambda given: self.put_by(given, deposits))
        return ids

    def claim(self, limit: int, *, concurrency: int = 1) -> tuple[str, Future[tuple[Claimed, ...]]]:
        """Take what is due; give the claim's name, and what it took once that is sure.

        Raises ValueError where nothing could be claimed, or none of it could be sent.
        """
        if limit < 0:
            raise ValueError(f"limit: 0 mails or more, not {limit}")
        if concurrency < 1:
            raise ValueError(f"concurrency: at least 1, not {concurrency}")
        rounds = self._core.rounds
        name = rounds.new_claim()
        rounds.own_rates.keep(self._store.limits)
        claiming = self._store.queue.claim(
            name=name, most=min(limit, _MOST), now=utc_now(), lease=rounds.lease, settle=rounds.settle
        )
        return name, claiming

    def nothing_due(self) -> Done:
        """Say that nothing was due, and when something is."""
        return self.with_next_due(Done())

    def with_next_due(self, done: Done) -> Done:
        """Say when the next mail is due."""
        return replace(done, next_due=self._store.queue.next_due())
