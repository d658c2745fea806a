"""Decisions: values that say what was chosen, why, and what was passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, TypedDict

from mailsend.model.frozen import FrozenDict

__all__ = ["RECORD_VERSION", "Decision", "DecisionRecord", "Facts", "PassedOver", "PassedOverRecord"]

RECORD_VERSION = 1

Facts = Mapping[str, Any]


class PassedOverRecord(TypedDict):
    """One candidate passed over, as it is written down."""

    candidate: str
    source: str
    reason: str
    facts: dict[str, Any]


class DecisionRecord(TypedDict):
    """One decision as it is written down: what readers of a log rebuild the words from."""

    v: int
    step: str
    reason: str
    value: Any
    passed_over: list[PassedOverRecord]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A candidate that was not taken: what it was, where it came from, and why not."""

    candidate: str
    source: str
    reason: StrEnum
    facts: Facts = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", FrozenDict(self.facts))

    def record(self) -> PassedOverRecord:
        """Give this as JSON values."""
        return {
            "candidate": self.candidate,
            "source": self.source,
            "reason": str(self.reason),
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The common face of all decisions; each step has a subclass with a value of its own."""

    step: ClassVar[str]
    reason: StrEnum
    passed_over: tuple[PassedOver, ...] = ()

    def value(self) -> Any:
        """Give what was chosen, as a JSON value."""
        raise TypeError(f"{type(self).__name__} gives no value")

    def facts(self) -> dict[str, Any]:
        """Give what the words need besides the value, as JSON values."""
        return {}

    def record(self) -> DecisionRecord:
        """Give ``{v, step, reason, value, passed_over, facts}``, as logs and ``--json`` keep it."""
        return {
            "v": RECORD_VERSION,
            "step": self.step,
            "reason": str(self.reason),
            "value": self.value(),
            "passed_over": [one.record() for one in self.passed_over],
            "facts": self.facts(),
        }

    def explain(self, locale: str = "en") -> str:
        """Say the decision in words, in English or German."""
        from mailsend.model.words import explain

        return explain(self.record(), locale)
