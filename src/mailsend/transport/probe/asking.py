"""Asking a server, step by step, as far as it lets us (S1, M12)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.verdict import Reason, Step, Verdict, conclude, judge
from mailsend.model.reply import Reply, Severity
from mailsend.model.report import Outcome
from mailsend.model.server import Server, TlsMode
from mailsend.transport.clock import utc_now
from mailsend.transport.probe.certificate import certificate_facts, chain_of
from mailsend.transport.probe.finding import Finding, Level, ProbeCode, ProbeStep
from mailsend.transport.probe.proposals import size_limit
from mailsend.transport.probe.seen import SeenWire, look_at_certificate, step_of
from mailsend.transport.smtp.connect import Offer, connect
from mailsend.transport.smtp.login import log_in
from mailsend.transport.smtp.memory import gate_for
from mailsend.transport.smtp.step_limits import seconds_for, seconds_for_quit
from mailsend.transport.smtp.stop import Stopped, stopped_by
from mailsend.transport.smtp.trial import Trial
from mailsend.transport.smtp.wire import Silent

if TYPE_CHECKING:
    from mailsend.model.address import Address
    from mailsend.transport.log_ins import SharedLogIns
    from mailsend.transport.smtp.connect import Resolve, SocketAddress
    from mailsend.transport.smtp.memory import LoginGate

__all__ = ["Asking", "without_account"]

_SOON: Final = 14  # days before its end at which a certificate is worth a warning
_LOOK_AGAIN: Final = 0.05  # seconds
_LOGIN_REFUSED: Final = 535
_MOST_SHOWN: Final = 500  # characters of what a server says


class Asking:
    """One server being asked: ``findings`` grow with each step, ``offer`` is what EHLO told."""

    def __init__(
        self, server: Server, *, resolve: Resolve, ends: float, log_ins: SharedLogIns | None = None
    ) -> None:
        self.server = server
        self._log_ins = log_ins
        self.wire = SeenWire(ends=ends)
        self.findings: list[Finding] = []
        self.offer: Offer | None = None
        self._resolve = resolve
        self._ends = ends
        self._addresses: Sequence[SocketAddress] = ()

    async def open(self) -> bool:
        """Look the name up, connect, agree on TLS, read what is offered; say whether all went well."""
        server = without_account(self.server)
        try:
            self.offer = await connect(server, self.wire, resolve=self._noted)
        except Stopped as stopped:
            step = step_of(stopped.verdict.reason, self.wire)
            self._reached(step)
            await self._fail(step, stopped.verdict, stopped.reply)
            return False
        self._reached(ProbeStep.AUTH)
        return True

    async def log_in(self) -> bool:
        """Try the account once, where there is one and no pause is due (M12)."""
        assert self.offer is not None  # asked after open alone
        offered = self.offer.extensions.get("AUTH")
        methods = (offered or "").split()
        facts: dict[str, Any] = {"offered": ", ".join(methods) or "–", "methods": methods}
        if self.server.credentials is None:
            self._add(ProbeStep.AUTH, Level.OK, ProbeCode.NO_LOG_IN, **facts)
            return True
        self.wire.at = ProbeStep.AUTH
        try:
            await self._try_account(offered)
        except Stopped as stopped:
            await self._fail(ProbeStep.AUTH, stopped.verdict, stopped.reply, **facts)
            return False
        self._add(ProbeStep.AUTH, Level.OK, ProbeCode.LOGGED_IN, **facts)
        return True

    async def offer_sender(self, sender: Address | None) -> bool:
        """Ask whether the server takes mail from ``sender``, and take it back."""
        if sender is None:
            self._add(ProbeStep.MAIL, Level.WARNING, ProbeCode.NO_SENDER)
            return True
        facts = {"sender": str(sender)}
        verdict, reply = await self._ask(Step.MAIL, f"MAIL FROM:<{sender}>")
        if verdict.outcome is not Outcome.ACCEPTED:
            await self._fail(ProbeStep.MAIL, verdict, reply, **facts)
            return False
        self._add(ProbeStep.MAIL, Level.OK, ProbeCode.SENDER_ACCEPTED, **facts)
        await self._ask(Step.MAIL, "RSET")
        return True

    async def offer_recipient(self, sender: Address | None, recipient: Address) -> Finding:
        """Ask for one foreign recipient without a log-in, and take it back (M12); never DATA."""
        facts: dict[str, Any] = {"recipient": str(recipient)}
        verdict, reply = await self._ask(Step.MAIL, f"MAIL FROM:<{sender or ''}>")
        if verdict.outcome is Outcome.ACCEPTED:
            verdict, reply = await self._ask(Step.RCPT, f"RCPT TO:<{recipient}>")
        if reply is not None:
            facts["reply"] = _shown(reply)
        if reply is None:
            code = ProbeCode.RELAY_UNTRIED
        elif verdict.outcome is Outcome.ACCEPTED:
            code = ProbeCode.RELAY_ACCEPTED
        else:
            permanent = reply.severity is Severity.PERMANENT
            code = ProbeCode.RELAY_REFUSED if permanent else ProbeCode.RELAY_PUT_OFF
        if reply is not None:
            await self._ask(Step.MAIL, "RSET")
        level = Level.OK if code is ProbeCode.RELAY_REFUSED else Level.WARNING
        return Finding(step=ProbeStep.RELAY, level=level, code=code, facts=facts)

    async def close(self) -> None:
        """Say goodbye where the server still listens; never longer than the probe may last."""
        await self.wire.close(seconds=self.wire.limit(seconds_for_quit(self.server)))

    async def _noted(self, host: str, port: int) -> Sequence[SocketAddress]:
        self._addresses = await self._resolve(host, port)
        self.wire.at = ProbeStep.CONNECT
        return self._addresses

    async def _try_account(self, offered: str | None) -> None:
        """Log in when it is our turn, once, and not while a pause lasts (M12); raises Stopped."""
        gate = gate_for(self.server.fingerprint)
        await self._turn(gate)
        trial = Trial(self.server, gate, self._log_ins, by_person=True)
        try:
            await trial.begin(over=lambda: not self.wire.limit(_LOOK_AGAIN))
            await self._once(trial, offered)
        finally:
            trial.end()
            gate.leave_turn()

    async def _once(self, trial: Trial, offered: str | None) -> None:
        try:
            await log_in(self.server, self.wire, methods=offered)
        except Stopped as stopped:
            if stopped.reply is not None and stopped.reply.code == _LOGIN_REFUSED:
                await trial.was_refused()
            raise
        await trial.passed()

    async def _turn(self, gate: LoginGate) -> None:
        """Wait for the one turn to log in to this account; raises Stopped where time is up."""
        while not gate.take_turn():
            if not self.wire.limit(_LOOK_AGAIN):
                raise Stopped(conclude(Reason.DEADLINE))
            await asyncio.sleep(_LOOK_AGAIN)

    async def _ask(self, step: Step, line: str) -> tuple[Verdict, Reply | None]:
        try:
            reply = await self.wire.command(line, seconds_for(step, self.server))
        except Silent as silence:
            return stopped_by(silence, step).verdict, None
        logged_in = self.server.credentials is not None
        return judge(step, reply, logged_in=logged_in, host=self.server.host), reply

    def _reached(self, step: ProbeStep) -> None:
        """Write down what went well before ``step``."""
        steps = list(ProbeStep)
        server, wire = self.server, self.wire
        if steps.index(step) > steps.index(ProbeStep.RESOLVE):
            shown = list(dict.fromkeys(str(where[0]) for _, where in self._addresses))
            self._add(ProbeStep.RESOLVE, Level.OK, ProbeCode.RESOLVED, host=server.host, addresses=shown)
        if wire.said and step is not ProbeStep.CONNECT:
            facts = {"address": wire.peer(), "port": server.port, "greeting": wire.said[:_MOST_SHOWN]}
            self._add(ProbeStep.CONNECT, Level.OK, ProbeCode.CONNECTED, **facts)
        if self.offer is not None:
            self._tell_tls()
            self._tell_extensions(self.offer)

    def _tell_tls(self) -> None:
        tls, server = self.wire.tls(), self.server
        if tls is None:
            local = server.is_loopback
            code = ProbeCode.TLS_LOOPBACK if local else ProbeCode.TLS_MISSING
            self._add(ProbeStep.TLS, Level.OK if local else Level.WARNING, code)
            return
        cipher = tls.cipher()
        facts: dict[str, Any] = {"version": tls.version() or "?", "cipher": cipher[0] if cipher else "?"}
        read = certificate_facts(chain_of(tls))
        name = server.tls_name or server.host
        if read is not None:
            facts |= {"name": name, "subject": read.subjects[0], **read.as_dict(name, utc_now())}
        if server.tls is TlsMode.DANGEROUS_OPPORTUNISTIC and server.credentials is None:
            self._add(ProbeStep.TLS, Level.WARNING, ProbeCode.TLS_NOT_VERIFIED, **facts)
        elif facts.get("days", _SOON) < _SOON:
            self._add(ProbeStep.TLS, Level.WARNING, ProbeCode.CERTIFICATE_ENDS_SOON, **facts)
        else:
            self._add(ProbeStep.TLS, Level.OK, ProbeCode.TLS_VERIFIED, **facts)

    def _tell_extensions(self, offer: Offer) -> None:
        names = [f"{name} {said}".rstrip() for name, said in offer.extensions.items()]
        facts = {"extensions": names, "max_size": size_limit(offer.extensions)}
        self._add(ProbeStep.EHLO, Level.OK, ProbeCode.EXTENSIONS, **facts)

    async def _fail(self, step: ProbeStep, verdict: Verdict, reply: Reply | None, **facts: Any) -> None:
        server = self.server
        facts |= {"host": server.host, "port": server.port, "certificate": "", "lasting": verdict.lasting}
        if reply is not None:
            facts |= {"reply": _shown(reply), "reply_code": reply.code}
        if step is ProbeStep.TLS:
            facts |= await self._look()
        self.findings.append(
            Finding(step=step, level=Level.FAILED, code=verdict.reason, facts=facts, advice=verdict.advice)
        )

    async def _look(self) -> dict[str, Any]:
        """Give what the certificate says that was not trusted."""
        if not self._addresses:
            return {}
        name = self.server.tls_name or self.server.host
        read = await look_at_certificate(self.server, self._addresses[0], ends=self._ends)
        if read is None:
            return {}
        facts = read.as_dict(name, utc_now())
        told = f"{read.subjects[0]}, {', '.join(read.names) or '-'}, {read.ends:%Y-%m-%d}, pin {read.pin}"
        return {"certificate": f" ({told})", **facts}

    def _add(self, step: ProbeStep, level: Level, code: ProbeCode, **facts: Any) -> None:
        self.findings.append(Finding(step=step, level=level, code=code, facts=facts))


def without_account(server: Server) -> Server:
    """Give the server as it is reached before the log-in, no less secured than with one."""
    if server.credentials is None:
        return server
    # Opportunistic TLS is verified where there is an account, which this copy has no more.
    weak = server.tls is TlsMode.DANGEROUS_OPPORTUNISTIC
    return replace(
        server, credentials=None, auth=None, mail_from="", tls=TlsMode.STARTTLS if weak else server.tls
    )


def _shown(reply: Reply) -> str:
    return " ".join(str(reply).split())[:_MOST_SHOWN]
