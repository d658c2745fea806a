"""What a dialogue asks while test mode is on: go on testing, or send for real (P3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailsend.model.address import Address

__all__ = ["TestAnswer", "TestQuestion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestQuestion:
    """What a dialogue shows: how many mails, to whom they would go, and where they go now.

    ``token`` answers it, once, until ``until`` (UTC): whoever has it may. ``messages`` are the ids of the
    mails that it names, ``recipients`` all who would get one, ``refused`` maps the place of a message
    that may not go out at all to the reason in words.
    """

    __test__ = False  # pytest: this is no test class

    token: str = field(repr=False)
    messages: tuple[str, ...]
    recipients: tuple[Address, ...]
    goes_to: Address
    until: datetime
    refused: Mapping[int, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many mails it is about."""
        return len(self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestAnswer:
    """What an answer came to: for each mail that was asked about the id of the one that goes out.

    ``refused`` maps those that may not go out after all to the reason in words.
    """

    __test__ = False  # pytest: this is no test class

    sent: Mapping[str, str]
    refused: Mapping[str, str] = field(default_factory=dict)
