"""A stored mail as JSON, and its attempts as lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from mailsend.model.stored_mail import StoredMail

__all__ = ["attempt_lines", "mail_document"]

_APART = ("decisions", "recipients", "attempts", "events")


def mail_document(mail: StoredMail, *, whole: bool = False) -> dict[str, Any]:
    """Give a mail as JSON takes it; ``whole`` with decisions, attempts and events."""
    told = {one.name: _plain(getattr(mail, one.name)) for one in fields(mail) if one.name not in _APART}
    told["recipients"] = [_values(one) for one in mail.recipients]
    if whole:
        told["decisions"] = [dict(one) for one in mail.decisions]
        told["attempts"] = [
            {**_values(one), "conversation": [str(line) for line in one.conversation]}
            for one in mail.attempts
        ]
        told["events"] = [_values(one) for one in mail.events]
    return told


def attempt_lines(mail: StoredMail) -> Iterator[str]:
    """Give the attempts with what was said, as people read them."""
    for number, one in enumerate(mail.attempts, start=1):
        yield ""
        said = f": {one.code} {one.enhanced} {one.reply}".replace("  ", " ").rstrip() if one.code else ""
        queue_id = f", queue id {one.queue_id}" if one.queue_id else ""
        yield f"attempt {number}, {one.started:%Y-%m-%d %H:%M:%S} UTC, {one.server}: {one.outcome}{said}{queue_id}"
        for line in one.conversation:
            yield f"  {line}"


def _values(one: Any) -> dict[str, Any]:
    return {
        field.name: _plain(getattr(one, field.name)) for field in fields(one) if field.name != "conversation"
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, dict) else value
