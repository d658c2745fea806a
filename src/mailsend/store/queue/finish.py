"""What became of a claimed mail, written down by whoever still holds it, and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text, update

from mailsend.errors import StoreError
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome
from mailsend.store.mails import forget_sensitive
from mailsend.store.queue.endings import Ending, columns_of
from mailsend.store.queue.inserts import insertion
from mailsend.store.queue.listed import is_among, listed
from mailsend.store.schema import mails, upkeep
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["Mark", "finish", "finish_all", "mark_all", "renew", "write_all", "write_told"]

_FINISH: Final = Statement(
    text(
        f"UPDATE {mails.message.name} SET state = :state, reason = :reason, why = :why, due_at = :due_at,"  # noqa: S608 - names of ours
        ' "rank" = :rank, attempts = :attempts, done_at = :done_at, server = :server, queue_id = :queue_id,'
        " digest = :digest, prepared_at = :prepared_at, lease_until = NULL, worker = '',"
        # Somebody may have frozen it while it was on its way.
        " frozen = CASE WHEN CAST(:done_at AS BIGINT) IS NULL THEN frozen ELSE 0 END,"
        " gives_up_at = COALESCE(gives_up_at, :gives_up_at)"
        " WHERE id = :id AND fence = :fence AND state = 'sending'"  # what Act.FINISH is allowed from
    )
)
# Nobody else has the same times of the clock, and the next claim another fence; what is settled was not
# finished in time.
_STANDS: Final = Statement(
    text(
        f"SELECT id FROM {mails.message.name} WHERE id = :id AND fence = :fence AND state = :state"  # noqa: S608 - names of ours
        " AND reason = :reason AND attempts = :attempts AND digest = :digest AND server = :server"
        " AND queue_id = :queue_id AND COALESCE(due_at, 0) = COALESCE(CAST(:due_at AS BIGINT), 0)"
        " AND COALESCE(done_at, 0) = COALESCE(CAST(:done_at AS BIGINT), 0)"
        f" AND NOT EXISTS (SELECT 1 FROM {mails.event.name} AS e WHERE e.message = :id AND e.act = 'settle')"
    )
)
_TRIED: Final = Statement(
    text(
        f"SELECT id FROM {mails.attempt.name} WHERE message = :message AND fence = :fence"  # noqa: S608 - names of ours
        " AND worker = :worker AND started_at = :started_at"
    )
)
_TOLD: Final = (
    "outcome", "reason", "fault", "lasting", "attempts", "resends", "due_at", "pinned", "code", "enhanced",
    "reply", "server", "queue_id", "updated_at",
)  # fmt: skip
_RECIPIENT: Final = Statement(
    update(mails.recipient)
    .where(
        mails.recipient.c.message == bindparam("mail"),
        mails.recipient.c.position == bindparam("place"),
    )
    .values({one: bindparam(one) for one in _TOLD})
)
_ATTEMPT: Final = insertion(mails.attempt, but=("id",))
_EVENT: Final = insertion(mails.event, but=("id",))

# An expired mail frees its key, but where somebody accepted it (M36).
_FREE_KEY: Final = Statement(
    text(
        f"DELETE FROM {mails.idempotency.name} WHERE message = :mail AND NOT EXISTS ("  # noqa: S608 - names of ours
        f"SELECT 1 FROM {mails.recipient.name} AS r WHERE r.message = :mail AND r.outcome = :accepted)"
    )
)

# Only who holds the lease may let content out; what it marks is unknown where nothing is heard of it.
# Nor does any go to a real recipient once test mode is on, unless a person confirmed this very mail: of
# that the row itself is no witness, but its seal, and whoever marks has looked at it.
_may_be_real: Final = text(
    f"(in_test_mode = 1 OR CAST(:confirmed AS INTEGER) = 1 OR NOT EXISTS (SELECT 1 FROM {upkeep.test_switch.name} AS s"  # noqa: S608 - a name of ours
    f" WHERE s.enabled = 1 AND s.scope IN ('', {mails.message.name}.customer)))"
)
# Locked: on PostgreSQL somebody may be about to take it away because its lease has ended, and neither would
# see what the other does. Whoever comes second waits, and looks anew, or passes it by.
_held: Final = (
    select(mails.message.c.id)
    .where(
        mails.message.c.id == bindparam("mail"),
        mails.message.c.fence == bindparam("fence"),
        text("state = 'sending'"),
        mails.message.c.lease_until > bindparam("now"),
        _may_be_real,
    )
    .with_for_update(read=True)
)
_MARK: Final = Statement(
    update(mails.recipient)
    .where(
        mails.recipient.c.message == bindparam("mail"),
        mails.recipient.c.position == bindparam("place"),
        mails.recipient.c.due_at.is_not(None),
        _held.exists(),
    )
    .values(marked=bindparam("fence"), pinned=bindparam("there"))
)
_LEASES: Final = Statement(
    select(mails.message.c.id, mails.message.c.lease_until).where(is_among(mails.message.c.id, "marked"))
)
_RENEW: Final = Statement(
    text(
        f"UPDATE {mails.message.name} SET lease_until = :lease"  # noqa: S608 - names of ours
        " WHERE state = 'sending' AND worker = :claim AND lease_until > :now RETURNING id"
    )
)


def finish(transaction: Transaction, ending: Ending, *, now: int) -> bool:
    """Write an ending down; False where the mail is no longer in these hands, and nothing is written."""
    return finish_all(transaction, [(ending, now)])[0]


def finish_all(transaction: Transaction, endings: Sequence[tuple[Ending, int]]) -> list[bool]:
    """Write endings down, each with its time; say of each whether the mail was still in these hands.

    One that is written already, since the answer to it was lost, is not written again, and said to be so.
    Raises StoreError for several of which one was not: then each has to be written by itself.
    """
    held = transaction.run_many(_FINISH, [_columns(one) for one, _ in endings])
    if held == len(endings):
        write_told(transaction, endings)
    elif len(endings) > 1:
        raise StoreError("one of several mails is in other hands", advice="Finish each by itself.")
    else:
        return [_stands(transaction, endings[0][0])]
    return [True] * len(endings)


def _stands(transaction: Transaction, ending: Ending) -> bool:
    """Whether a mail's rows say already what ``ending`` says."""
    tried = all(transaction.run(_TRIED, **_of(one)) for one in ending.attempts)
    return tried and bool(transaction.run(_STANDS, **_columns(ending)))


