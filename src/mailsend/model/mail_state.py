"""The state of a mail that the store keeps."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["MailState"]


class MailState(StrEnum):
    """Where a mail stands; each word means one thing (see the glossary).

    ``queued`` waits for its time, ``sending`` is in a worker's hands, ``held`` waits for a person and
    always has a reason. ``done``: nobody is left to try. ``cancelled`` was taken out by a person,
    ``expired`` ran out of time.
    """

    QUEUED = "queued"
    SENDING = "sending"
    HELD = "held"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
