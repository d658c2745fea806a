"""What became of a mail that was sent before, as its sender is told it once more (M36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsend.errors import StoreError
from mailsend.model.address import Address, ByAddress
from mailsend.model.mail_state import MailState
from mailsend.model.reply import Reply
from mailsend.model.report import Fault, RecipientResult, Report

if TYPE_CHECKING:
    from mailsend.model.stored_mail import StoredRecipient
    from mailsend.store import Store

__all__ = ["report_of_stored"]

_WAITS = (MailState.QUEUED, MailState.SENDING, MailState.HELD)


def report_of_stored(store: Store, id: str) -> Report:
    """Give the report of a mail in the store; raises StoreError where it has been deleted meanwhile."""
    mail = store.mail(id)
    if mail is None:
        raise StoreError(f"the store no longer has the mail {id}", advice="Send it with another key.")
    return Report(
        id=mail.id,
        message_id=mail.message_id,
        recipients=ByAddress(
            {Address.parse(one.address): _result(one) for one in mail.recipients if one.field != "archive"}
        ),
        digest=mail.digest,
        queued=mail.state in _WAITS,
    )


def _result(one: StoredRecipient) -> RecipientResult:
    return RecipientResult(
        outcome=one.outcome,
        reply=None if one.code is None else Reply(one.code, one.reply, one.enhanced or None),
        server=one.server or None,
        envelope_address=Address.parse(one.envelope_address) if one.envelope_address else None,
        attempts=one.attempts,
        fault=Fault(one.fault) if one.fault else None,
        reason=one.reason,
        lasting=one.lasting,
    )
