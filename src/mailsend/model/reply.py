"""What a server answers: RFC 5321, section 4.2, and RFC 3463."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Reply", "Severity"]

_ENHANCED = re.compile(r"\A([245]\.\d{1,3}\.\d{1,3})(?:\s|\Z)")


class Severity(StrEnum):
    """The first digit of a reply code (RFC 5321, section 4.2.1)."""

    COMPLETION = "completion"
    INTERMEDIATE = "intermediate"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    SENSELESS = "senseless"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a server: its code, its enhanced status code where it has one, its text.

    ``text`` joins the lines of a multi-line reply with newlines and does not repeat the codes.
    """

    code: int
    text: str = ""
    enhanced: str | None = None

    @classmethod
    def of(cls, code: int, text: str) -> Reply:
        """Read the enhanced status code off the front of each line of ``text`` (RFC 2034).

        The first line's code counts; lines whose code has another class than ``code`` keep it.
        """
        lines = text.splitlines()
        enhanced = None
        plain = []
        for line in lines:
            found = _ENHANCED.match(line)
            if found and found[1][0] == str(code)[0]:
                enhanced = enhanced or found[1]
                plain.append(line[found.end(1) :].lstrip())
            else:
                plain.append(line)
        return cls(code, "\n".join(plain), enhanced)

    @property
    def severity(self) -> Severity:
        """The class that the code's first digit names."""
        match self.code // 100:
            case 2:
                return Severity.COMPLETION
            case 3:
                return Severity.INTERMEDIATE
            case 4:
                return Severity.TRANSIENT
            case 5:
                return Severity.PERMANENT
            case _:
                return Severity.SENSELESS

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.enhanced, self.text) if part)
