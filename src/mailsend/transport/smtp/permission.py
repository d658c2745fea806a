"""Asking, before content goes out, whether it may: whoever queued the mail writes that down first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from mailsend.transport.smtp.turn import Turn

__all__ = ["ask_first", "must_be_asked"]

_log: Final = logging.getLogger("mailsend.transport")


def must_be_asked(turn: Turn) -> bool:
    """Say whether somebody has to be asked about this content, and has not said yes."""
    return turn.errand.options.before_content is not None and not turn.allowed


def ask_first(turn: Turn, then: Callable[[Turn], object]) -> asyncio.Task[None]:
    """Ask about the content of ``turn``; ``then`` is called when ``turn.allowed`` says what was answered."""
    return asyncio.get_running_loop().create_task(_ask(turn, then))


async def _ask(turn: Turn, then: Callable[[Turn], object]) -> None:
    asks = turn.errand.options.before_content
    assert asks is not None  # must_be_asked said so
    try:
        turn.allowed = await asks(turn.errand.server, tuple(turn.taken))
    except Exception:  # noqa: BLE001 - whatever it is, content that nobody wrote down must not go out
        _log.exception("it could not be written down that content goes out, and it did not")
    then(turn)
