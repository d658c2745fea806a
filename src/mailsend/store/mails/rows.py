"""A finished mail as the rows that queue and log keep of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mailsend.model.address import Address
from mailsend.model.report import Outcome, RecipientResult
from mailsend.store.mails.records import decisions_of, routes_of
from mailsend.store.mails.written import LONGEST_WORD, as_json, storable
from mailsend.store.times import moment, moment_or_none

if TYPE_CHECKING:
    from mailsend.model.mail_state import MailState
    from mailsend.model.report import Report
    from mailsend.model.submission import Submission

__all__ = ["ARCHIVE", "NO_ENVELOPE", "message_row", "rank", "recipient_rows"]

ARCHIVE: Final = "archive"  # the field of a copy that stands for no requested recipient
NO_ENVELOPE: Final = -1  # of who is left out

_STEP: Final = 60_000_000  # microseconds that one step of priority is worth
_MOST: Final = 1000  # steps either way, so that nothing waits for ever behind what is urgent
_OPEN: Final = (Outcome.PENDING, Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.HELD)


def rank(due_at: int | None, priority: int) -> int | None:
    """Give the place in the queue, in microseconds: a step of priority is worth a minute."""
    if due_at is None or not priority:
        return due_at
    return due_at - _STEP * max(-_MOST, min(_MOST, priority))


def message_row(
    submission: Submission,
    *,
    how: str,
    state: MailState,
    now: datetime,
    due_at: datetime | None,
    gives_up_at: datetime | None = None,
    reason: str = "",
    why: str = "",
    lane: str = "",
    idempotency_key: str | None = None,
    request_digest: str = "",
    linked_to: str = "",
    attempts: int = 0,
    tried_at: datetime | None = None,
    done_at: datetime | None = None,
    server: str = "",
    queue_id: str = "",
) -> dict[str, Any]:
    """Give the row of ``mailsend_message``; of a sensitive mail it tells no content.

    ``how`` says what brought it here, ``lane`` the limit of its first server. The idempotency key is
    the message's, unless another one is given.
    """
    message, content = submission.message, submission.content
    due = moment_or_none(due_at)
    priority = max(-_MOST, min(_MOST, message.priority))
    key = message.idempotency_key if idempotency_key is None else idempotency_key
    requested = message.from_
    sender = submission.sender.mailbox
    return {
        "id": submission.id,
        "customer": storable(message.customer or ""),
        "business_unit": storable(message.business_unit or ""),
        "state": str(state),
        "frozen": 0,
        "reason": reason[:LONGEST_WORD],
        "why": storable(why),
        "how": how,
        "kind": message.kind[:LONGEST_WORD],
        "in_test_mode": int(submission.in_test_mode),
        "due_at": due,
        "rank": rank(due, priority),
        "priority": priority,
        "send_at": moment_or_none(message.send_at),
        "expires_at": moment_or_none(submission.expires_at),
        "gives_up_at": moment_or_none(gives_up_at),
        "lease_until": None,
        "fence": 0,
        "worker": "",
        "attempts": attempts,
        "queued_at": moment(now),
        "prepared_at": moment(submission.prepared),
        "tried_at": moment_or_none(tried_at),
        "done_at": moment_or_none(done_at),
        "message_id": submission.message_id,
        "subject": storable(submission.subject) if content.log_subject and not content.sensitive else "",
        "requested": "" if requested is None else requested.address.key,
        "sender": sender.address.key,
        "sender_mailbox": str(sender),
        "reply_to": ", ".join([str(one) for one in submission.reply_to.mailboxes]),
        "reverse_path": str(submission.return_path.address),
        "template": storable(content.template or ""),
        "actor": storable(message.actor or ""),
        "locale": content.locale,
        "tags": as_json(message.tags) if message.tags else "[]",
        "metadata": as_json(message.metadata) if message.metadata else "{}",
        "size": len(submission.data),
        "sensitive": int(content.sensitive),
        "essential": int(content.essential),
        "require_tls": int(message.require_tls),
        "digest": submission.digest,
        "first_digest": submission.digest,
        "rules_version": submission.rules_version,
        "decisions": decisions_of(submission),
        "routes": routes_of(submission.routes),
        "lane": lane,
        "envelopes": as_json(
            [(str(one.reverse_path), [str(who) for who in one.recipients]) for one in submission.envelopes]
        ),
        "server": server,
        "queue_id": queue_id,
        "idempotency_key": storable(key or ""),
        "request_digest": request_digest,
        "linked_to": linked_to,
        "seal": "",
    }


def recipient_rows(
    submission: Submission, *, now: datetime, due_at: datetime | None, report: Report | None = None
) -> list[dict[str, Any]]:
    """Give the rows of ``mailsend_recipient``: those requested, in order, then who gets an archive copy.

    ``due_at`` is when those still open are tried next. With a ``report``, they tell what it told.
    """
    envelopes: dict[Address, int] = {}
    for number, envelope in enumerate(submission.envelopes):
        for one in envelope.recipients:
            envelopes.setdefault(one, number)
    common = {
        "message": submission.id,
        "resends": 0,
        "marked": 0,
        "pinned": "",
        "due_at": moment_or_none(due_at),
        "updated_at": moment(now),
    }
    told = _Told(report)
    rows: list[dict[str, Any]] = []
    standing = set()
    for who, decision in submission.recipients.items():
        stands = decision.envelope_address
        standing.add(stands)
        result = told.of_requested(who)
        if result is None:
            outcome = decision.outcome
            settled = "" if outcome is Outcome.PENDING else str(decision.reason)
            result = RecipientResult(outcome=outcome, reason=settled)
        rows.append(
            {
                **common,
                "position": len(rows),
                "field": str(decision.field),
                "name": decision.mailbox.name,
                **_named(who),
                "envelope_address": "" if stands is None else str(stands),
                "envelope": NO_ENVELOPE if stands is None else envelopes[stands],
                **_result(result),
                "queue_id": told.queue_ids.get(stands, ""),
            }
        )
    for who, number in envelopes.items():
        if who in standing:
            continue
        rows.append(
            {
                **common,
                "position": len(rows),
                "field": ARCHIVE,
                "name": "",
                **_named(who),
                "envelope_address": str(who),
                "envelope": number,
                **_result(told.of_copy(who)),
                "queue_id": told.queue_ids.get(who, ""),
            }
        )
    for row in rows:
        if row["outcome"] not in _OPEN:
            row["due_at"] = None
    return rows


class _Told:
    """What a report tells, by requested address and by who stood in the envelope."""

    def __init__(self, report: Report | None) -> None:
        self._report = report
        self.queue_ids: dict[Address | None, str] = {}
        self._copies: dict[Address, RecipientResult] = {}
        for attempt in report.attempts if report else ():
            self._copies.update(attempt.recipients)
            if attempt.queue_id:
                taken = [
                    one for one, result in attempt.recipients.items() if result.outcome is Outcome.ACCEPTED
                ]
                self.queue_ids.update(dict.fromkeys(taken, storable(attempt.queue_id)))

    def of_requested(self, who: Address) -> RecipientResult | None:
        return None if self._report is None else self._report.recipients.get(who)

    def of_copy(self, who: Address) -> RecipientResult:
        return self._copies.get(who) or RecipientResult(outcome=Outcome.PENDING)


def _named(who: Address) -> dict[str, Any]:
    return {"address": str(who), "key": who.key, "domain": who.domain.ascii}


def _result(result: RecipientResult) -> dict[str, Any]:
    reply = result.reply
    return {
        "outcome": str(result.outcome),
        "reason": result.reason[:LONGEST_WORD],
        "fault": str(result.fault or ""),
        "lasting": int(result.lasting),
        "attempts": result.attempts,
        "code": None if reply is None else reply.code,
        "enhanced": (reply.enhanced or "")[:LONGEST_WORD] if reply else "",
        "reply": storable(reply.text) if reply else "",
        "server": storable(result.server or ""),
    }
