"""The common face of decisions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import pytest

from mailsend.model.decision import Decision, PassedOver


class Why(StrEnum):
    """A reason."""

    SO = "so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain(Decision):
    """A decision that says no more than it must."""

    step: ClassVar[str] = "plain"

    def value(self) -> str:
        """Give a value."""
        return "x"


def test_a_decision_needs_no_facts():
    """A step without facts of its own writes none down; what was passed over keeps its own."""
    over = PassedOver(candidate="y", source="z", reason=Why.SO, facts={"a": 1})
    assert Plain(reason=Why.SO, passed_over=(over,)).record() == {
        "v": 1,
        "step": "plain",
        "reason": "so",
        "value": "x",
        "passed_over": [{"candidate": "y", "source": "z", "reason": "so", "facts": {"a": 1}}],
        "facts": {},
    }


def test_a_decision_says_what_was_chosen():
    """A step that forgets its value is told so by name."""
    with pytest.raises(TypeError, match="Decision gives no value"):
        Decision(reason=Why.SO).value()
