"""Thinking that stops to ask: the synchronous and the asynchronous mailer answer, and share all else."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mailsend.model.circumstances import OfferedServer
from mailsend.model.rules import Rules, Scope
from mailsend.model.submission import Refusal, Submission

if TYPE_CHECKING:
    from mailsend.prepare import Draft

__all__ = ["Answer", "Asked", "Question", "Thinking", "ask_for_seal", "ask_rules", "ask_servers"]

T = TypeVar("T")

Asked: TypeAlias = tuple[str | None, str | None]
# The rules of a customer and unit are asked for, the servers of a scope's customer, or a draft's seal.
Question: TypeAlias = "Asked | Scope | Draft"
Answer: TypeAlias = Rules | Refusal | tuple[OfferedServer, ...] | Submission
Thinking: TypeAlias = Generator["Question", Answer, T]


def ask_rules(asked: Asked) -> Thinking[Rules | Refusal]:
    """Ask for the rules of a customer and unit."""
    answer = yield asked
    assert isinstance(answer, Rules | Refusal)  # what it asked for
    return answer


def ask_servers(scope: Scope) -> Thinking[tuple[OfferedServer, ...]]:
    """Ask for the servers of a scope's customer, each with its state."""
    answer = yield scope
    assert isinstance(answer, tuple)  # what it asked for
    return answer


def ask_for_seal(draft: Draft) -> Thinking[Submission]:
    """Ask for a draft to be signed, here or in a thread."""
    answer = yield draft
    assert isinstance(answer, Submission)  # what it asked for
    return answer
