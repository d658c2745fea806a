"""A customer's rules as the store keeps them: each version, with who wrote it and when (T4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["CustomerVersion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerVersion:
    """One version of a customer's rules; the first is 1, ``at`` is UTC.

    ``rules`` has the shape of ``[customers.NAME]`` in the settings, with ``***`` for every secret.
    """

    name: str
    version: int
    rules: Mapping[str, Any] = field(repr=False)
    by: str
    at: datetime
    note: str = ""
