"""A worker's row in the store: that it lives, and how it is."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING, Final

from mailsend.errors import MailsendError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.ids import new_id
from mailsend.worker.counts import Counts
from mailsend.worker.health import Health

if TYPE_CHECKING:
    from mailsend.mailer.upkeep import Upkeep

__all__ = ["Register"]

_log: Final = logging.getLogger("mailsend.worker")


class Register:
    """What the store knows of one worker. Its methods wait, and raise nothing."""

    def __init__(self, upkeep: Upkeep, counts: Counts) -> None:
        self._upkeep = upkeep
        self._counts = counts
        self._began = utc_now()
        self.id = new_id()
        self.trouble = ""

    def look(self, *, rounds: int, stopping: bool) -> Health | None:
        """Look at the queue, write down how the worker is, and give it; None where the store does not answer."""
        now = utc_now()
        try:
            depth = self._upkeep.workers.depth(now=now)
            health = Health(
                at=now,
                counts=self._counts.told(),
                rounds=rounds,
                queued=depth.queued,
                sending=depth.sending,
                held=depth.held,
                late=0.0 if depth.due_since is None else (now - depth.due_since).total_seconds(),
                stopping=stopping,
                trouble=self.trouble,
            )
            self._upkeep.workers.seen(
                self.id,
                host=socket.gethostname(),
                process=os.getpid(),
                began_at=self._began,
                now=now,
                told=health.document(),
            )
        except MailsendError as problem:
            self.trouble = str(problem)
            _log.error("the worker's health could not be written down: %s", problem)
            return None
        return health

    def gone(self) -> None:
        """Take the worker off the list."""
        try:
            self._upkeep.workers.gone(self.id)
        except MailsendError as problem:
            _log.warning("the worker stays on the list: %s", problem)
