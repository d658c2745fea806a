"""Lanes for a mail that was counted against its server's limit when it was claimed (S2)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mailsend.decide.limit import is_limited
from mailsend.decide.verdict import Reason
from mailsend.deliver.lane import Entered, Kept, Lane, Sleep
from mailsend.model.health import Health
from mailsend.model.report import Attempt
from mailsend.model.server import Server
from mailsend.store.buckets import lane_name
from mailsend.store.times import MICROSECONDS, moment

if TYPE_CHECKING:
    from mailsend.mailer.shared_lanes import SharedLanes

__all__ = ["PaidLanes"]


class PaidLanes:
    """The lanes of one claimed mail: its first way through the lane ``name``, paid at ``at``, is free.

    ``name`` is empty where nothing was paid.
    """

    def __init__(self, lanes: SharedLanes, name: str, at: datetime) -> None:
        self.clock = lanes.clock
        self._lanes = lanes
        self._name = name
        self._at = moment(at) / MICROSECONDS

    def known(self, server: Server) -> Lane | None:
        """Give the lane to ``server`` where it has limits or is not well."""
        if self._name and is_limited(server) and lane_name(server) == self._name:
            return _PaidLane(self, self._lanes.to(server))
        return self._lanes.known(server)

    def to(self, server: Server) -> Lane:
        """Give the lane to ``server``."""
        return self._lanes.to(server)

    def spend(self, recipients: int) -> Entered | None:
        """Give what was paid for, once."""
        there, self._name = bool(self._name), ""
        return Entered(self._at, recipients) if there else None


class _PaidLane(Lane):
    """One way through a lane of which it knows nothing that the lane itself does not know."""

    def __init__(self, paid: PaidLanes, lane: Lane) -> None:  # it keeps no memory of its own
        self._paid = paid
        self._lane = lane

    @property
    def health(self) -> Health:
        return self._lane.health

    @health.setter
    def health(self, health: Health) -> None:
        self._lane.health = health

    async def enter(
        self, customer: str, recipients: int, *, left: float | None, wait_out_pause: bool, sleep: Sleep
    ) -> Entered | Kept:
        pause = self.health.pause(self._paid.clock())
        if pause > 0 and not wait_out_pause:
            return Kept(Reason.RATE)
        entered = None if pause > 0 else self._paid.spend(recipients)
        if entered is not None:
            return entered
        return await self._lane.enter(
            customer, recipients, left=left, wait_out_pause=wait_out_pause, sleep=sleep
        )

    def leave(self, entered: Entered) -> None:
        self._lane.leave(entered)

    def learn(self, attempt: Attempt | None, entered: Entered | None = None) -> None:
        self._lane.learn(attempt, entered)
