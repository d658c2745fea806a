"""Why a mail is kept back, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.last_look import Hold, HoldReason

__all__ = ["advice_for"]

_WORDS: Final[Mapping[HoldReason, str]] = MappingProxyType(
    {
        HoldReason.INTERCEPTOR: "An interceptor of the application holds this mail.",
        HoldReason.TEST_MODE: "Test mode is on and this mail is for real recipients: prepare it anew, so that"
        " it goes to the test address, or switch test mode off.",
        HoldReason.SENDER_NO_LONGER_ALLOWED: "The rules have changed and no longer allow this sender: prepare"
        " the mail anew.",
        HoldReason.UNKNOWN_CUSTOMER: "The rules no longer know this mail's customer: correct the rules, or"
        " prepare the mail anew.",
        HoldReason.NOT_YET: "The time in send_at has not come: deliver the mail again then.",
    }
)


def advice_for(hold: Hold) -> str:
    """Give the hold's own words where it has some; a bare time is put into a sentence."""
    if hold.reason is HoldReason.NOT_YET and hold.why:
        return f"Not before {hold.why}: deliver the mail again then."
    return hold.why or _WORDS[hold.reason]
