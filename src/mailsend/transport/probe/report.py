"""What a probe found, as one value: in words, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mailsend.model.report import Exchange
from mailsend.transport.probe.finding import Finding, Level, ProbeCode, ProbeStep

__all__ = ["ProbeReport", "Proposal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A trait that the server seems to have (M8): its name, the value to set, and what showed it."""

    trait: str
    value: Any
    because: str

    def as_dict(self) -> dict[str, Any]:
        """Give this as JSON values."""
        return {"trait": self.trait, "value": self.value, "because": self.because}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """All findings about one server, in the order of the steps; it ends where a step failed.

    ``server`` is its name, ``preset`` the name of the provider that its host name tells, ``proposals``
    what might be set for it, ``conversation`` every command and reply without secrets. Times are UTC.
    """

    server: str
    findings: tuple[Finding, ...]
    proposals: tuple[Proposal, ...] = ()
    preset: str = ""
    conversation: tuple[Exchange, ...] = ()
    started: datetime
    ended: datetime

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def ok(self) -> bool:
        """Whether no step failed; warnings do not count."""
        return all(one.level is not Level.FAILED for one in self.findings)

    @property
    def suffices(self) -> bool:
        """Whether it shows all that a server needs to be verified: nothing failed, and a sender was taken."""
        return self.ok and not any(one.code is ProbeCode.NO_SENDER for one in self.findings)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings for which the server cannot be verified."""
        return tuple(one for one in self.findings if one.level is Level.FAILED)

    def at(self, step: ProbeStep) -> tuple[Finding, ...]:
        """Give what was found at one step."""
        return tuple(one for one in self.findings if one.step is step)

    def with_more(
        self, findings: tuple[Finding, ...], proposals: tuple[Proposal, ...], ended: datetime
    ) -> ProbeReport:
        """Give the report with what a later step added; an earlier proposal for the same trait goes."""
        kept = tuple(one for one in self.proposals if one.trait not in {new.trait for new in proposals})
        return replace(self, findings=(*self.findings, *findings), proposals=(*kept, *proposals), ended=ended)

    def explain(self, locale: str = "en") -> str:
        """Tell every finding in words, one a line, each with what to do."""
        lines = []
        for one in self.findings:
            advice = one.advise(locale)
            lines.append(f"{one.title(locale)}: {one.explain(locale)}{f' {advice}' if advice else ''}")
        return "\n".join(lines)

    def as_dict(self, locale: str = "en") -> dict[str, Any]:
        """Give all of it as JSON values."""
        return {
            "server": self.server,
            "ok": self.ok,
            "findings": [one.as_dict(locale) for one in self.findings],
            "proposals": [one.as_dict() for one in self.proposals],
            "preset": self.preset or None,
            "conversation": [str(one) for one in self.conversation],
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat(),
        }
