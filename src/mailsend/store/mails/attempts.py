"""Attempts as the log keeps them, with what was said (H5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailsend.model.report import Conversation
from mailsend.store.mails.written import LONGEST_NAME, LONGEST_WORD, as_json, storable
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.model.report import Attempt

__all__ = ["attempt_rows"]


def attempt_rows(
    message: str, attempts: Iterable[Attempt], *, now: datetime, fence: int = 0, worker: str = ""
) -> list[dict[str, Any]]:
    """Give the rows of ``mailsend_attempt``; ``message`` is our id of the mail, ``now`` stands for missing times."""
    return [
        {
            "message": message,
            "fence": fence,
            "started_at": moment(one.started or now),
            "ended_at": moment(one.ended or now),
            "server": storable(one.server),
            "outcome": str(one.outcome),
            "fault": str(one.fault or ""),
            "reason": one.reason[:LONGEST_WORD],
            "code": one.reply.code if one.reply else None,
            "enhanced": (one.reply.enhanced or "")[:LONGEST_WORD] if one.reply else "",
            "reply": storable(one.reply.text) if one.reply else "",
            "queue_id": storable((one.queue_id or "")[:LONGEST_NAME]),
            "source_ip": one.source_ip,
            "worker": worker,
            "recipients": _recipients(one),
            "conversation": as_json([(round(at, 6), who, line) for at, who, line in _said(one)]),
        }
        for one in attempts
    ]


def _said(attempt: Attempt) -> list[tuple[float, str, str]]:
    conversation = attempt.conversation
    if isinstance(conversation, Conversation):
        return conversation.plain()
    return [(one.at, one.who, one.line) for one in conversation]


def _recipients(attempt: Attempt) -> str:
    told = []
    for who, result in attempt.recipients.items():
        reply = result.reply
        code, enhanced, text = (reply.code, reply.enhanced or "", reply.text) if reply else (None, "", "")
        told.append((str(who), str(result.outcome), result.reason, code, enhanced, text))
    return as_json(told)
