"""A customer's server that refused three log-ins, each after its pause, is locked in the store (M12)."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailsend.errors import MailsendError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.server_states import ServerStates
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.consignment import Deliverable
from mailsend.model.report import Fault, Report
from mailsend.model.server import Server, ServerState
from mailsend.transport.clock import steady_seconds
from mailsend.transport.smtp.memory import gate_for

if TYPE_CHECKING:
    from mailsend.store import ServerBook

__all__ = ["lock_where_refused"]

_log = logging.getLogger("mailsend")

_BY = "mailsend"
_WHY = "three log-ins were refused, the last ones 5 and 30 minutes apart"


async def lock_where_refused(submission: Deliverable, report: Report, states: ServerStates) -> None:
    """Lock the servers of the mail's customer that no log-in is tried on any more.

    So that no other process, and nobody after a restart, tries either. What fails is logged: the mail
    has its answer already.
    """
    customer = submission.message.customer
    if customer is None or not states.has_book or not _speaks_of_accounts(report):
        return
    refused = [
        one
        for one in submission.routes.offered
        if one.owner is Owner.CUSTOMER and gate_for(one.server.fingerprint).locked
    ]
    if refused:
        try:
            await asyncio.to_thread(_lock, states.book(), customer, refused)
        except MailsendError:  # the store's, and that there is no key to keep its state by
            _log.exception("a server with refused log-ins could not be locked")
        states.forget(customer)


def _speaks_of_accounts(report: Report) -> bool:
    return any(one.fault is Fault.ACCOUNT for one in report.attempts)


def _lock(book: ServerBook, customer: str, refused: list[OfferedServer]) -> None:
    from mailsend.decide.server_state import ServerAct

    for offered in refused:
        server = offered.server
        if book.state_of(customer, server) is ServerState.LOCKED:
            continue
        prints = {one.server.fingerprint: one for one in book.of(customer) if one.server is not None}
        record = prints.get(server.fingerprint) or book.keep_rules_server(
            customer, server, senders=offered.senders, by=_BY, now=utc_now()
        )
        if record.state is ServerState.RELEASED and record.steps[-1].at > _closed_at(server):
            gate_for(server.fingerprint).reopen()  # in another process: here nobody knew
            continue
        book.step(customer, record.name, ServerAct.LOCK, server=server, by=_BY, now=utc_now(), note=_WHY)


def _closed_at(server: Server) -> datetime:
    """Give when the last log-in was refused."""
    return utc_now() - timedelta(seconds=steady_seconds() - gate_for(server.fingerprint).closed_at)
