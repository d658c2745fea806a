"""The clock of the duties: those that are due are done, each by one process at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from mailsend.care.duty import MORE, Cared, Duty
from mailsend.errors import MailsendError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.ids import new_id
from mailsend.model.frozen import FrozenDict

__all__ = ["LEASE", "Ran", "run_due"]

LEASE: Final = 900.0
"""Seconds for which a duty is in one process's hands; it has ended by then."""

_AT_ONCE: Final = 1.0
_log: Final = logging.getLogger("mailsend.care")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A duty that was done: what it told; ``failed`` says that it raised, and ``told`` what."""

    name: str
    told: Mapping[str, Any] = field(default_factory=FrozenDict)
    failed: bool = False


def run_due(
    mailer: Cared,
    duties: Iterable[Duty] | None = None,
    *,
    worker: str = "",
    clock: Callable[[], datetime] = utc_now,
) -> tuple[Ran, ...]:
    """Do the duties that are due and in nobody's hands; all there are, where none are named.

    A duty that raises is told, logged and due again at its next time; it stops no other. ``worker``
    says in the store who is at it. Raises StoreError where the store itself cannot be asked.
    """
    if duties is None:
        from mailsend.care.duties import DUTIES

        duties = DUTIES
    ran = (_run(mailer, one, worker, clock) for one in duties)
    return tuple(one for one in ran if one is not None)


def _run(mailer: Cared, duty: Duty, worker: str, clock: Callable[[], datetime]) -> Ran | None:
    book = mailer.upkeep.duties
    holder = f"{worker}/{new_id()}" if worker else new_id()
    began = clock()
    if not book.take(duty.name, holder=holder, now=began, lease=LEASE):
        return None
    failed = False
    try:
        told = dict(duty.run(mailer, began))
    except Exception as problem:  # noqa: BLE001 - one duty's failure is not the others'
        _log.exception("the duty %s failed", duty.name)
        # What others raise may hold anything; ours holds no secret.
        told = {"error": str(problem) if isinstance(problem, MailsendError) else type(problem).__name__}
        failed = True
    wait = _AT_ONCE if told.get(MORE) else duty.every
    ended = clock()
    book.finish(duty.name, holder=holder, now=ended, due_at=ended + timedelta(seconds=wait), told=told)
    return Ran(name=duty.name, told=FrozenDict(told), failed=failed)
