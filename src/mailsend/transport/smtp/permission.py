"""Asking, before content goes out, whether it may: whoever queued the mail writes that down first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from mailsend.transport.smtp.turn import Turn

__all__ = ["ask_first", "must_be_asked"]

_log: Final = logging.getLogger("mailsend.transport")


def must_be_asked(turn: Turn) -> bool:
    """Say whether somebody has to be asked about this content, and has not said yes."""
    return turn.errand.options.before_content is not None and not turn.allowed


def ask_first(turn: Turn, then: Callable[[Turn], object]) -> asyncio.Future[bool]:
    """Ask about the content of ``turn``; ``then`` is called when ``turn.allowed`` says what was answered."""
    asked = _asked(turn)
    asked.add_done_callback(partial(_answered, turn, then))
    return asked


def _asked(turn: Turn) -> asyncio.Future[bool]:
    asks = turn.errand.options.before_content
    assert asks is not None  # must_be_asked said so
    try:
        return asyncio.ensure_future(asks(turn.errand.server, tuple(turn.taken)))
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is no yes
        failed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        failed.set_exception(problem)
        return failed


def _answered(turn: Turn, then: Callable[[Turn], object], asked: asyncio.Future[bool]) -> None:
    if asked.cancelled():  # the loop ends, and with it the connection
        return
    problem = asked.exception()
    if problem is None:
        turn.allowed = asked.result()
    else:  # content that nobody wrote down must not go out
        _log.error("it could not be written down that content goes out, and it did not", exc_info=problem)
    then(turn)
