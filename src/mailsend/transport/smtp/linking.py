"""From a wire that is opened to a link that the pool may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mailsend.decide.verdict import Step, judge
from mailsend.model.address import Address, Domain
from mailsend.model.server import Server
from mailsend.model.server_limits import OfferedLimits, limits_in
from mailsend.transport.clock import steady_seconds
from mailsend.transport.smtp.connect import Resolve
from mailsend.transport.smtp.dialogue import Dialogue
from mailsend.transport.smtp.habits import level_by, lower
from mailsend.transport.smtp.link import MANY, Link
from mailsend.transport.smtp.memory import PolicyMemory
from mailsend.transport.smtp.opener import Opener
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.stop import Stopped
from mailsend.transport.smtp.wire import Silent

if TYPE_CHECKING:
    from mailsend.transport.log_ins import SharedLogIns
    from mailsend.transport.smtp.pool import Pool
    from mailsend.transport.smtp.wire import Wire

__all__ = ["Linking"]

_IDLE: Final = 60.0  # seconds that a connection is kept without a mail


class Linking:
    """Opens links to one server on one event loop."""

    def __init__(
        self,
        server: Server,
        memory: PolicyMemory,
        resolve: Resolve | None,
        log_ins: SharedLogIns | None = None,
    ) -> None:
        self._server = server
        self._memory = memory
        self._opener = Opener(server, resolve, log_ins)

    async def open(self, pool: Pool, wire: Wire) -> Link:
        """Connect, log in, and take the connection over; raises Stopped."""
        server = self._server
        offer = await self._opener.open(wire)
        limits = limits_in(offer.extensions)
        dialogue = Dialogue(
            server,
            offer,
            self._memory,
            level=level_by(server, steady_seconds),
            lower=lambda level: lower(server, level, steady_seconds()),
            part=Room(server, limits).part,
        )
        try:
            return Link(
                pool,
                wire,
                dialogue,
                mails=min(server.max_messages or MANY, limits.mailmax or MANY),
                idle=_IDLE,
                content=seconds_for(Step.CONTENT, server),
            )
        except Silent:
            wire.abort()
            raise Stopped(judge(Step.MAIL, None)) from None


class Room:
    """What fits into one transaction (M8, M33), and of transactions and domains into a session (RFC 9422, section 4)."""

    def __init__(self, server: Server, limits: OfferedLimits) -> None:
        self._transactions = limits.mailmax or MANY
        self._recipients = min(server.max_recipients or MANY, limits.rcptmax or MANY)
        self._domains = limits.rcptdomainmax
        self._used: set[Domain] = set()

    def part(self, waiting: Sequence[Address]) -> int:
        """Give how many off the front of ``waiting`` fit; none, where they or their domains are too many here."""
        if not self._transactions:
            return 0
        fitting = min(len(waiting), self._recipients)
        if self._domains is not None:
            fitting = self._fitting(waiting[:fitting], self._domains)
        self._transactions -= fitting > 0
        return fitting

    def _fitting(self, waiting: Sequence[Address], domains: int) -> int:
        for place, one in enumerate(waiting):
            if one.domain not in self._used and len(self._used) >= domains:
                return place
            self._used.add(one.domain)
        return len(waiting)
