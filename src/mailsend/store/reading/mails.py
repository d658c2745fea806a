"""A mail's rows as a value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from mailsend.model.mail_state import MailState
from mailsend.model.report import Exchange, Outcome
from mailsend.model.stored_mail import StoredAttempt, StoredEvent, StoredMail, StoredRecipient
from mailsend.store.mails.written import storable
from mailsend.store.schema.mails import attempt, event, message, recipient
from mailsend.store.statement import Statement
from mailsend.store.times import time_of, time_or_none

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["LISTED", "mail_with", "mails_with", "read_mail"]

# Decisions are long, and lists need none.
LISTED: Final = tuple(one for one in message.columns if one.name != "decisions")

_MAIL: Final = Statement(select(message).where(message.c.id == bindparam("mail")))
_RECIPIENTS: Final = Statement(
    select(recipient).where(recipient.c.message == bindparam("mail")).order_by(recipient.c.position)
)
_ATTEMPTS: Final = Statement(
    select(attempt).where(attempt.c.message == bindparam("mail")).order_by(attempt.c.id)
)
_EVENTS: Final = Statement(select(event).where(event.c.message == bindparam("mail")).order_by(event.c.id))


def read_mail(transaction: Transaction, id: str) -> StoredMail | None:
    """Give a mail with its recipients, attempts and events; None where the store has none with this id."""
    rows = transaction.run(_MAIL, mail=storable(id))
    if not rows:
        return None
    return replace(
        mail_with(rows[0]),
        decisions=tuple(json.loads(rows[0].decisions)),
        recipients=tuple(_recipient(one) for one in transaction.run(_RECIPIENTS, mail=id)),
        attempts=tuple(_attempt(one) for one in transaction.run(_ATTEMPTS, mail=id)),
        events=tuple(_event(one) for one in transaction.run(_EVENTS, mail=id)),
    )


def mails_with(
    transaction: Transaction, rows: Iterable[Any], *, attempts: bool = False
) -> tuple[StoredMail, ...]:
    """Give mails of rows with the columns ``LISTED``, each with its recipients, and its ``attempts`` if asked."""
    return tuple(
        replace(
            mail_with(one),
            recipients=tuple(_recipient(who) for who in transaction.run(_RECIPIENTS, mail=one.id)),
            attempts=tuple(_attempt(tried) for tried in transaction.run(_ATTEMPTS, mail=one.id))
            if attempts
            else (),
        )
        for one in rows
    )


def mail_with(row: Any) -> StoredMail:
    """Give a mail of a row with the columns ``LISTED``."""
    return StoredMail(
        id=row.id,
        customer=row.customer or None,
        business_unit=row.business_unit or None,
        state=MailState(row.state),
        frozen=bool(row.frozen),
        reason=row.reason,
        why=row.why,
        how=row.how,
        kind=row.kind,
        in_test_mode=bool(row.in_test_mode),
        due_at=time_or_none(row.due_at),
        priority=row.priority,
        send_at=time_or_none(row.send_at),
        expires_at=time_or_none(row.expires_at),
        gives_up_at=time_or_none(row.gives_up_at),
        attempts_made=row.attempts,
        queued_at=time_of(row.queued_at),
        prepared_at=time_of(row.prepared_at),
        tried_at=time_or_none(row.tried_at),
        done_at=time_or_none(row.done_at),
        message_id=row.message_id,
        subject=row.subject,
        requested=row.requested,
        sender=row.sender,
        sender_mailbox=row.sender_mailbox,
        reply_to=row.reply_to,
        reverse_path=row.reverse_path,
        template=row.template,
        actor=row.actor,
        locale=row.locale,
        tags=tuple(json.loads(row.tags)),
        metadata=json.loads(row.metadata),
        size=row.size,
        sensitive=bool(row.sensitive),
        essential=bool(row.essential),
        require_tls=bool(row.require_tls),
        digest=row.digest,
        first_digest=row.first_digest,
        rules_version=row.rules_version,
        routes=tuple((owner, name) for owner, name, *_ in json.loads(row.routes)),
        server=row.server,
        queue_id=row.queue_id,
        idempotency_key=row.idempotency_key or None,
        linked_to=row.linked_to or None,
    )


def _recipient(row: Any) -> StoredRecipient:
    return StoredRecipient(
        address=row.address,
        name=row.name,
        field=row.field,
        envelope_address=row.envelope_address,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        fault=row.fault,
        lasting=bool(row.lasting),
        attempts=row.attempts,
        due_at=time_or_none(row.due_at),
        code=row.code,
        enhanced=row.enhanced,
        reply=row.reply,
        server=row.server,
        queue_id=row.queue_id,
    )


def _attempt(row: Any) -> StoredAttempt:
    return StoredAttempt(
        started=time_of(row.started_at),
        ended=time_of(row.ended_at),
        server=row.server,
        outcome=Outcome(row.outcome),
        fault=row.fault,
        reason=row.reason,
        code=row.code,
        enhanced=row.enhanced,
        reply=row.reply,
        queue_id=row.queue_id,
        source_ip=row.source_ip,
        worker=row.worker,
        recipients={one[0]: (one[1], one[2]) for one in json.loads(row.recipients)},
        conversation=tuple(
            Exchange(at=at, who=who, line=line) for at, who, line in json.loads(row.conversation)
        ),
    )


def _event(row: Any) -> StoredEvent:
    return StoredEvent(
        at=time_of(row.at), by=row.by, act=row.act, reason=row.reason, facts=json.loads(row.facts or "{}")
    )
