"""Walking the routes, and again while that may help: the one way from a finished mail to a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsend.decide.retry import pause_before_round
from mailsend.deliver.delivery import Delivery, Look
from mailsend.deliver.lane import Lanes, Sleep
from mailsend.model.consignment import Deliverable
from mailsend.model.report import Report
from mailsend.model.server import Server
from mailsend.transport.base import BeforeContent, Transport

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["deliver"]


async def deliver(
    submission: Deliverable,
    *,
    transport_for: Callable[[Server], Transport],
    look: Look,
    clock: Callable[[], float],
    deadline: float | None,
    again: bool = True,
    sleep: Sleep = asyncio.sleep,
    lanes: Lanes | None = None,
    index: int = 0,
    cancelled: Callable[[Report], object] | None = None,
    mark: BeforeContent | None = None,
) -> Report:
    """Bring a finished mail to a server that accepts it, and tell what became of each recipient.

    Before every attempt ``look`` is asked. The routes are walked in order: a temporary fault of
    server or account leads to the next, and where only a connection failed they are walked again
    after 1, 2, 4 … seconds, unless ``again`` is False. ``deadline`` is in seconds from now and ends
    everything but a final dot that is already sent; ``clock`` gives seconds that never go back.
    ``lanes`` is what is known of the servers: of two that were chosen for the same reason the one
    that is well goes first, and a mail over a server's limit waits for it. ``index`` is the report's:
    the mail's place among many. Never raises for what a
    server or a transport does: ``report.error`` holds what should not have happened. Where it is
    cancelled, ``cancelled`` is told what is known so far. ``mark`` is awaited before content goes out,
    with the server's name and those it goes to: where it says False, none goes.
    """
    ends = None if deadline is None else clock() + deadline
    delivery = Delivery(
        submission,
        transport_for=transport_for,
        look=look,
        clock=clock,
        ends=ends,
        sleep=sleep,
        lanes=lanes,
        mark=mark,
    )
    try:
        if await delivery.walk() and again:
            await _walk_again(delivery, sleep)
    except asyncio.CancelledError:
        if cancelled is not None:
            cancelled(delivery.report(index))
        raise
    return delivery.report(index)


async def _walk_again(delivery: Delivery, sleep: Sleep) -> None:
    """Walk the routes again while that is asked for and there is time; entered after a first walk only."""
    pause = pause_before_round(1, left=delivery.left())
    if pause is None:
        return
    from tenacity import AsyncRetrying, retry_if_result

    def next_pause(state: RetryCallState) -> float | None:
        return pause_before_round(state.attempt_number + 1, left=delivery.left())

    await sleep(pause)
    await AsyncRetrying(
        retry=retry_if_result(bool),
        stop=lambda state: next_pause(state) is None,
        wait=lambda state: next_pause(state) or 0.0,
        sleep=sleep,
        retry_error_callback=lambda _: None,
    )(delivery.walk)
