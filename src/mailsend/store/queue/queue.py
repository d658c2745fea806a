"""The queue as the mailer has it: each method one commit, shared with whatever else waits for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, final

from mailsend.store.asking import ask
from mailsend.store.giving_back import give_back
from mailsend.store.queue.claim import Claimed, claim, next_due
from mailsend.store.queue.deposit import (
    SINGLE,
    SINGLE_KINDS,
    Deposit,
    Placed,
    place,
    place_all,
    place_callers,
    place_single,
    place_together,
    single_values,
)
from mailsend.store.queue.endings import Ending
from mailsend.store.queue.finish import Mark, finish_all, mark_all, renew, write_all
from mailsend.store.queue.lapse import Settle, lapse
from mailsend.store.queue.recorded import RECORDS
from mailsend.store.queue.renewed import write_renewed
from mailsend.store.queue.settle import marked_under, settle
from mailsend.store.times import moment, time_or_none
from mailsend.store.written_together import Item, Repeatable

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from mailsend.store.attempting import Failure
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["Queue"]


@final
class Queue:
    """Mails put in, claimed, marked, finished; futures are done after the commit. Raises StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def put(self, deposit: Deposit, *, now: datetime) -> Future[Placed]:
        """Put one mail in, once; the future raises IdempotencyConflict."""
        at = moment(now)
        return self._writer.submit(Repeatable(lambda transaction: place(transaction, deposit, now=at)))

    def put_many(self, deposits: Sequence[Deposit], *, now: datetime) -> Future[tuple[Placed, ...]]:
        """Put several mails in with one commit, all or none; the future raises IdempotencyConflict."""
        return self._writer.submit(_putting(deposits, moment(now)))

    def put_together(self, callers: Sequence[Sequence[Deposit]]) -> Future[list[tuple[Placed, ...]]]:
        """Put in what each of several callers gives, all of it plain, with one commit."""
        work = Item(place_callers, callers)
        match callers:
            case [[deposit]] if deposit.is_single:
                work.alone = lambda transaction: [(place_single(transaction, deposit),)]
        return self._writer.submit(work)

    def put_by_loop(
        self, deposit: Deposit, loop: AbstractEventLoop, answered: Callable[[Failure | None], object]
    ) -> bool:
        """Begin to put in what ``is_single`` without a thread; the loop calls ``answered`` after the commit.

        False: nothing is begun, and it is to be put in as any other. What ``answered`` is given is for
        ``put_again``.
        """
        return self._database.is_far and ask(
            self._database, SINGLE, single_values(deposit), kinds=SINGLE_KINDS, loop=loop, answered=answered
        )

    def put_again(self, deposit: Deposit, failure: Failure) -> Placed:
        """Put in what ``put_by_loop`` could not, once, and wait for the commit."""
        work = Item(place_together, [deposit])
        placed: tuple[Placed, ...] = self._writer.do_again(work, failure if failure.is_unsure else None)
        return placed[0]

    def put_at_once(self, deposits: Sequence[Deposit], *, now: datetime) -> tuple[Placed, ...]:
        """Put them in likewise, and wait for the commit: the quickest way for one caller."""
        return self._writer.do(_putting(deposits, moment(now)))

    def record(self, deposit: Callable[[], Deposit]) -> Future[Any]:
        """Write a mail down that has been sent; in a batch, at most a second late.

        While the database is away it waits in memory, and the future is done at once.
        """
        return self._writer.submit_lazily(deposit, place_all, RECORDS)

    @property
    def behind(self) -> bool:
        """Whether so much waits to be recorded that whoever sends more should wait for it."""
        return self._writer.behind

    def claim(
        self, *, name: str, most: int, now: datetime, lease: float, settle: Settle
    ) -> Future[tuple[Claimed, ...]]:
        """Take what is due, for ``lease`` seconds; what others left lying is settled first."""
        at = moment(now)
        until = at + int(lease * 1_000_000)

        def work(transaction: Transaction) -> tuple[Claimed, ...]:
            lapse(transaction, settle, now=at)
            return claim(transaction, now=at, lease=until, name=name, most=most)

        def again(transaction: Transaction) -> tuple[Claimed, ...]:
            give_back(transaction, name)
            return work(transaction)

        return self._writer.submit(Repeatable(work, again=again))

    def mark(
        self,
        id: str,
        fence: int,
        positions: Sequence[int],
        *,
        server: str,
        now: datetime,
        confirmed: bool = False,
    ) -> Future[bool]:
        """Say that content goes out to the recipients at ``positions`` now; False: it may not any more.

        ``confirmed``: a person let it out in spite of test mode, and its seal says so.
        """
        made = Mark(id, fence, tuple(positions), server, moment(now), confirmed)
        return self._writer.submit_with(made, mark_all)

    def marked(self, id: str, fence: int) -> Future[dict[int, str]]:
        """Give to whom content may have gone out under a claim: their positions, and each one's server."""
        return self._writer.submit(lambda transaction: marked_under(transaction, id, fence))

    def renew(self, name: str, *, lease: float, now: datetime) -> Future[frozenset[str]]:
        """Hold a claim for ``lease`` seconds more; give the ids still in its hands."""
        at = moment(now)
        until = at + int(lease * 1_000_000)
        return self._writer.submit(lambda transaction: renew(transaction, name, lease=until, now=at))

    def renewed(
        self,
        id: str,
        fence: int,
        *,
        columns: Mapping[str, Any],
        kept: Mapping[str, Any],
        before: str,
        now: datetime,
    ) -> Future[bool]:
        """Write bytes down that were made anew (M34); False where the mail is no longer in these hands."""
        return self._writer.submit(
            lambda transaction: write_renewed(
                transaction, id, fence, columns=columns, kept=kept, before=before, now=now
            )
        )

    def give_back(self, claim: str) -> Future[tuple[str, ...]]:
        """Put what a claim still holds back into the queue, but what may be out; give the ids."""
        return self._writer.submit(lambda transaction: give_back(transaction, claim))

    def finish(self, ending: Ending, *, now: datetime) -> Future[bool]:
        """Write down what became of a mail; False where it is no longer in these hands."""
        return self._writer.submit_with((ending, moment(now)), finish_all)

    def write(self, several: Sequence[Mark | tuple[Ending, int]]) -> Future[list[int]]:
        """Mark and finish several at once, each as ``mark`` and ``finish`` do; times in microseconds.

        A mark is answered with the end of the mail's lease: by then content has to be on its way, or must not go.
        """
        return self._writer.submit_with(several, write_all)

    def settle(self, ending: Ending, *, now: datetime) -> Future[tuple[int, ...] | None]:
        """Write down what came too late to finish, where it says more than is known; give whose it was.

        None: the mail is in another claim's hands, which is to end first.
        """
        at = moment(now)
        return self._writer.submit(lambda transaction: settle(transaction, ending, now=at))

    def next_due(self) -> datetime | None:
        """Give when the next mail is due; None where nothing waits."""
        return time_or_none(self._database.looking(next_due))


def _putting(deposits: Sequence[Deposit], at: int) -> Callable[[Transaction], tuple[Placed, ...]]:
    match deposits:
        case [deposit] if deposit.is_single:
            return Item(
                place_together, deposits, alone=lambda transaction: (place_single(transaction, deposit),)
            )
        case _ if all(one.is_plain for one in deposits):
            return Item(place_together, deposits)
    return Repeatable(lambda transaction: tuple([place(transaction, one, now=at) for one in deposits]))
