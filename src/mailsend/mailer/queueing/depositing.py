"""A finished mail made ready for the store: all of its rows, and when it is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.limit import is_limited, limit_of
from mailsend.model.kind import is_own
from mailsend.model.mail_state import MailState
from mailsend.model.request_digest import request_digest
from mailsend.store.buckets import lane_name
from mailsend.store.mails import attempt_rows, content_row, message_row, recipient_rows
from mailsend.store.mails.written import storable
from mailsend.store.queue import Deposit
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.model.report import Report
    from mailsend.model.rules import RetryRules
    from mailsend.model.submission import Submission
    from mailsend.store.vault import Vault

__all__ = ["Held", "deposit_of", "record_of"]

_KEY_KEPT: Final = timedelta(days=7)  # M36


class Held(tuple[str, str]):
    """Why a mail is put in as held: a stable code, and words."""

    __slots__ = ()

    def __new__(cls, reason: str, why: str = "") -> Held:
        """Give the pair."""
        return super().__new__(cls, (reason, why))


def deposit_of(
    submission: Submission,
    *,
    how: str,
    now: datetime,
    retry: RetryRules,
    vault: Vault | None,
    held: Held | None = None,
    linked_to: str = "",
    taken: dict[str, Any] | None = None,
) -> Deposit:
    """Give the rows of a mail that is to go out by the queue, or be ``held`` in it.

    ``taken`` are columns of a mail that its own process sends at once: state, lease and claim.
    """
    message = submission.message
    if held is None and submission.hold is not None:
        held = Held(submission.hold.reason, submission.hold.why)
    due = max(message.send_at or now, now)
    key = message.idempotency_key
    digest = "" if key is None else request_digest(message)
    first = submission.routes.servers[0]
    limited = is_limited(first) and not is_own(message.kind)  # house rule 12
    row = message_row(
        submission,
        how=how,
        state=MailState.QUEUED if held is None else MailState.HELD,
        now=now,
        due_at=due if held is None else None,
        gives_up_at=due + timedelta(seconds=retry.window),
        reason="" if held is None else held[0],
        why="" if held is None else held[1],
        lane=lane_name(first) if limited else "",
        request_digest=digest,
        linked_to=linked_to,
    )
    if taken:
        row.update(taken)
    recipients = recipient_rows(submission, now=now, due_at=due)
    if held is not None:
        for one in recipients:
            if one["due_at"] is not None:
                one.update(due_at=None, outcome="held", reason=row["reason"])
    contents = content_row(submission, now=now, vault=vault)
    return Deposit(
        message=row,
        recipients=recipients,
        content=contents.row,
        blobs=contents.blobs,
        key=None if key is None else _key_row(submission, key, digest, now),
        limit=limit_of(first) if limited else None,
    )


def record_of(
    submission: Submission, report: Report, *, how: str, now: datetime, worker: str, vault: Vault | None
) -> Deposit:
    """Give the rows of a mail that was sent without the queue, and is at its end."""
    told = [one.outcome for one in report.recipients.values()]
    last = report.attempts[-1] if report.attempts else None
    row = message_row(
        submission,
        how=how,
        state=MailState.EXPIRED if told and all(one == "expired" for one in told) else MailState.DONE,
        now=now,
        due_at=None,
        attempts=1 if report.attempts else 0,
        tried_at=now if report.attempts else None,
        done_at=now,
        server=storable(last.server) if last else "",
        queue_id=storable(last.queue_id or "") if last else "",
    )
    # What is sensitive is not kept once it is out (M37).
    contents = None if submission.content.sensitive else content_row(submission, now=now, vault=vault)
    rows = recipient_rows(submission, now=now, due_at=None, report=report)
    return Deposit(
        message=row,
        recipients=rows,
        content=None if contents is None else contents.row,
        blobs={} if contents is None else contents.blobs,
        attempts=attempt_rows(submission.id, report.attempts, now=now, worker=worker),
    )


def _key_row(submission: Submission, key: str, digest: str, now: datetime) -> dict[str, Any]:
    return {
        "customer": submission.message.customer or "",
        "in_test_mode": int(submission.in_test_mode),
        "key": storable(key),
        "message": submission.id,
        "request_digest": digest,
        "kept_until": moment(now + _KEY_KEPT),
    }
