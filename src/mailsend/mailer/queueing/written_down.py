"""What became of a mail, written down although the store is away for a moment.

Only this process knows that a server has taken it: were that lost, it would be sent again (M20).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from mailsend.errors import StoreError
from mailsend.mailer.clock import utc_now

if TYPE_CHECKING:
    from mailsend.store.queue import Ending, Queue

__all__ = ["write_down"]

_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds
_log: Final = logging.getLogger("mailsend.queue")


async def write_down(queue: Queue, ending: Ending, *, longest: float) -> bool:
    """Write an ending down; False where the mail is no longer in these hands.

    Then only those are settled of whom nobody else knows what became, as soon as nobody holds the mail.
    It goes on trying while the pauses stay under ``longest`` seconds together; then it raises StoreError.
    """
    left = longest
    for pause in (*_PAUSES, None):
        last = pause is None or pause > left
        try:
            if await asyncio.wrap_future(queue.finish(ending, now=utc_now())):
                return True
            if await asyncio.wrap_future(queue.settle(ending, now=utc_now())) is not None or last:
                return False
        except StoreError as problem:
            # Where no database was asked, as in a store that is closed, none will answer later.
            if last or problem.__cause__ is None:
                raise
            _log.warning("what became of %s is not written down yet: %s", ending.id, problem)
        if pause is not None:
            left -= pause
            await asyncio.sleep(pause)
    raise AssertionError("the last try answers or raises")
