"""What is kept of a customer's server: how far it has come, by whom, and what was found (S1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailsend.model.frozen import FrozenDict
from mailsend.model.server import Server, ServerState

__all__ = ["ServerChange", "ServerRecord", "ServerStep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStep:
    """One step that a server took: the state that it came to, when (UTC), and who said so."""

    state: ServerState
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """A customer's server as the store keeps it.

    ``steps`` lead from where it was last entered to ``state``; what came before stands in the
    history. ``server`` is None where ``from_rules``: then the definition stands in the settings or
    comes from the Directory, and its state alone is kept. ``findings`` are those of the last
    verification.
    """

    customer: str
    name: str
    position: int
    server: Server | None
    senders: tuple[str, ...]
    state: ServerState
    steps: tuple[ServerStep, ...]
    from_rules: bool
    findings: Mapping[str, Any] = field(default_factory=lambda: FrozenDict[str, Any]({}), hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChange:
    """One line of the history: who did what to a customer's servers, and when (UTC).

    ``before`` is None for a server that was not there, ``after`` for one that is gone. What
    concerns all servers of the customer has no ``name``.
    """

    at: datetime
    by: str
    customer: str
    name: str
    act: str
    before: ServerState | None
    after: ServerState | None
    note: str = ""