def _of(attempt: Mapping[str, Any]) -> dict[str, Any]:
    return {name: attempt[name] for name in ("message", "fence", "worker", "started_at")}


def write_told(transaction: Transaction, written: Sequence[tuple[Ending, int]]) -> None:
    """Write down what endings say besides the mail's own row."""
    transaction.run_many(
        _RECIPIENT,
        [
            {**columns_of(one), "mail": ending.id, "place": one.position, "updated_at": now}
            for ending, now in written
            for one in ending.recipients
        ],
    )
    transaction.run_many(_ATTEMPT, [dict(one) for ending, _ in written for one in ending.attempts])
    transaction.run_many(_EVENT, [dict(one) for ending, _ in written for one in ending.events])
    transaction.run_many(
        _FREE_KEY,
        [
            {"mail": ending.id, "accepted": str(Outcome.ACCEPTED)}
            for ending, _ in written
            if ending.state == MailState.EXPIRED
        ],
    )
    forget_sensitive(
        transaction, [ending.id for ending, _ in written if ending.sealed and ending.done_at is not None]
    )


def _columns(ending: Ending) -> dict[str, Any]:
    return {
        "id": ending.id,
        "fence": ending.fence,
        "state": ending.state,
        "reason": ending.reason,
        "why": ending.why,
        "due_at": ending.due_at,
        "rank": ending.rank,
        "attempts": ending.counted,
        "done_at": ending.done_at,
        "server": ending.server,
        "queue_id": ending.queue_id,
        "digest": ending.digest,
        "prepared_at": ending.prepared_at,
        "gives_up_at": ending.gives_up_at,
    }


@dataclass(frozen=True, slots=True)
class Mark:
    """That content goes out to those at ``positions`` under the claim ``fence``; ``now`` in microseconds.

    ``confirmed``: a person let it out in spite of test mode.
    """

    id: str
    fence: int
    positions: tuple[int, ...]
    server: str
    now: int
    confirmed: bool = False


def mark_all(transaction: Transaction, marks: Sequence[Mark]) -> list[bool]:
    """Write down that content goes out now; say of each mark whether it may."""
    rows = [_row(one, who) for one in marks for who in one.positions]
    if transaction.run_many(_MARK, rows) == len(rows) and all(one.positions for one in marks):
        return [True] * len(marks)
    # Some may not; which, only trying one by one tells.
    return [
        bool(one.positions) and all(_marks(transaction, one, who) for who in one.positions) for one in marks
    ]


def mark_until(transaction: Transaction, marks: Sequence[Mark]) -> list[int]:
    """Write down that content goes out now; say of each mark until when it may, in microseconds; 0: not at all."""
    may = mark_all(transaction, marks)
    if not any(may):
        return [0] * len(marks)
    ours = listed({one.id for one, yes in zip(marks, may, strict=True) if yes})
    ends: dict[str, int] = {one.id: one.lease_until for one in transaction.run(_LEASES, marked=ours)}
    return [ends[one.id] if yes else 0 for one, yes in zip(marks, may, strict=True)]


def _marks(transaction: Transaction, mark: Mark, position: int) -> bool:
    return transaction.run_many(_MARK, [_row(mark, position)]) == 1


def _row(mark: Mark, position: int) -> dict[str, Any]:
    return {
        "mail": mark.id,
        "fence": mark.fence,
        "place": position,
        "there": mark.server,
        "now": mark.now,
        "confirmed": int(mark.confirmed),
    }


def write_all(
    transaction: Transaction, several: Sequence[Sequence[Mark | tuple[Ending, int]]]
) -> list[list[int]]:
    """Write marks and endings down; say of each until when it may, or whether the mail was still in these hands."""
    every = [one for some in several for one in some]
    marked = iter(mark_until(transaction, [one for one in every if isinstance(one, Mark)]))
    held = iter(finish_all(transaction, [one for one in every if not isinstance(one, Mark)]))
    return [[next(marked) if isinstance(one, Mark) else next(held) for one in some] for some in several]


def renew(transaction: Transaction, name: str, *, lease: int, now: int) -> frozenset[str]:
    """Let a claim's lease end later; give the ids that are still in its hands."""
    return frozenset(one.id for one in transaction.run(_RENEW, claim=name, lease=lease, now=now))
