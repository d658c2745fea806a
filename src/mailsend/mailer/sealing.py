"""Signing beside an event loop: in a thread, and in bursts, so that the loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from mailsend.model.submission import Submission
from mailsend.prepare import Draft, seal

__all__ = ["Sealing"]

_Wanted = tuple[Draft, asyncio.Future[Submission]]


class Sealing:
    """Seals drafts of any number of tasks; per loop one burst at a time is under way.

    What comes while one is signed goes together in the next: a thread is entered once for all of
    them. OpenSSL lets other threads run while it signs.
    """

    def __init__(self) -> None:
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, list[_Wanted]] = WeakKeyDictionary()

    async def seal(self, draft: Draft) -> Submission:
        """Give the sealed draft; one without keys is sealed at once. Raises what ``seal`` raises."""
        if not draft.keys:
            return seal(draft)
        loop = asyncio.get_running_loop()
        sealed: asyncio.Future[Submission] = loop.create_future()
        waiting = self._waiting.get(loop)
        if waiting is not None:
            waiting.append((draft, sealed))
        else:
            self._waiting[loop] = []
            self._burst(loop, [(draft, sealed)])
        return await sealed

    def _burst(self, loop: asyncio.AbstractEventLoop, wanted: list[_Wanted]) -> None:
        wanted = [one for one in wanted if not one[1].done()]

        def tell(signing: asyncio.Future[list[Submission | Exception]]) -> None:
            following = self._waiting[loop]
            if following:
                self._waiting[loop] = []
                self._burst(loop, following)
            else:
                del self._waiting[loop]
            for (_, sealed), result in zip(wanted, signing.result(), strict=True):
                if sealed.done():  # nobody waits for it any more
                    continue
                if isinstance(result, Exception):
                    sealed.set_exception(result)
                else:
                    sealed.set_result(result)

        loop.run_in_executor(None, _seal_all, [draft for draft, _ in wanted]).add_done_callback(tell)


def _seal_all(drafts: Sequence[Draft]) -> list[Submission | Exception]:
    sealed: list[Submission | Exception] = []
    for one in drafts:
        try:
            sealed.append(seal(one))
        except Exception as problem:  # noqa: BLE001 - raised for the one whose it is
            sealed.append(problem)
    return sealed
