"""Thinking that stops to ask: the synchronous and the asynchronous mailer answer, and share all else."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mailsend.model.circumstances import OfferedServer
from mailsend.model.list_entry import Entry
from mailsend.model.rules import Rules, Scope
from mailsend.model.submission import Refusal, Submission

if TYPE_CHECKING:
    from mailsend.prepare import Draft

__all__ = [
    "Answer",
    "Asked",
    "AskedOfLists",
    "Found",
    "Question",
    "Thinking",
    "ask_for_seal",
    "ask_lists",
    "ask_rules",
    "ask_servers",
]

T = TypeVar("T")

Asked: TypeAlias = tuple[str | None, str | None]
# The entries of the lists that concern an address, by what it is compared by.
Found: TypeAlias = Mapping[str, tuple[Entry, ...]]


@dataclass(frozen=True, slots=True)
class AskedOfLists:
    """What the lists say of these addresses (``Address.key``) for mail of ``customer`` is asked."""

    customer: str
    keys: tuple[str, ...]


# The rules of a customer and unit are asked for, the servers of a scope's customer, what the lists
# say of a mail's addresses, or a draft's seal.
Question: TypeAlias = "Asked | Scope | AskedOfLists | Draft"
Answer: TypeAlias = Rules | Refusal | tuple[OfferedServer, ...] | Found | Submission
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


def ask_lists(asked: AskedOfLists) -> Thinking[Found]:
    """Ask what the lists say of addresses."""
    answer = yield asked
    assert isinstance(answer, Mapping)  # what it asked for
    return answer


def ask_for_seal(draft: Draft) -> Thinking[Submission]:
    """Ask for a draft to be signed, here or in a thread."""
    answer = yield draft
    assert isinstance(answer, Submission)  # what it asked for
    return answer
