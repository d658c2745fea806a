"""The probe of one server: every step from its name to a sender that it takes (S1, Q6, M12)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mailsend.model.server import Server, ServerKind
from mailsend.transport.clock import utc_now
from mailsend.transport.probe.finding import Finding, Level, ProbeCode, ProbeStep
from mailsend.transport.probe.report import ProbeReport, Proposal

if TYPE_CHECKING:
    from mailsend.model.address import Address
    from mailsend.model.report import Exchange
    from mailsend.transport.log_ins import SharedLogIns
    from mailsend.transport.smtp.connect import Resolve

__all__ = ["DEADLINE", "probe"]

DEADLINE: Final = 60.0
"""Seconds that a probe lasts at most."""


async def probe(
    server: Server,
    *,
    mail_from: Address | None,
    relay_to: Address | None = None,
    deadline: float = DEADLINE,
    resolve: Resolve | None = None,
    log_ins: SharedLogIns | None = None,
) -> ProbeReport:
    """Look a server up, connect, agree on TLS, log in once, offer a sender; send no mail.

    ``mail_from`` is a sender of the customer; ``relay_to`` a foreign address that one RCPT asks for,
    last, without a log-in, and never DATA. ``deadline`` is in seconds. What a server does is told by
    the report and never raised. A pause after a refused log-in (M12) is kept, and told; ``log_ins`` are
    what other processes know of them.
    """
    started = utc_now()
    if server.kind is not ServerKind.SMTP:
        nothing = Finding(
            step=ProbeStep.CONNECT,
            level=Level.WARNING,
            code=ProbeCode.NO_NETWORK,
            facts={"kind": str(server.kind)},
        )
        return ProbeReport(server=server.name, findings=(nothing,), started=started, ended=utc_now())
    from mailsend.transport.probe.asking import Asking
    from mailsend.transport.probe.proposals import preset_name, proposals_for
    from mailsend.transport.smtp.connect import look_up

    ends = asyncio.get_running_loop().time() + deadline
    asking = Asking(server, resolve=resolve or look_up, ends=ends, log_ins=log_ins)
    try:
        went_well = await asking.open() and await asking.log_in() and await asking.offer_sender(mail_from)
        await asking.close()
    finally:
        asking.wire.abort()
    conversation = list(asking.wire.conversation)
    if went_well and relay_to is not None:
        found, said = await _ask_to_relay(server, mail_from, relay_to, resolve=resolve or look_up, ends=ends)
        asking.findings.append(found)
        conversation += said
    proposals: tuple[Proposal, ...] = ()
    if asking.offer is not None:
        proposals = proposals_for(server, asking.offer.extensions)
    return ProbeReport(
        server=server.name,
        findings=tuple(asking.findings),
        proposals=proposals,
        preset=preset_name(server.host, asking.wire.said),
        conversation=tuple(conversation),
        started=started,
        ended=utc_now(),
    )


async def _ask_to_relay(
    server: Server, mail_from: Address | None, relay_to: Address, *, resolve: Resolve, ends: float
) -> tuple[Finding, list[Exchange]]:
    """Ask as a stranger would: on a connection of its own, without the account."""
    from mailsend.transport.probe.asking import Asking, without_account

    asking = Asking(without_account(server), resolve=resolve, ends=ends)
    try:
        if await asking.open():
            found = await asking.offer_recipient(mail_from, relay_to)
            await asking.close()
        else:
            found = Finding(
                step=ProbeStep.RELAY,
                level=Level.WARNING,
                code=ProbeCode.RELAY_UNTRIED,
                facts={"recipient": str(relay_to)},
            )
    finally:
        asking.wire.abort()
    return found, asking.wire.conversation
