"""A duty: a name, how often, and what is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from mailsend.mailer import AsyncMailer, Mailer

__all__ = ["MORE", "Cared", "Duty"]

Cared: TypeAlias = "Mailer | AsyncMailer"

MORE = "more"
"""The key under which a run tells that there is more to do, so that the next one comes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What is done every so many seconds, by one process at a time.

    ``run`` is given the mailer and the time (UTC) and tells what it did, as JSON values. It is called
    in a thread and should end within some minutes; what is left is for its next run.
    """

    name: str
    every: float
    run: Callable[[Any, datetime], Mapping[str, Any]]
