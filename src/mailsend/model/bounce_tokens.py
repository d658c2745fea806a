"""What tokens in reverse-paths are made with (M15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailsend.model.secret import Secret

__all__ = ["BOUNCE_PURPOSE", "DEFAULT_DELIMITER", "DELIMITERS", "LONGEST_LOCAL_PART", "BounceTokens"]

BOUNCE_PURPOSE: Final = "verp"  # of the key that a secret key gives for tokens
DEFAULT_DELIMITER: Final = "+"
DELIMITERS: Final = "+-=_"
# Octets that leave room for a delimiter and a token in a local part of 64 (RFC 5321, 4.5.3.1.1).
LONGEST_LOCAL_PART: Final = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceTokens:
    """The key of this purpose, in hexadecimal, and what stands between the bounce address and a token."""

    key: Secret
    delimiter: str = DEFAULT_DELIMITER
