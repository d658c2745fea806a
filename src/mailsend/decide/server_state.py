"""How far a customer's server may go at each step: locked, entered, verified, released (S1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mailsend.model.server import ServerState
from mailsend.model.words import catalogue

__all__ = ["Refused", "ServerAct", "ServerStateRefused", "next_state"]


class ServerAct(StrEnum):
    """What people, or a verification, do to a server."""

    ENTER = "enter"
    VERIFY = "verify"
    RELEASE = "release"
    LOCK = "lock"
    UNLOCK = "unlock"


class ServerStateRefused(StrEnum):
    """Why a server cannot take a step."""

    LOCKED = "locked"
    NOT_VERIFIED = "not_verified"
    NOT_LOCKED = "not_locked"


@dataclass(frozen=True, slots=True)
class Refused:
    """A step that cannot be taken: why, and what to do instead."""

    reason: ServerStateRefused
    advice: str

    def explain(self, locale: str = "en") -> str:
        """Tell why, in words."""
        return catalogue(locale)[f"server.{self.reason}"]


_LOCKED: Final = Refused(ServerStateRefused.LOCKED, "Unlock it or enter it anew, then verify it.")
_NOT_VERIFIED: Final = Refused(ServerStateRefused.NOT_VERIFIED, "Verify it first: mailsend server verify.")
_NOT_LOCKED: Final = Refused(ServerStateRefused.NOT_LOCKED, "There is nothing to unlock.")

_ENTERED, _VERIFIED, _RELEASED = ServerState.ENTERED, ServerState.VERIFIED, ServerState.RELEASED

# The whole table: what each act makes of a server in each state.
_NEXT: Final[Mapping[ServerAct, Mapping[ServerState, ServerState | Refused]]] = MappingProxyType(
    {
        ServerAct.ENTER: dict.fromkeys(ServerState, _ENTERED),
        ServerAct.VERIFY: {
            ServerState.LOCKED: _LOCKED,
            _ENTERED: _VERIFIED,
            _VERIFIED: _VERIFIED,
            _RELEASED: _RELEASED,  # looked at again, it stays in use
        },
        ServerAct.RELEASE: {
            ServerState.LOCKED: _LOCKED,
            _ENTERED: _NOT_VERIFIED,
            _VERIFIED: _RELEASED,
            _RELEASED: _RELEASED,
        },
        ServerAct.LOCK: dict.fromkeys(ServerState, ServerState.LOCKED),
        ServerAct.UNLOCK: {
            ServerState.LOCKED: _ENTERED,
            _ENTERED: _NOT_LOCKED,
            _VERIFIED: _NOT_LOCKED,
            _RELEASED: _NOT_LOCKED,
        },
    }
)


def next_state(state: ServerState, step: ServerAct) -> ServerState | Refused:
    """Give the state that a server comes to by ``step``, or why it cannot take it.

    The caller vouches that the step was taken by this very server: a verification counts for the
    fingerprint that was verified, and a server with another one is entered anew.
    """
    return _NEXT[step][state]
