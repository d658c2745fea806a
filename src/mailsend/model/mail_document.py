"""A stored mail as JSON takes it: what exports, case files and programs read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mailsend.model.stored_mail import StoredAttempt, StoredEvent, StoredMail, StoredRecipient

__all__ = ["listed_document", "mail_document"]


def mail_document(mail: StoredMail) -> dict[str, Any]:
    """Give all that is known of a mail but its content; the subject of a sensitive one is None (M37).

    Times are ISO 8601 in UTC, sizes bytes; what there is nothing to say of is None.
    """
    return {
        "id": mail.id,
        "message_id": mail.message_id,
        "queue_id": mail.queue_id or None,
        "state": str(mail.state),
        "frozen": mail.frozen,
        "reason": mail.reason or None,
        "why": mail.why or None,
        "how": mail.how,
        "kind": mail.kind,
        "in_test_mode": mail.in_test_mode,
        "customer": mail.customer,
        "business_unit": mail.business_unit,
        "requested": mail.requested or None,
        "sender": mail.sender,
        "from": mail.sender_mailbox,
        "reply_to": mail.reply_to or None,
        "reverse_path": mail.reverse_path,
        "subject": None if mail.sensitive else mail.subject,
        "template": mail.template or None,
        "actor": mail.actor or None,
        "locale": mail.locale or None,
        "tags": list(mail.tags),
        "metadata": dict(mail.metadata),
        "size": mail.size,
        "sensitive": mail.sensitive,
        "essential": mail.essential,
        "require_tls": mail.require_tls,
        "priority": mail.priority,
        "queued_at": _time(mail.queued_at),
        "prepared_at": _time(mail.prepared_at),
        "send_at": _time(mail.send_at),
        "due_at": _time(mail.due_at),
        "tried_at": _time(mail.tried_at),
        "done_at": _time(mail.done_at),
        "expires_at": _time(mail.expires_at),
        "gives_up_at": _time(mail.gives_up_at),
        "attempts_made": mail.attempts_made,
        "server": mail.server or None,
        "routes": [{"owner": owner, "server": server} for owner, server in mail.routes],
        "digest": mail.digest,
        "first_digest": mail.first_digest,
        "rules_version": mail.rules_version,
        "idempotency_key": mail.idempotency_key,
        "linked_to": mail.linked_to,
        "recipients": [_recipient(one) for one in mail.recipients],
        "attempts": [_attempt(one) for one in mail.attempts],
        "decisions": list(mail.decisions),
        "events": [_event(one) for one in mail.events],
    }


def listed_document(mail: StoredMail) -> dict[str, Any]:
    """Give what lists tell of a mail: its record and its recipients."""
    document = mail_document(mail)
    for one in ("decisions", "attempts", "events"):
        del document[one]
    return document


def _recipient(one: StoredRecipient) -> dict[str, Any]:
    return {
        "field": one.field,
        "address": one.address,
        "name": one.name or None,
        "envelope_address": one.envelope_address or None,
        "outcome": str(one.outcome),
        "reason": one.reason or None,
        "fault": one.fault or None,
        "lasting": one.lasting,
        "attempts": one.attempts,
        "due_at": _time(one.due_at),
        "code": one.code,
        "enhanced": one.enhanced or None,
        "reply": one.reply or None,
        "server": one.server or None,
        "queue_id": one.queue_id or None,
    }


def _attempt(one: StoredAttempt) -> dict[str, Any]:
    return {
        "started": _time(one.started),
        "ended": _time(one.ended),
        "server": one.server,
        "source_ip": one.source_ip or None,
        "outcome": str(one.outcome),
        "reason": one.reason or None,
        "fault": one.fault or None,
        "code": one.code,
        "enhanced": one.enhanced or None,
        "reply": one.reply or None,
        "queue_id": one.queue_id or None,
        "worker": one.worker or None,
        "recipients": [
            {"address": address, "outcome": outcome, "reason": reason or None}
            for address, (outcome, reason) in one.recipients.items()
        ],
        "conversation": [{"at": line.at, "who": line.who, "line": line.line} for line in one.conversation],
    }


def _event(one: StoredEvent) -> dict[str, Any]:
    return {
        "at": _time(one.at),
        "by": one.by,
        "act": one.act,
        "reason": one.reason or None,
        "facts": dict(one.facts),
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
