"""Help for tests of applications: a private outbox, assertions, and a real SMTP server with faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsend.testing.assertions import assert_sent
from mailsend.testing.outbox import Outbox, OutboxMessage

if TYPE_CHECKING:
    from mailsend.testing.server import ScriptedServer

__all__ = ["Outbox", "OutboxMessage", "ScriptedServer", "assert_sent"]


def __getattr__(name: str) -> Any:
    """Load the server when it is asked for: it needs the extra ``test``."""
    if name == "ScriptedServer":
        from mailsend.testing.server import ScriptedServer

        return ScriptedServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
