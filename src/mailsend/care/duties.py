"""All the duties that a worker has."""

from __future__ import annotations

from typing import Final

from mailsend.care.duty import Duty
from mailsend.care.expiry import EXPIRY
from mailsend.care.notices import NOTICES
from mailsend.care.providers import PROVIDERS
from mailsend.care.retention import RETENTION

__all__ = ["DUTIES"]

DUTIES: Final[tuple[Duty, ...]] = (EXPIRY, NOTICES, RETENTION, PROVIDERS)
