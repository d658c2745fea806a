"""What a late finisher knows of recipients who are unknown without it, written down after all (M20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, null, select, update

from mailsend.decide.state import LAST_WORDS, Act, frozen_after, is_news, settled_state
from mailsend.model.erasure import ERASED
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome
from mailsend.store.events import note
from mailsend.store.mails import rank
from mailsend.store.queue.endings import Ending, RecipientEnding
from mailsend.store.queue.finish import write_told
from mailsend.store.queue.kept import KEPT, KeptRecipient
from mailsend.store.schema.mails import message, recipient
from mailsend.store.statement import Statement
from mailsend.store.times import time_of

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["marked_under", "settle"]

_BY: Final = "mailsend"
_GAVE_UP: Final = "gave_up"
_OPEN: Final = (MailState.QUEUED, MailState.HELD)
_GOING: Final = (*_OPEN, MailState.SENDING)

_PEOPLE: Final = ("sender", "requested", "sender_mailbox", "reply_to", "reverse_path")
_SEEN: Final = (
    "id", "state", "frozen", "priority", "fence", "attempts", "customer", "reason", "why", "due_at", "done_at",
)  # fmt: skip
_MAIL: Final = Statement(
    select(*(message.c[one] for one in (*_SEEN, *_PEOPLE)))
    .where(message.c.id == bindparam("mail"))
    .with_for_update()
)
# Locked too: a mark that is not committed yet is waited for, and seen.
_RECIPIENTS: Final = Statement(
    select(*KEPT)
    .where(recipient.c.message == bindparam("mail"))
    .order_by(recipient.c.position)
    .with_for_update()
)
_CHANGED: Final = (
    "state", "fence", "frozen", "due_at", "rank", "attempts", "done_at", "reason", "why", "server", "queue_id",
)  # fmt: skip
_SET: Final = Statement(
    update(message)
    .where(message.c.id == bindparam("mail"))
    .values({one: bindparam(one) for one in _CHANGED} | {"lease_until": null(), "worker": ""})
)


def settle(transaction: Transaction, ending: Ending, *, now: int) -> tuple[int, ...] | None:
    """Write down what ``ending``, which came too late, says of those who are unknown; give their positions.

    Those alone whom its own claim was the last to let content out to, and only that they were accepted
    or rejected. A newer claim that has let no content out yet loses the mail by that: neither its marks nor
    its endings count any more. None: one that has, which is to end first. ``now`` is in microseconds.
    """
    told = {one.position: one for one in ending.recipients if one.outcome in LAST_WORDS}
    rows = transaction.run(_MAIL, mail=ending.id) if told else ()
    if not rows:
        return ()
    row = rows[0]
    recipients = [KeptRecipient(*one) for one in transaction.run(_RECIPIENTS, mail=ending.id)]
    settled = [_settled(one, told[one.position]) for one in recipients if _is_news(one, told, ending.fence)]
    if not settled or _is_erased(row, recipients):
        return ()
    if row.state == MailState.SENDING and any(one.marked == row.fence for one in recipients):
        return None
    after = _written(transaction, ending, row, recipients, settled, now)
    places = tuple(one.position for one in settled)
    facts = {"before": row.state, "after": str(after), "recipients": places}
    at, customer = time_of(now), row.customer
    note(transaction, Act.SETTLE, now=at, by=_BY, message=row.id, customer=customer, facts=facts)
    rejected = [one.position for one in settled if one.outcome == Outcome.REJECTED]
    if rejected and any(one["act"] == _GAVE_UP for one in ending.events):  # its author is to be told
        facts = {"recipients": rejected}
        note(transaction, _GAVE_UP, now=at, by=_BY, message=row.id, customer=customer, facts=facts)
    return places


def marked_under(transaction: Transaction, id: str, fence: int) -> dict[int, str]:
    """Give to whom content may have gone out under the claim ``fence``: position, and the server it went to."""
    recipients = [KeptRecipient(*one) for one in transaction.run(_RECIPIENTS, mail=id)]
    return {one.position: one.pinned for one in recipients if one.marked == fence}


def _is_news(one: KeptRecipient, told: dict[int, RecipientEnding], fence: int) -> bool:
    return one.position in told and is_news(
        Outcome(one.outcome),
        Outcome(told[one.position].outcome),
        pinned=bool(one.pinned),
        newest=one.marked == fence,
    )


def _settled(one: KeptRecipient, told: RecipientEnding) -> RecipientEnding:
    attempts = max(one.attempts + 1, told.attempts)
    return replace(told, attempts=attempts, resends=one.resends, due_at=None, pinned="")


def _is_erased(row: Any, recipients: Sequence[KeptRecipient]) -> bool:
    """Whether a person was blanked in this mail: what a server said would bring it back (M38)."""
    texts = [getattr(row, one) for one in _PEOPLE]
    texts += [text for one in recipients for text in (one.address, one.envelope_address)]
    return any(ERASED in one for one in texts)


def _written(
    transaction: Transaction,
    ending: Ending,
    row: Any,
    recipients: Sequence[KeptRecipient],
    settled: Sequence[RecipientEnding],
    now: int,
) -> MailState:
    """Write the mail's rows; give its state."""
    new = {one.position: one for one in settled}
    standing = [new.get(one.position, one) for one in recipients]
    dues = [one.due_at for one in standing if one.due_at is not None]
    resend = any(one.outcome == Outcome.UNKNOWN and one.due_at is not None for one in standing)
    before = MailState(row.state)
    after = settled_state(before, [Outcome(one.outcome) for one in standing], resend=resend)
    ends = before in _GOING and after not in _OPEN
    due = min(dues, default=None) if after is MailState.QUEUED else row.due_at if after in _OPEN else None
    last = settled[-1]
    transaction.run(
        _SET,
        mail=row.id,
        state=str(after),
        # Whoever had it lets nothing out, and finishes nothing.
        fence=row.fence + (before is MailState.SENDING),
        frozen=int(frozen_after(Act.SETTLE, after, frozen=bool(row.frozen))),
        due_at=due,
        rank=rank(due, row.priority),
        attempts=row.attempts + 1,
        done_at=now if ends else row.done_at,
        reason=_reason(after, standing) if after is not before else row.reason,
        why="" if after is not before else row.why,
        server=last.server,
        queue_id=last.queue_id,
    )
    told = replace(ending, state=after, recipients=settled, events=(), done_at=now if ends else None)
    write_told(transaction, [(told, now)])
    return after


def _reason(after: MailState, standing: Sequence[KeptRecipient | RecipientEnding]) -> str:
    expired = [one.reason for one in standing if one.outcome == Outcome.EXPIRED]
    return expired[0] if after is MailState.EXPIRED else ""
