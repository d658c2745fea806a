"""MAIL, RCPT, DATA: one mail over one connection, each recipient with an answer of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from mailsend.decide.verdict import Reason, Step, Verdict, conclude, judge
from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.reply import Reply, Severity
from mailsend.model.report import Outcome, RecipientResult
from mailsend.model.server import Server, TlsMode
from mailsend.transport.base import SubmitOptions, result_of
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.memory import PolicyMemory
from mailsend.transport.smtp.parameters import eight_bits, mail_parameters, rcpt_parameters
from mailsend.transport.smtp.queue_id import queue_id_in
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.stop import Stopped, stopped_by
from mailsend.transport.smtp.wire import Silent, Wire
from mailsend.transport.unfinished import keep

__all__ = ["Session", "Unread"]

_CLOSING: Final = 421
_DIGITS_OF_A_SIZE: Final = 20  # RFC 1870, section 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A final dot without its reply: who reads it, whom it concerns, until when (on the loop's clock)."""

    reading: asyncio.Task[Reply]
    recipients: tuple[Address, ...]
    ends: float


class Session:
    """One mail on an open connection. ``results`` grows; who is missing in it is not settled.

    ``unread`` is set from the final dot to its reply. ``closing`` asks it to end before its next
    command, ``cuttable`` says that it may be ended from outside, ``in_content`` that it should not.
    """

    def __init__(self, server: Server, wire: Wire, memory: PolicyMemory, options: SubmitOptions) -> None:
        self._server = server
        self._wire = wire
        self._offer = Offer(extensions={}, encrypted=False)
        self._memory = memory
        self._options = options
        self.results: dict[Address, RecipientResult] = {}
        self.retry_now = False
        self.queue_id: str | None = None
        self.unread: Unread | None = None
        self.closing = False
        self.cuttable = False
        self.in_content = False

    async def send(self, offer: Offer, envelope: Envelope, data: bytes) -> None:
        """Offer ``data`` to every recipient, in as many transactions as it takes; raises Stopped."""
        self._offer = offer
        self._refuse_beforehand(envelope, data)
        waiting = [one for one in dict.fromkeys(envelope.recipients) if one not in self.results]
        while waiting:
            taken, waiting = await self._open_transaction(envelope, data, waiting)
            if taken:
                await self._content(data, taken)
            else:
                await self._command("RSET", Step.MAIL)

    def settle(self, addresses: Iterable[Address], verdict: Verdict, reply: Reply | None) -> None:
        """Write down what ``addresses`` were told."""
        for one in addresses:
            self.retry_now = self.retry_now or verdict.retry_now
            self.results[one] = result_of(verdict, reply, server=self._server.name, address=one)

    def _refuse_beforehand(self, envelope: Envelope, data: bytes) -> None:
        """Settle what can be known without asking: size, TLS all the way, letters beyond ASCII."""
        extensions = self._offer.extensions
        verified = self._offer.encrypted and self._server.tls in (TlsMode.STARTTLS, TlsMode.IMPLICIT)
        if self._options.require_tls and not (verified and "REQUIRETLS" in extensions):
            raise Stopped(conclude(Reason.REQUIRE_TLS_NOT_OFFERED))
        size = extensions.get("SIZE", "")
        if _is_size(size) and 0 < int(size) < len(data):
            raise Stopped(conclude(Reason.TOO_BIG, Reply(552, f"the server takes {size} octets", "5.3.4")))
        if "SMTPUTF8" in extensions:
            return
        refused = conclude(Reason.SMTPUTF8_NOT_OFFERED)
        sender = envelope.reverse_path
        in_header, in_body = eight_bits(data)
        if (
            in_header
            or (in_body and "8BITMIME" not in extensions)
            or (isinstance(sender, Address) and sender.needs_smtputf8)
        ):
            raise Stopped(refused)
        self.settle((one for one in envelope.recipients if one.needs_smtputf8), refused, None)

    async def _open_transaction(
        self, envelope: Envelope, data: bytes, waiting: list[Address]
    ) -> tuple[list[Address], list[Address]]:
        """MAIL and RCPT; give who was taken and who is left for a next transaction."""
        reply = await self._command(
            f"MAIL FROM:<{envelope.reverse_path}>"
            + mail_parameters(self._offer, envelope, data, self._options),
            Step.MAIL,
        )
        verdict = self._judge(Step.MAIL, reply)
        if verdict.outcome is not Outcome.ACCEPTED:
            raise Stopped(verdict, reply)
        room = self._server.max_recipients or len(waiting)
        taken: list[Address] = []
        for place, one in enumerate(waiting[:room]):
            reply = await self._command(
                f"RCPT TO:<{one}>{rcpt_parameters(self._offer, envelope, one)}", Step.RCPT
            )
            repeated = self._memory.repeats(reply, one.domain)
            self._memory.learn(reply, one.domain)
            verdict = self._judge(Step.RCPT, reply, accepted_before=bool(taken), repeated=repeated)
            if verdict.outcome is Outcome.ACCEPTED:
                taken.append(one)
            elif verdict.too_many:
                return taken, waiting[place:]
            else:
                self.settle((one,), verdict, reply)
                if repeated:
                    self._blame_server_for(reply)
        return taken, waiting[room:]

    def _blame_server_for(self, reply: Reply) -> None:
        """Judge anew those who were told the same before it proved to be the server's word for all."""
        for who, one in list(self.results.items()):
            same = one.reply is not None and one.reply.enhanced == reply.enhanced
            if same and one.reason == Reason.RECIPIENT_POLICY:
                self.settle((who,), self._judge(Step.RCPT, one.reply, repeated=True), one.reply)

    async def _content(self, data: bytes, taken: list[Address]) -> None:
        reply = await self._command("DATA", Step.DATA)
        verdict = self._judge(Step.DATA, reply, accepted_before=True)
        if verdict.outcome is not Outcome.ACCEPTED:
            self.settle(taken, verdict, reply)
            await self._command("RSET", Step.MAIL)
            return
        self._end_if_closing()
        self.in_content = True
        try:
            await self._write(data, taken)
        finally:
            self.in_content = False

    async def _write(self, data: bytes, taken: list[Address]) -> None:
        try:
            reading = await self._wire.write_content(data, seconds_for(Step.CONTENT, self._server))
        except Silent as silence:
            self._end_by(silence, Step.CONTENT)
        if reading.done():
            self._early(reading)
        await self._final_dot(reading, taken)

    def _early(self, reading: asyncio.Task[Reply]) -> NoReturn:
        """The server spoke before the final dot: what follows on this connection is not to be trusted."""
        self._wire.abort()
        try:
            reply = reading.result()
        except Silent as silence:
            self._end_by(silence, Step.CONTENT)
        refusing = reply.code // 100 in (4, 5)
        raise Stopped(self._judge(Step.DOT if refusing else Step.CONTENT, reply), reply)

    async def _final_dot(self, reading: asyncio.Task[Reply], taken: list[Address]) -> None:
        limit = seconds_for(Step.DOT, self._server)
        ends = asyncio.get_running_loop().time() + limit
        self.unread = Unread(reading=reading, recipients=tuple(taken), ends=ends)
        keep(reading)
        try:
            reply = await self._wire.final_reply(reading, self._wire.limit(limit))
        except Silent:
            reply = None
        verdict = self._judge(Step.DOT, reply)
        self.settle(taken, verdict, reply)
        if reply is None:
            self._unanswered(reading)
        self.unread = None
        if verdict.outcome is Outcome.ACCEPTED:
            self.queue_id = self.queue_id or queue_id_in(reply)

    def _unanswered(self, reading: asyncio.Task[Reply]) -> NoReturn:
        """Leave the reply to be read on where only our deadline passed; else give the connection up."""
        if not reading.done() and self._wire.silent("").deadline:
            raise Stopped(conclude(Reason.DEADLINE))
        self.unread = None
        reading.cancel()
        self._wire.abort()
        raise Stopped(judge(Step.CONTENT, None))

    def _end_if_closing(self) -> None:
        """End where we were asked to: half said, so that the connection is of no further use."""
        if self.closing:
            self._wire.abort()
            raise Stopped(conclude(Reason.CLOSED))

    def _end_by(self, silence: Silent, step: Step) -> NoReturn:
        self._end_if_closing()  # then the silence is our own doing
        raise stopped_by(silence, step) from None

    async def _command(self, line: str, step: Step) -> Reply:
        """Send one command; a server that closes the service ends everything (421, RFC 5321, 3.8)."""
        self._end_if_closing()
        try:
            reply = await self._wire.command(line, seconds_for(step, self._server))
        except Silent as silence:
            self._end_by(silence, step)
        if reply.code == _CLOSING or reply.severity is Severity.SENSELESS:
            raise Stopped(self._judge(step, reply), reply)
        return reply

    def _judge(
        self, step: Step, reply: Reply | None, *, accepted_before: bool = False, repeated: bool = False
    ) -> Verdict:
        return judge(
            step,
            reply,
            accepted_before=accepted_before,
            logged_in=self._offer.logged_in,
            repeated=repeated,
            host=self._server.host,
        )


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_OF_A_SIZE
