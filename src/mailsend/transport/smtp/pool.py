"""The open connections to one server on one event loop, and the mails that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from mailsend.decide.turns import Turns
from mailsend.decide.verdict import Reason, Step, Verdict, conclude, judge
from mailsend.model.server import Server
from mailsend.transport.smtp.errand import Errand, Phase
from mailsend.transport.smtp.link import MANY, Link
from mailsend.transport.smtp.openings import Openings
from mailsend.transport.smtp.step_limits import seconds_for_quit
from mailsend.transport.smtp.stop import Stopped

if TYPE_CHECKING:
    from mailsend.transport.smtp.news import Late, News
    from mailsend.transport.smtp.wire import Wire

__all__ = ["Pool"]

_LONG_IDLE: Final = 15.0  # seconds: after these a connection is asked whether anybody is still there
_FEWER_FOR: Final = 60.0  # seconds: so long a server that refused a further connection is not asked for one


class Pool:
    """Carries errands: over a connection that waits, a new one, or behind a mail on a busy one.

    ``open_link`` opens a connection on a wire and gives the link, or raises Stopped; ``tell`` is told
    each errand that is over, ``tell_late`` what was learnt of one that nobody waits for.
    """

    def __init__(
        self,
        server: Server,
        *,
        new_wire: Callable[[], Wire],
        open_link: Callable[[Pool, Wire], Awaitable[Link]],
        tell: Callable[[Errand], None],
        tell_late: Callable[[Late], None],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._farewell = seconds_for_quit(server)
        self._most = self._room = server.max_connections or MANY
        self._room_again = 0.0
        self._tell_one = tell
        self._tell_late = tell_late
        self._line: Turns[Errand] = Turns()
        self._returned: deque[Errand] = deque()  # these need a new connection
        self._links: set[Link] = set()
        self._idle: list[Link] = []
        self._places: dict[Link, None] = {}  # where a mail may begin behind another
        self._leaving: set[Link] = set()
        self._openings = Openings(
            new_wire=new_wire,
            open_link=lambda wire: open_link(self, wire),
            opened=self._opened,
            failed=self._failed,
            left=self._dispatch,
            farewell=self._farewell,
        )
        self._heard: dict[Errand, asyncio.Future[None]] = {}
        self._dispatching = False
        self._closing = False

    # What the transport asks

    def put(self, errand: Errand) -> None:
        """Take an errand; it is told when it is over."""
        if self._closing:  # what sends while its loop ends
            self._end(errand, conclude(Reason.CLOSED))
            return
        self._line.join(errand.options.customer, errand)
        self._dispatch()

    def abandon(self, errand: Errand, verdict: Verdict | None = None) -> None:
        """Let go of an errand that nobody waits for, and tell it ``verdict`` where one is given.

        A final dot that is out makes its outcome unknown; the reply is still read, and told late (M20).
        """
        link = next((one for one in self._links if one.dialogue.at_hand is errand), None)
        past_dot = link is not None and errand.phase is Phase.DOT
        if verdict is not None:
            if link is not None and past_dot:
                errand.settle(link.dialogue.taken, judge(Step.DOT, None), None)
            errand.settle_rest(verdict, None)
        waiting, errand.phase = errand.phase is Phase.WAITING, Phase.OVER
        if waiting:
            self._line.leave(errand.options.customer, errand)
            if errand in self._returned:
                self._returned.remove(errand)
            errand.came_by(self._openings.conversation, self.loop.time())
            self._openings.cancel(len(self._openings.wanted) - self._waiting)
        elif past_dot:
            errand.late = True
        elif link is not None and not errand.late:
            link.give_up(conclude(Reason.CLOSED))
        if not errand.late:
            self._hear_of(errand)

    def unfinished(self) -> set[asyncio.Future[None]]:
        """Give, for each mail whose final dot waits for its reply, a future that is done when it has it."""
        hands = (one.dialogue.at_hand for one in self._links)
        return {
            self._hearing_of(one) for one in hands if one is not None and (one.late or one.phase is Phase.DOT)
        }

    async def close(self, *, seconds: float) -> None:
        """Let go of everything, for good.

        Mails whose content is being written, or whose final dot waits for its reply, are waited for,
        ``seconds`` at most; what has not come so far is told ``closed``.
        """
        self._closing = True
        closed = conclude(Reason.CLOSED)
        while (errand := self._next()) is not None:
            self._end(errand, closed)
        self._openings.cancel(len(self._openings.wanted))
        for link in tuple(self._links):
            self._close_link(link, closed)
        ends = self.loop.time() + seconds
        while self._links and (left := ends - self.loop.time()) > 0:
            waited = {*(one.gone for one in self._links), *self._working()}
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for link in tuple(self._links):
            link.give_up(closed)
        leaving = {*self._openings.tasks(), *(one.gone for one in (*self._links, *self._leaving))}
        if leaving:
            await asyncio.wait(leaving)
        await asyncio.sleep(0)  # transports let go of their sockets in the turn that follows

    # What a link asks

    def fill(self, link: Link) -> bool:
        """Give ``link`` a mail where one should begin there; say whether it did.

        A mail that came back begins on a new connection: those that waited may all be dead, or had enough.
        """
        if self._closing or link.is_worn or (self._returned and self._is_in_the_way(link)):
            if link.is_quiet:
                self.retire(link)
            return False
        if not self._line and not (self._returned and link.is_new):
            if not link.is_idle:
                self._places[link] = None
            elif link not in self._idle:
                link.rest()
                self._idle.append(link)
            return False
        if not link.is_idle and (self._idle or not self._lacks_room):
            self._places[link] = None  # there are better ones than behind another mail
            return False
        check = link.is_idle and self.loop.time() - link.idle_since > _LONG_IDLE
        if link in self._idle:
            self._idle.remove(link)
        errand = self._next() if link.is_new else self._line.pop()
        assert errand is not None  # somebody waits
        link.take(errand, check=check)
        return True

    def _is_in_the_way(self, link: Link) -> bool:
        """Say whether a used connection has the place that a new one is needed for."""
        coming = len(self._openings.wanted) + len(self._leaving)
        return self._lacks_room and len(self._returned) > coming and link.is_idle and not link.is_new

    def tell(self, news: News) -> None:
        """Pass on what became of mails; those that were not tried wait again."""
        for errand in news.finished:
            self._hear_of(errand)
            self._tell_one(errand)
        for one in news.late:
            self._hear_of(one[0])
            self._tell_late(one)
        for errand in news.untried:
            if self._closing:
                self._end(errand, conclude(Reason.CLOSED))
            elif errand.has_returned:
                self._returned.append(errand)
            else:
                self._line.rejoin(errand.options.customer, errand)
        if news.untried:
            self.loop.call_soon(self._dispatch)

    def retire(self, link: Link) -> None:
        """Say goodbye on a connection that waited for long enough, or has carried enough mails."""
        self._forget(link)
        self._leaving.add(link)
        link.quit(self._farewell)

    def lose(self, link: Link) -> None:
        """Forget a connection that is gone."""
        self._forget(link)
        self._leaving.discard(link)
        self._dispatch()

    # Inside

    @property
    def _may_open(self) -> bool:
        if self._room < self._most and self.loop.time() >= self._room_again:
            self._room = self._most
        openings = self._openings
        there = len(self._links) + len(self._leaving)
        return there + len(openings.wanted) + len(openings.leaving) < self._room

    @property
    def _lacks_room(self) -> bool:
        """Whether more mails wait than connections are being opened for, and no further one may be."""
        return self._waiting > len(self._openings.wanted) and not self._may_open

    @property
    def _waiting(self) -> int:
        return len(self._line) + len(self._returned)

    def _next(self) -> Errand | None:
        return self._returned.popleft() if self._returned else self._line.pop()

    def _dispatch(self) -> None:
        """Bring waiting errands and connections together."""
        if self._dispatching or self._closing:
            return
        self._dispatching = True
        try:
            while self._line and self._idle:
                self._idle.pop().pump()
            while self._waiting > len(self._openings.wanted) and self._may_open:
                self._openings.begin()
            while self._line and self._places and self._lacks_room:
                link = next(iter(self._places))
                del self._places[link]
                link.pump()
            if self._returned and self._lacks_room:
                for link in tuple(self._idle):
                    link.pump()  # one that waited makes room for a new one
        finally:
            self._dispatching = False

    def _opened(self, link: Link) -> None:
        self._links.add(link)
        link.pump()
        self._dispatch()

    def _failed(self, wire: Wire, problem: Exception) -> None:
        """Tell the errand that waited longest, unless other connections go on carrying mail."""
        if self._links:
            self._room = len(self._links)
            self._room_again = self.loop.time() + _FEWER_FOR
        elif (errand := self._next()) is not None:
            errand.came_by(wire.conversation, self.loop.time())
            errand.source_ip = wire.source_ip
            if isinstance(problem, Stopped):
                errand.settle_rest(problem.verdict, problem.reply)
            else:
                errand.error = problem
            errand.phase = Phase.OVER
            self._tell_one(errand)
        self.loop.call_soon(self._dispatch)

    def _close_link(self, link: Link, closed: Verdict) -> None:
        """Cut what is before its content; take back what stands behind another mail."""
        link.dialogue.closing = True
        if (behind := link.dialogue.behind) is not None:
            self._end(behind, closed)
        at_hand = link.dialogue.at_hand
        if at_hand is not None and at_hand.phase is Phase.ENVELOPE:
            link.give_up(closed)
        elif link.is_quiet:
            self.retire(link)

    def _working(self) -> set[asyncio.Future[None]]:
        hands = (one.dialogue.at_hand for one in self._links)
        return {self._hearing_of(one) for one in hands if one is not None}

    def _end(self, errand: Errand, verdict: Verdict) -> None:
        errand.settle_rest(verdict, None)
        errand.phase = Phase.OVER
        self._tell_one(errand)

    def _forget(self, link: Link) -> None:
        self._links.discard(link)
        self._places.pop(link, None)
        if link in self._idle:
            self._idle.remove(link)

    def _hearing_of(self, errand: Errand) -> asyncio.Future[None]:
        return self._heard.setdefault(errand, self.loop.create_future())

    def _hear_of(self, errand: Errand) -> None:
        if self._heard and (heard := self._heard.pop(errand, None)) is not None:
            heard.set_result(None)
