"""The process's memory of its servers: how well they are, and what their limits leave.

One for all Mailers of a process, since servers count by account and not by Mailer. A forked child
begins with nothing; other processes keep to the limits by themselves.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from mailsend.deliver.lane import Lane
from mailsend.mailer.clock import monotonic
from mailsend.model.server import Server

__all__ = ["ServerLanes", "forget_lanes", "lanes_of_this_process"]

_MOST = 10_000  # lanes kept before those are looked for that say nothing


class ServerLanes:
    """The lanes by server, each made when the server is first asked for.

    ``clock`` gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lanes: dict[Server, Lane] = {}
        self._lock = threading.Lock()
        self._tidy_at = _MOST

    def known(self, server: Server) -> Lane | None:
        """Give the lane to ``server`` where it has limits or is not well; ``None`` where it is free."""
        lane = self._lanes.get(server) or self.to(server)
        return lane if lane.matters else None

    def to(self, server: Server) -> Lane:
        """Give the lane to ``server``."""
        with self._lock:
            lane = self._lanes.get(server)
            if lane is None:
                if len(self._lanes) >= self._tidy_at:
                    self._tidy()
                lane = self._lanes[server] = Lane(server, self._clock)
            return lane

    def _tidy(self) -> None:
        """Forget what says nothing any more; where little does, look again only when there are twice as many."""
        self._lanes = {server: lane for server, lane in self._lanes.items() if not lane.idle}
        self._tidy_at = max(_MOST, 2 * len(self._lanes))


_of_this_process = ServerLanes()


def lanes_of_this_process() -> ServerLanes:
    """Give the lanes that all Mailers of this process share."""
    return _of_this_process


def forget_lanes() -> None:
    """Begin anew: in a forked child, whose parent's locks nobody releases, and between tests."""
    global _of_this_process  # noqa: PLW0603 - one per process is the point
    _of_this_process = ServerLanes()


os.register_at_fork(after_in_child=forget_lanes)
