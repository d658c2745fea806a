"""A marked mail sent through one server to the bounce mailbox, and looked at when it comes (M9)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailsend.bounces import Maildir
from mailsend.errors import InvalidSettings
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.gather import find_scope, gather
from mailsend.mailer.ids import new_id
from mailsend.mailer.looking import look_with
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.message import Message
from mailsend.model.rules import TestMode
from mailsend.model.server import Server, ServerState
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import prepare
from mailsend.transport.probe import Finding, Level, ProbeCode, ProbeStep, Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailsend.mailer.core import Core
    from mailsend.model.circumstances import Circumstances
    from mailsend.model.report import Report
    from mailsend.model.rules import Rules, Scope

__all__ = ["WAIT", "MarkedMail", "marked_mail", "send_round"]

WAIT = 120.0
"""Seconds that a marked mail may take to arrive."""

LOOK_EVERY = 0.5  # seconds between two looks into the mailbox

Found = tuple[tuple[Finding, ...], tuple[Proposal, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedMail:
    """The mail that goes the round, or why there is none; where it should arrive, and our keys' records."""

    mail: Submission | Refusal | None
    server: OfferedServer
    rules: Rules
    mailbox: Maildir
    records: Mapping[str, str]


def marked_mail(
    core: Core, rules: Rules, scope: Scope, server: Server, senders: tuple[str, ...]
) -> MarkedMail:
    """Prepare the mail as every mail of this customer is prepared, for this one server.

    ``mail`` is None in test mode, in which it would not go to the bounce mailbox. Raises
    InvalidSettings where no bounce mailbox is configured, or none can be read.
    """
    folder, address = scope.first("bounce_mailbox"), scope.first("bounce_address")
    if folder is None or address is None:
        raise InvalidSettings(
            "bounce_mailbox" if folder is None else "bounce_address",
            "the round trip needs it, and it is not set",
            advice='Set bounce_address = "…", and bounce_mailbox = "maildir:///path" to where its mail arrives.',
        )
    mailbox = Maildir(folder.folder)
    mailbox.names()  # raises where it cannot be read
    own = OfferedServer(server=server, owner=Owner.CUSTOMER, state=ServerState.RELEASED, senders=senders)
    if core.test_mode.status(scope).enabled:
        return MarkedMail(mail=None, server=own, rules=rules, mailbox=mailbox, records={})
    mark = new_id()
    message = Message(
        from_=next((one for one in senders if not one.startswith("@")), None),
        to=address,
        bounce_to=address,
        customer=None if scope.customer is None else scope.customer.name,
        subject=f"mailsend round trip {mark}",
        text=f"This mail was sent to see what its server makes of it. Nobody needs to answer.\n\n{mark}\n",
        auto_submitted=True,
    )
    # Any other mail to the bounce mailbox would be read as a bounce, and is refused (M16).
    opened = replace(
        scope,
        application=replace(scope.application, bounce_address=None, archive_bcc=None),
        customer=None
        if scope.customer is None
        else replace(scope.customer, bounce_address=None, archive_bcc=None),
    )
    circumstances = replace(
        gather(message, opened, rules, now=utc_now(), id=mark, test_mode=TestMode(), own=(own,)),
        servers=(own,),
    )
    mail = prepare(message, circumstances)
    records = {} if isinstance(mail, Refusal) else _records(mail, circumstances)
    return MarkedMail(mail=mail, server=own, rules=rules, mailbox=mailbox, records=records)


def _records(mail: Submission, circumstances: Circumstances) -> dict[str, str]:
    """Give the record that publishes each key that signed, as it has to stand in the DNS."""
    from mailsend.compose.sign import Signer
    from mailsend.doctor.dkim_record import public_record

    used = {(one.domain, one.selector) for one in mail.signatures.signatures}
    published = [
        public_record(one)
        for one in circumstances.signers
        if isinstance(one, Signer) and (one.domain, one.selector) in used
    ]
    return {one.fqdn.lower(): one.value for one in published}


async def send_round(core: Core, marked: MarkedMail, *, wait: float = WAIT) -> Found:
    """Send the marked mail, wait ``wait`` seconds at most until it arrives, and compare."""
    if marked.mail is None:
        return _one(ProbeCode.TEST_MODE), ()
    if isinstance(marked.mail, Refusal):
        return _one(ProbeCode.NOT_SENT, why=marked.mail.explain()), ()
    seen = set(await asyncio.to_thread(marked.mailbox.names))
    customer, unit = marked.mail.message.customer, marked.mail.message.business_unit
    scope = find_scope(customer, unit, marked.rules)
    look = look_with(marked.rules, scope, (marked.server,), core.test_mode)
    began = monotonic()
    report = await core.deliver(marked.mail, look, wait, again=False)
    if not report.accepted:
        return _one(ProbeCode.NOT_SENT, why=_why(report)), ()
    mark = marked.mail.id.encode("ascii")
    while (waited := monotonic() - began) < wait:
        came = await asyncio.to_thread(_arrived, marked.mailbox, mark, seen)
        if came is not None:
            return _compared(marked.mail, came, marked, round(monotonic() - began, 1))
        await asyncio.sleep(min(LOOK_EVERY, max(0.0, wait - waited)))
    queue = next((one.queue_id for one in report.attempts if one.queue_id), None) or "–"
    return _one(ProbeCode.NOT_ARRIVED, queue=queue, seconds=int(wait)), ()


def _arrived(mailbox: Maildir, mark: bytes, seen: set[str]) -> bytes | None:
    for one in mailbox.mails(without=seen):
        if mark in one.data:
            return one.data
        seen.add(one.name)
    return None


def _compared(mail: Submission, came: bytes, marked: MarkedMail, seconds: float) -> Found:
    from mailsend.transport.probe.arrived import compare

    found, proposals = compare(mail, came, server=marked.server.server, records=marked.records)
    arrived = Finding(
        step=ProbeStep.ROUND_TRIP, level=Level.OK, code=ProbeCode.ARRIVED, facts={"seconds": seconds}
    )
    return (arrived, *found), proposals


def _why(report: Report) -> str:
    told = [str(one.reply) if one.reply is not None else one.advice for one in report.recipients.values()]
    return told[0] if told else str(report.error or "")


def _one(code: ProbeCode, **facts: object) -> tuple[Finding, ...]:
    return (Finding(step=ProbeStep.ROUND_TRIP, level=Level.FAILED, code=code, facts=facts),)
