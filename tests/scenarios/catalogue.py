"""All scenarios, and the selection of them that the fast ring runs."""

from __future__ import annotations

from types import MappingProxyType

from scenarios_between import BETWEEN
from scenarios_by_step import BY_STEP
from scenarios_content import CONTENT
from scenarios_envelope import ENVELOPE
from scenarios_extensions import EXTENSIONS
from scenarios_opening import OPENING

__all__ = ["CATALOGUE", "FAST", "PARTS"]

PARTS = MappingProxyType(
    {
        "Before the mail": OPENING,
        "Extensions": EXTENSIONS,
        "The envelope": ENVELOPE,
        "The content": CONTENT,
        "Between mails": BETWEEN,
        "At every step": BY_STEP,
    }
)
_ALL = tuple(scenario for part in PARTS.values() for scenario in part)
CATALOGUE = MappingProxyType({scenario.name: scenario for scenario in _ALL})
assert len(CATALOGUE) == len(_ALL), "two scenarios have one name"

FAST = (
    "connect-drop",
    "greet-421",
    "greet-garbage",
    "ehlo-502",
    "starttls-stripped",
    "starttls-injected",
    "certificate expired, starttls",
    "certificate unknown-authority, implicit",
    "auth-535",
    "XOAUTH2 with a bad token",
    "requiretls-stripped",
    "LIMITS RCPTMAX=2",
    "mail-451",
    "mail-flood",
    "rcpt-two-codes",
    "half-refused",
    "too-many-452",
    "data-354-for-nobody-250",
    "250-in-content",
    "552-in-content",
    "drop-when-taken",
    "dot-250-and-451",
    "dot-554",
    "dot-split, one command at a time",
    "idle-421",
    "group-503",
    "dot-421+2:1, five mails in flight",
    "drop-when-taken+2:1, five mails in flight",
)
