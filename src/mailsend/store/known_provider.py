"""Who receives mail for a domain, as a value that needs no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["KnownProvider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProvider:
    """Who receives mail for a domain; empty for nobody. ``source`` is ``table``, ``mx`` or ``none``."""

    domain: str
    provider: str
    source: str
    until: datetime
