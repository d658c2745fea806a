"""What the queue answers: lists of mails, what was done to them, and how full it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailsend.model.stored_mail import StoredMail

__all__ = ["Applied", "MailPage", "QueueStats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage:
    """Mails, newest first, each with its recipients; ``next`` is given as ``after`` for the next page."""

    mails: tuple[StoredMail, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an act came to: the ids of the mails that it changed, or with ``dry_run`` would change.

    ``refused`` maps the others that were named or found to why it cannot be done to them.
    """

    act: str
    changed: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """How full the queue is: mails by state, held ones by reason, waiting ones by server.

    ``due`` counts those that are due now; ``oldest_due`` is how long the first of them has been, in
    seconds. ``next_due`` is UTC.
    """

    states: Mapping[str, int]
    reasons: Mapping[str, int]
    servers: Mapping[str, int]
    customers: Mapping[str, int]
    frozen: int
    due: int
    oldest_due: float | None
    next_due: datetime | None
