"""One open connection: octets between the network and the dialogue, each step within its limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

from mailsend.decide.verdict import Reason, conclude
from mailsend.model.report import Exchange
from mailsend.transport.smtp.alarm import Alarm
from mailsend.transport.smtp.content import in_one, to_the_last
from mailsend.transport.smtp.errand import Errand
from mailsend.transport.smtp.news import News
from mailsend.transport.smtp.permission import ask_first, must_be_asked
from mailsend.transport.smtp.replies import ReplyReader

if TYPE_CHECKING:
    from mailsend.decide.verdict import Verdict
    from mailsend.transport.smtp.dialogue import Dialogue
    from mailsend.transport.smtp.pool import Pool
    from mailsend.transport.smtp.turn import Piece, Turn
    from mailsend.transport.smtp.wire import Wire

__all__ = ["MANY", "Link"]

MANY: Final = 1_000_000
"""In place of no limit."""

_ROOM: Final = 4096  # octets read at once: the replies to some forty commands
_FAREWELL: Final = 1.0  # seconds for the other side to close
_SMALL: Final = 64 * 1024  # octets of commands and content that go out in one piece


class Link(asyncio.BufferedProtocol):
    """A connection that the pool holds, from the end of its log-in to its last octet.

    It takes the transport over from ``wire``, for so many ``mails``; ``idle`` and ``content`` are limits
    in seconds. ``gone`` is done when nothing of it is left.
    """

    def __init__(
        self, pool: Pool, wire: Wire, dialogue: Dialogue, *, mails: int, idle: float, content: float
    ) -> None:
        loop = asyncio.get_running_loop()
        self.dialogue = dialogue
        self.gone: asyncio.Future[None] = loop.create_future()
        self._left = mails
        self.idle_since = loop.time()
        self._loop = loop
        self._pool = pool
        self._reader = ReplyReader(wire.mask)
        self._read = memoryview(bytearray(_ROOM))
        self._opening: tuple[Exchange, ...] | None = tuple(wire.conversation)
        self._idle = idle
        self._content = content
        self._blocks: Iterator[tuple[bytes | memoryview, bool]] | None = None
        self._asking: asyncio.Future[bool] | None = None
        self._paused = self._later = self._quitting = False
        self._awaited: object = self
        self._alarm = Alarm(loop, self._time_is_up)
        self._source_ip = wire.source_ip
        self._reused = (f"(on the open connection to {wire.peer()})",)
        self._transport = cast("asyncio.WriteTransport", wire.hand_over(self))
        self._watch()

    # What the pool asks

    @property
    def may_take(self) -> bool:
        """Whether a mail may begin here: it had better not wait for all of a large content."""
        dialogue = self.dialogue
        if self._quitting or not dialogue.may_take:
            return False
        return not dialogue.pieces or not any(map(_is_large, dialogue.pieces))

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a mail."""
        return not self._quitting and self.dialogue.is_idle

    @property
    def is_worn(self) -> bool:
        """Whether it has carried as many mails as one connection should."""
        return self._left <= 0 or self.dialogue.full

    @property
    def is_quiet(self) -> bool:
        """Whether it waits for nothing at all."""
        return self.is_idle and self.dialogue.awaits is None and not self.dialogue.pieces

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever carried here, and it did not wait either."""
        return not self.dialogue.is_used

    def rest(self) -> None:
        """Take note that there is nothing to do: whatever comes next may find the other side gone."""
        self.dialogue.is_used = True

    def take(self, errand: Errand, *, check: bool) -> None:
        """Begin a mail; the octets go out with ``pump``."""
        now = self._loop.time()
        self._left -= 1
        errand.source_ip = self._source_ip
        if self._opening is not None:
            errand.came_by(self._opening, now)
            self._opening = None
        else:
            errand.note(now, "C", self._reused)
        self.dialogue.take(errand, now, check=check)

    def pump(self) -> None:
        """Tell what is settled, begin what waits, and write what is to be written."""
        dialogue = self.dialogue
        told = self._tell()
        while (has_place := self.may_take) and self._pool.fill(self):
            told = self._tell() or told
        if dialogue.ended:
            self.abort()
        elif told and has_place and dialogue.pieces:
            self._write_later()  # who was told may have a next mail: then both go out in one piece
        else:
            self._write()
            self._watch()

    def quit(self, seconds: float) -> None:
        """Say QUIT and close, within ``seconds``; only where it is idle."""
        if self._quitting or self.gone.done():
            return
        self._quitting = True
        self._transport.write(b"QUIT\r\n")
        self._alarm.set(self._loop.time() + seconds)

    def abort(self) -> None:
        """Throw the connection away: nothing more is written and nothing more is believed."""
        self.dialogue.lost(self._loop.time(), cut=True)
        self._transport.abort()
        self._tell()

    def give_up(self, verdict: Verdict) -> None:
        """Throw the connection away, and tell the mail that is here why."""
        self.dialogue.give_up(verdict)
        self._transport.abort()
        self._tell()

    # What the network says

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the room for octets: a small one that stays, where each read would be given a large new one."""
        return self._read

    def buffer_updated(self, nbytes: int) -> None:
        """Take in octets."""
        if self._quitting:
            self._close()
            return
        now = self._loop.time()
        for heard in self._reader.feed(bytes(self._read[:nbytes])):
            self.dialogue.hear(heard, now)
            if self.dialogue.ended:
                break
        self.pump()

    def eof_received(self) -> None:
        """Close, without waiting for what is unwritten: nobody will answer it."""
        if not self._quitting:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that it is gone."""
        self._alarm.cancel()
        self.dialogue.lost(self._loop.time(), cut=True)
        self._blocks = None
        if not self.gone.done():
            self.gone.set_result(None)
        self._tell()
        self._pool.lose(self)

    def pause_writing(self) -> None:
        """Wait with further content."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on with the content."""
        self._paused = False
        self._write()
        self._watch(anew=True)

    # Writing

    def _write(self) -> None:
        if self._later or self._transport.is_closing():
            return
        pieces = self.dialogue.pieces
        batch: list[bytes] = []
        while pieces and not self._paused:
            piece = pieces[0]
            if piece.content is None:
                batch.append(piece.octets)
            elif must_be_asked(piece.content):
                self._asking = self._asking or ask_first(piece.content, self._allowed)
                break
            elif not _is_large(piece):
                batch += in_one(piece.content.errand.data)
            else:
                self._send(batch)
                if not self._write_blocks(piece.content.errand):
                    return
                self._loop.call_soon(self.pump)  # now another mail may begin behind it
            pieces.popleft()
            self.dialogue.written(piece)
        self._send(batch)

    def _allowed(self, turn: Turn) -> None:
        """Go on with content that may go out; what may not is given up with all that is here."""
        self._asking = None
        if self.dialogue.ended:
            return
        if turn.allowed:
            self._write()
            self._watch(anew=True)
        else:
            self.give_up(conclude(Reason.TAKEN_OVER))

    def _send(self, batch: list[bytes]) -> None:
        if batch:
            self._transport.write(batch[0] if len(batch) == 1 else b"".join(batch))
            batch.clear()

    def _write_blocks(self, errand: Errand) -> bool:
        """Write the next block of a large content; say whether all is out."""
        self._blocks = self._blocks or to_the_last(errand.data)
        block, is_last = next(self._blocks, (None, True))
        if block is None:
            self._blocks = None
            return True
        self._transport.write(block)
        if not self._paused:
            if is_last:
                errand.is_out()  # at once: it may be given up before what follows
            self._write_later()  # what the server says meanwhile is heard first
        return False

    def _write_later(self) -> None:
        if not self._later:
            self._later = True
            self._loop.call_soon(self._go_on_writing)

    def _go_on_writing(self) -> None:
        self._later = False
        if not self.dialogue.ended:
            self._write()
            self._watch(anew=True)

    # Telling and watching

    def _tell(self) -> bool:
        """Pass on what there is to tell; say whether there was any."""
        news = self.dialogue.news
        if not (news.finished or news.untried or news.late):
            return False
        self.dialogue.news = News()
        self._pool.tell(news)
        return True

    def _watch(self, *, anew: bool = False) -> None:
        """Count the limit of what is awaited: from when it is awaited, however much comes meanwhile."""
        due = self.dialogue.awaits
        at_hand = self.dialogue.at_hand
        awaited = due or at_hand
        if self._quitting or (awaited is self._awaited and not anew):
            return
        self._awaited = awaited
        now = self._loop.time()
        if due is not None:
            self._alarm.set(now + due.seconds)
        elif at_hand is not None:
            self._alarm.set(now + self._content)
        else:
            self.idle_since = now
            self._alarm.set(now + self._idle)

    def _time_is_up(self) -> None:
        if self._quitting:
            self._transport.abort()
        elif self.dialogue.is_idle and self.dialogue.awaits is None:
            self._pool.retire(self)
        else:
            self.dialogue.lost(self._loop.time(), cut=False)
            self._transport.abort()
            self._tell()

    def _close(self) -> None:
        self._transport.close()
        self._alarm.set(self._loop.time() + _FAREWELL)


def _is_large(piece: Piece) -> bool:
    return piece.content is not None and len(piece.content.errand.data) > _SMALL
