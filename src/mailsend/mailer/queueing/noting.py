"""What became of the mails of one round, written down while others are on their way."""

from __future__ import annotations

import asyncio
import logging
import random  # noqa: TID251 - when to try again is spread by chance, and the mailer may ask it
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.verdict import Reason, conclude
from mailsend.mailer.clock import utc_now
from mailsend.mailer.queueing.ending import ending_of
from mailsend.mailer.queueing.written_down import write_down
from mailsend.model.report import Attempt, RecipientResult

if TYPE_CHECKING:
    from mailsend.mailer.queueing.crossing import Crossing
    from mailsend.mailer.queueing.rounds import Rounds
    from mailsend.store.queue import Claimed, Ending

__all__ = ["Brought", "Noting", "jitter", "tell_of_failure"]

_log: Final = logging.getLogger("mailsend.queue")


@dataclass(frozen=True, slots=True)
class Brought:
    """What a round of delivering told of one mail, by the recipients' positions, and what was sent."""

    results: Mapping[int, RecipientResult]
    attempts: Sequence[Attempt]
    digest: str
    prepared: datetime


class Noting:
    """Writes down how the mails of one round ended; ``outcomes`` are the recipients', counted.

    ``crossing`` is that of the loop on which the round runs.
    """

    def __init__(self, rounds: Rounds, crossing: Crossing) -> None:
        self.outcomes: Counter[str] = Counter()
        self._rounds = rounds
        self.crossing = crossing
        self._open: set[asyncio.Future[Any]] = set()

    def note(self, claimed: Claimed, brought: Brought) -> None:
        """Begin to write down what became of a mail."""
        ending = self._ending(claimed, brought)
        writing = self.crossing.finish(ending)
        self._open.add(writing)
        writing.add_done_callback(partial(self._noted, ending, brought))

    def note_broken(self, claimed: Claimed, brought: Brought, rest: Mapping[int, RecipientResult]) -> None:
        """Begin to write down what is known of a mail that was broken off, and of all others the ``rest``."""
        self._follow(self._note_broken(claimed, brought, rest))

    async def all_noted(self) -> None:
        """Wait until everything is written down, or told of where it could not be."""
        while self._open:
            self.crossing.hurry()
            await asyncio.wait(self._open)

    def _noted(self, ending: Ending, brought: Brought, writing: asyncio.Future[bool]) -> None:
        self._open.discard(writing)
        if writing.exception() is None and writing.result():
            self._count(ending, brought)
            return
        self._follow(self._note_alone(ending, brought))

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _note_broken(
        self, claimed: Claimed, brought: Brought, rest: Mapping[int, RecipientResult]
    ) -> None:
        """Add what the store alone knows: to whom content may have gone out."""
        row = claimed.row
        try:
            marked = await asyncio.wrap_future(self._rounds.queue.marked(row.id, row.fence))
        except Exception:  # noqa: BLE001 - then its lease tells
            tell_of_failure(row.id)
            return
        silent = {place: _silence(server) for place, server in marked.items()}
        brought = replace(brought, results={**rest, **silent, **brought.results})
        await self._note_alone(self._ending(claimed, brought), brought)

    def _ending(self, claimed: Claimed, brought: Brought) -> Ending:
        return ending_of(
            claimed.row,
            claimed.recipients,
            brought.results,
            brought.attempts,
            retry=self._rounds.retry,
            now=utc_now(),
            jitter=jitter(),
            worker=self._rounds.name,
            digest=brought.digest,
            prepared=brought.prepared,
        )

    async def _note_alone(self, ending: Ending, brought: Brought) -> None:
        """Write down what could not be written with others, or came too late."""
        try:
            ours = await write_down(self._rounds.queue, ending, longest=self._rounds.lease)
        except Exception:  # noqa: BLE001 - whatever it is, the others go on
            tell_of_failure(ending.id)
            return
        if ours:
            self._count(ending, brought)
        else:
            _log.warning("%s was taken over by another worker before it was finished here", ending.id)

    def _count(self, ending: Ending, brought: Brought) -> None:
        for one in ending.recipients:
            if one.position in brought.results:
                self.outcomes[one.outcome] += 1


def _silence(server: str) -> RecipientResult:
    told = conclude(Reason.SILENCE_AFTER_DOT)
    return RecipientResult(outcome=told.outcome, reason=told.reason, advice=told.advice, server=server)


def tell_of_failure(id: str) -> None:
    """Log the error at hand: one mail's failure stops no other."""
    _log.exception("%s could not be finished: its lease ends, and then it is due", id)


def jitter() -> float:
    """Give chance, from 0 to 1: it spreads the hourly tries, and guards nothing."""
    return random.random()  # noqa: S311 - see above
