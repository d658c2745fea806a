"""One act on one mail, within a transaction: what the table of states allows, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update

from mailsend.decide.state import Act, Refused, frozen_after, next_state, outcome_under
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome
from mailsend.store.events import note
from mailsend.store.mails import forget_sensitive, rank
from mailsend.store.mails.written import storable
from mailsend.store.schema.mails import idempotency, message, recipient
from mailsend.store.statement import Statement
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["BY_HAND", "NOT_THERE", "act_on"]

NOT_THERE: Final = "the store has no mail with this id"
BY_HAND: Final = "by_hand"

_SEEN: Final = (
    "state", "frozen", "customer", "priority", "send_at", "due_at", "gives_up_at", "reason", "done_at",
)  # fmt: skip
_MAIL: Final = Statement(
    select(*(message.c[one] for one in _SEEN)).where(message.c.id == bindparam("mail")).with_for_update()
)
_RECIPIENTS: Final = Statement(
    select(recipient.c.position, recipient.c.outcome, recipient.c.due_at, recipient.c.pinned)
    .where(recipient.c.message == bindparam("mail"))
    .order_by(recipient.c.position)
)
_SET: Final = Statement(
    update(message)
    .where(message.c.id == bindparam("mail"))
    .values(
        {
            one: bindparam(one)
            for one in ("state", "frozen", "due_at", "rank", "gives_up_at", "reason", "why", "done_at")
        }
    )
)
_SET_RECIPIENT: Final = Statement(
    update(recipient)
    .where(recipient.c.message == bindparam("mail"), recipient.c.position == bindparam("place"))
    .values(outcome=bindparam("outcome"), due_at=bindparam("due"))
)
# M36: an expired mail frees its key where nobody accepted it, a cancelled one in any case.
_IS_ITS_KEY: Final = idempotency.c.message == bindparam("mail")
_FREE_KEY: Final = Statement(delete(idempotency).where(_IS_ITS_KEY))
_FREE_KEY_OF_NOBODY: Final = Statement(
    delete(idempotency).where(
        _IS_ITS_KEY,
        ~select(recipient.c.message)
        .where(recipient.c.message == idempotency.c.message, recipient.c.outcome == bindparam("accepted"))
        .exists(),
    )
)

_DUE_NOW: Final = (Act.RETRY, Act.FORCE, Act.RELEASE)
_ANEW: Final = (Act.FORCE, Act.RELEASE)  # its retry window begins with the next try
_ENDS: Final = (Act.CANCEL, Act.EXPIRE)


def act_on(
    transaction: Transaction,
    act: Act,
    mail: str,
    *,
    now: datetime,
    by: str,
    reason: str,
    dry_run: bool = False,
    hold_reason: str = BY_HAND,
) -> str | None:
    """Do ``act`` to a mail and write down who did it and why; give why it cannot be done, else None.

    With ``dry_run`` nothing is changed. ``hold_reason`` is the code that a mail put on hold gets.
    """
    rows = transaction.run(_MAIL, mail=storable(mail))
    if not rows:
        return NOT_THERE
    row = rows[0]
    recipients = transaction.run(_RECIPIENTS, mail=mail)
    unknown = any(_was(one) is Outcome.UNKNOWN for one in recipients)
    state, frozen = MailState(row.state), bool(row.frozen)
    after = next_state(state, act, frozen=frozen, unknown=unknown)
    if isinstance(after, Refused):
        return f"{after.explain()} {after.advice}"
    if dry_run:
        return None
    dues = _change_recipients(transaction, act, mail, recipients, after, now=moment(now), send_at=row.send_at)
    due = _due_at(act, row, after, dues, now=moment(now))
    _change(transaction, act, mail, row, after, due=due, now=moment(now), why=reason, hold_reason=hold_reason)
    if act is Act.CANCEL:
        transaction.run(_FREE_KEY, mail=mail)
    if act is Act.EXPIRE:
        transaction.run(_FREE_KEY_OF_NOBODY, mail=mail, accepted=str(Outcome.ACCEPTED))
    if act in _ENDS:
        forget_sensitive(transaction, [mail])  # M37
    note(
        transaction,
        act,
        now=now,
        by=by,
        message=mail,
        customer=row.customer,
        reason=reason,
        facts={"before": row.state, "after": str(after)} | ({"was": row.reason} if row.reason else {}),
    )
    return None


def _change(
    transaction: Transaction,
    act: Act,
    mail: str,
    row: Any,
    after: MailState,
    *,
    due: int | None,
    now: int,
    why: str,
    hold_reason: str,
) -> None:
    held = act is Act.HOLD
    kept = act in (Act.FREEZE, Act.THAW)
    transaction.run(
        _SET,
        mail=mail,
        state=str(after),
        frozen=int(frozen_after(act, after, frozen=bool(row.frozen))),
        due_at=due,
        rank=rank(due, row.priority),
        gives_up_at=None if act in _ANEW else row.gives_up_at,
        reason=hold_reason if held else row.reason if kept else "",
        why=storable(why) if held else "",
        done_at=now if act in _ENDS else None if act is Act.FORCE else row.done_at,
    )


def _due_at(act: Act, row: Any, after: MailState, dues: Sequence[int], *, now: int) -> int | None:
    """Say when the mail is due: with the first of its recipients."""
    if act in _DUE_NOW:
        return min(dues, default=now)
    kept = act in (Act.FREEZE, Act.THAW) or after is MailState.QUEUED
    due: int | None = row.due_at if kept else None
    return due


def _change_recipients(
    transaction: Transaction,
    act: Act,
    mail: str,
    recipients: Any,
    after: MailState,
    *,
    now: int,
    send_at: int | None,
) -> list[int]:
    """Set what each recipient is under ``act``; give when those who are tried again are due."""
    if act in (Act.FREEZE, Act.THAW):
        return []
    rows = []
    for one in recipients:
        outcome = outcome_under(after, _was(one))
        due = None
        if after is MailState.QUEUED:
            due = _due(act, one, outcome, now=now, send_at=send_at)
        elif outcome is Outcome.UNKNOWN and after is MailState.HELD:
            due = one.due_at
        rows.append({"mail": mail, "place": one.position, "outcome": str(outcome), "due": due})
    transaction.run_many(_SET_RECIPIENT, rows)
    return [one["due"] for one in rows if one["due"] is not None]


def _was(one: Any) -> Outcome:
    """Give the outcome of a recipient; who is held after silence may have the mail (M20)."""
    outcome = Outcome(one.outcome)
    return Outcome.UNKNOWN if outcome is Outcome.HELD and one.pinned else outcome


def _due(act: Act, one: Any, outcome: Outcome, *, now: int, send_at: int | None) -> int | None:
    """Say when a recipient of a queued mail is tried; only ``force`` goes before what silence asks for."""
    if outcome is Outcome.UNKNOWN and act is not Act.FORCE:
        held = one.outcome == Outcome.HELD
        return now if held else None if one.due_at is None else max(now, one.due_at)
    if outcome in (Outcome.PENDING, Outcome.DEFERRED, Outcome.UNKNOWN):
        return max(now, send_at or 0) if act is Act.RELEASE else now
    return None
