"""What a server says of its limits: the LIMITS extension (RFC 9422)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["OfferedLimits", "limits_in"]

_LONGEST: Final = 1000  # characters that are looked at
_VALUE: Final = re.compile(r"[1-9][0-9]{0,5}\Z")  # six digits at most, and never 0 (section 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLimits:
    """How much of each a server takes; ``None`` where it does not say.

    ``mailmax``: transactions in a session. ``rcptmax``: recipients in a transaction.
    ``rcptdomainmax``: domains among the recipients of a transaction.
    """

    mailmax: int | None = None
    rcptmax: int | None = None
    rcptdomainmax: int | None = None


def limits_in(extensions: Mapping[str, str]) -> OfferedLimits:
    """Read the limits out of what EHLO said (extensions by upper-case keyword).

    A limit that is unknown, 0 or no number counts as not said; of two the smaller one holds
    (RFC 9422, sections 3 and 4).
    """
    found: dict[str, int] = {}
    for one in extensions.get("LIMITS", "")[:_LONGEST].split():
        name, _, value = one.partition("=")
        if _VALUE.match(value):
            key = name.upper()
            found[key] = min(int(value), found.get(key, int(value)))
    return OfferedLimits(
        mailmax=found.get("MAILMAX"),
        rcptmax=found.get("RCPTMAX"),
        rcptdomainmax=found.get("RCPTDOMAINMAX"),
    )
