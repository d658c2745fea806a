"""What a mail's rows say after a round, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Ending", "RecipientEnding", "columns_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientEnding:
    """What one recipient's row says from now on; times in microseconds."""

    position: int
    outcome: str
    reason: str = ""
    fault: str = ""
    lasting: bool = False
    attempts: int = 0
    resends: int = 0
    due_at: int | None = None
    pinned: str = ""
    code: int | None = None
    enhanced: str = ""
    reply: str = ""
    server: str = ""
    queue_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a mail's rows say from now on. ``fence`` is the claim's; times in microseconds.

    ``gives_up_at`` ends its retry window, where none had begun. ``sealed``: its content may be encrypted.
    ``attempts`` are rows of that table, ``events`` of theirs.
    """

    id: str
    fence: int
    state: str
    recipients: Sequence[RecipientEnding]
    reason: str = ""
    why: str = ""
    due_at: int | None = None
    rank: int | None = None
    counted: int = 0
    done_at: int | None = None
    server: str = ""
    queue_id: str = ""
    digest: str = ""
    prepared_at: int = 0
    gives_up_at: int | None = None
    sealed: bool = True
    attempts: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = field(default=())


def columns_of(one: RecipientEnding) -> dict[str, Any]:
    """Give the columns that an ending sets in a recipient's row."""
    return {
        "outcome": one.outcome,
        "reason": one.reason,
        "fault": one.fault,
        "lasting": int(one.lasting),
        "attempts": one.attempts,
        "resends": one.resends,
        "due_at": one.due_at,
        "pinned": one.pinned,
        "code": one.code,
        "enhanced": one.enhanced,
        "reply": one.reply,
        "server": one.server,
        "queue_id": one.queue_id,
    }
