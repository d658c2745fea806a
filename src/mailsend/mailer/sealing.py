"""Signing in an event loop: what takes long beside it, in a thread and in bursts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

from mailsend.compose.sign import Signer
from mailsend.model.submission import Submission
from mailsend.prepare import Draft, seal

__all__ = ["Sealing"]

# A thread hands Python's lock over several times for each signature: measured with RSA-2048 that takes
# more time from the loop than signing there. With 4096 bits one signature takes seven times as long.
_BRIEF_BITS: Final = 2048
_BRIEF_OCTETS: Final = 256 * 1024

_Wanted = tuple[Draft, asyncio.Future[Submission]]


class Sealing:
    """Seals drafts of any number of tasks; a brief one at once, of the others one burst per loop at a time.

    What comes while one is signed goes together in the next: a thread is entered once for all of
    them. OpenSSL lets other threads run while it signs.
    """

    def __init__(self) -> None:
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, list[_Wanted]] = WeakKeyDictionary()

    async def seal(self, draft: Draft) -> Submission:
        """Give the sealed draft. Raises what ``seal`` raises."""
        if _is_brief(draft):
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


def _is_brief(draft: Draft) -> bool:
    """Say whether sealing takes no longer than writing the mail did."""
    brief = all(isinstance(one, Signer) and one.bits <= _BRIEF_BITS for one in draft.keys)
    return brief and sum(map(len, draft.pieces)) <= _BRIEF_OCTETS


def _seal_all(drafts: Sequence[Draft]) -> list[Submission | Exception]:
    sealed: list[Submission | Exception] = []
    for one in drafts:
        try:
            sealed.append(seal(one))
        except Exception as problem:  # noqa: BLE001 - raised for the one whose it is
            sealed.append(problem)
    return sealed
