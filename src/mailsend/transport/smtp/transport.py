"""Mail by SMTP: verified TLS, warm connections, an answer for each recipient."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.verdict import Reason, conclude
from mailsend.errors import InvalidSettings
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt
from mailsend.model.server import Server, ServerKind
from mailsend.transport.base import NO_OPTIONS, SubmitOptions, attempt_from, wire_data
from mailsend.transport.clock import utc_now
from mailsend.transport.smtp.errand import Errand
from mailsend.transport.smtp.memory import PolicyMemory
from mailsend.transport.unfinished import watch

if TYPE_CHECKING:  # these load ssl and aiosmtplib, which nobody needs before the first mail
    from datetime import datetime

    from mailsend.model.reply import Reply
    from mailsend.transport.log_ins import SharedLogIns
    from mailsend.transport.smtp.connect import Resolve
    from mailsend.transport.smtp.news import Late
    from mailsend.transport.smtp.pool import Pool

__all__ = ["SmtpTransport"]

_log = logging.getLogger("mailsend.transport")

_WHEN_THE_LOOP_ENDS: Final = 1.0  # seconds that final dots are waited for where nobody closed us
_left_alone: Final[list[Any]] = []  # of a process that we were forked from: closing would reach into it


class SmtpTransport:
    """Carries mails to one server (RFC 5321, 6409) over connections that stay open between mails.

    ``resolve`` looks a name up. ``on_late`` is called where nobody waits any longer for the answer to
    a final dot, with the envelope of those whom it concerns and the reply; ``None`` in place of the
    reply: there was none. ``log_ins`` are what other processes know of log-ins. Raises InvalidSettings for a server that is not reached by SMTP.
    """

    def __init__(
        self,
        server: Server,
        *,
        resolve: Resolve | None = None,
        on_late: Callable[[Envelope, Reply | None], None] | None = None,
        log_ins: SharedLogIns | None = None,
    ) -> None:
        if server.kind is not ServerKind.SMTP:
            raise InvalidSettings(
                "server",
                f"{server.kind}: is not reached by SMTP",
                advice="open_transport(server) gives the transport for each kind of server.",
            )
        self.server = server
        self._name = server.name
        self._resolve = resolve
        self._on_late = on_late
        self._log_ins = log_ins
        self._memory = PolicyMemory()
        self._pool: Pool | None = None
        self._farewell: AsyncGenerator[None] | None = None
        self._process = os.getpid()
        self._waiting: dict[Errand, asyncio.Future[None]] = {}

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Offer ``data`` to every recipient; whatever server and network do is told by the attempt.

        A last CRLF that is missing is added (RFC 5321, 4.1.1.4); nothing else is changed. Raises
        InvalidMessage for what is no mail: a CR or LF that stands alone, or no bytes at all. Where it
        is cancelled before the final dot the connection is thrown away; behind it the reply is still
        read, and told to ``on_late``.
        """
        data = wire_data(data)
        started = utc_now()
        pool = self._pool_here() or await self._new_here()
        errand = Errand(envelope, data, options, server=self._name, now=pool.loop.time())
        done = self._waiting[errand] = pool.loop.create_future()
        alarm = None
        if options.deadline is not None:
            alarm = pool.loop.call_later(options.deadline, self._expire, pool, errand)
        try:
            pool.put(errand)
            await done
        except asyncio.CancelledError:
            pool.abandon(errand, conclude(Reason.CLOSED))
            if options.abandoned is not None and errand.error is None:
                options.abandoned(self._attempt(errand, started))
            raise
        finally:
            self._waiting.pop(errand, None)
            if alarm is not None:
                alarm.cancel()
        if errand.error is not None:
            raise errand.error
        return self._attempt(errand, started)

    def _attempt(self, errand: Errand, started: datetime) -> Attempt:
        return attempt_from(
            errand.results_in_order(),
            server=self._name,
            queue_id=errand.queue_id,
            conversation=errand.conversation(),
            started=started,
            ended=utc_now(),
            retry_now=errand.retry_now,
            dot_out=errand.dot_out,
            source_ip=errand.source_ip,
        )

    async def aclose(self) -> None:
        """End what runs on this loop; calling it again does nothing, and a later mail connects anew.

        Mails whose content is being written, or whose final dot waits for its reply, are waited for,
        ``dot_timeout`` seconds at most; what has not come so far is cut and told as deferred.
        """
        pool, farewell = self._pool_here(), self._farewell
        if pool is None:
            return
        self._pool = self._farewell = None
        await pool.close(seconds=self.server.dot_timeout)
        if farewell is not None:
            await farewell.aclose()

    def _pool_here(self) -> Pool | None:
        """Give what belongs to the running loop, in this process."""
        pool = self._pool
        if pool is None or pool.loop is not asyncio.get_running_loop() or self._process != os.getpid():
            return None
        return pool

    async def _new_here(self) -> Pool:
        """Make everything anew, for the running loop."""
        if self._process != os.getpid():
            _left_alone.append((self._pool, self._farewell, self._waiting))
            self._waiting, self._process = {}, os.getpid()
        pool = self._pool = self._new_pool()
        watch(pool)
        self._farewell = _at_the_end_of_the_loop(pool)
        await anext(self._farewell)
        return pool

    def _new_pool(self) -> Pool:
        from mailsend.transport.smtp.linking import Linking
        from mailsend.transport.smtp.pool import Pool
        from mailsend.transport.smtp.wire import Wire

        linking = Linking(self.server, self._memory, self._resolve, self._log_ins)
        return Pool(
            self.server,
            new_wire=Wire,
            open_link=linking.open,
            tell=self._over,
            tell_late=self._answered_late,
        )

    def _over(self, errand: Errand) -> None:
        done = self._waiting.get(errand)
        if done is not None and not done.done():
            done.set_result(None)

    def _expire(self, pool: Pool, errand: Errand) -> None:
        """End the waiting for an errand whose deadline has passed."""
        pool.abandon(errand, conclude(Reason.DEADLINE))
        self._over(errand)

    def _answered_late(self, late: Late) -> None:
        """Pass on what was learnt though nobody waits for it any more (M20)."""
        errand, recipients, reply = late
        _log.info("%s answered late: %s", self.server.name, reply or "nothing")
        if self._on_late is not None:
            concerned = Envelope(reverse_path=errand.envelope.reverse_path, recipients=recipients)
            try:
                self._on_late(concerned, reply)
            except Exception:  # noqa: BLE001  nobody waits here who could be told
                _log.exception("on_late failed")


async def _at_the_end_of_the_loop(pool: Pool) -> AsyncGenerator[None]:
    """Close ``pool`` where the loop is ended and nobody closed it: loops close their generators last."""
    try:
        yield
    finally:
        await pool.close(seconds=_WHEN_THE_LOOP_ENDS)
