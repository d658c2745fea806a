"""What became of a claimed mail, written down by whoever still holds it, and by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, text, update

from mailsend.errors import StoreError
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome
from mailsend.store.mails import forget_sensitive
from mailsend.store.queue.endings import Ending, columns_of
from mailsend.store.queue.inserts import insertion
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
_MARK: Final = Statement(
    text(
        f"UPDATE {mails.recipient.name} SET marked = :fence, pinned = :server"  # noqa: S608 - names of ours
        " WHERE message = :id AND position = :position AND due_at IS NOT NULL AND EXISTS ("
        f"SELECT 1 FROM {mails.message.name} AS m WHERE m.id = :id AND m.fence = :fence"
        " AND m.state = 'sending' AND m.lease_until > :now"
        f" AND (m.in_test_mode = 1 OR CAST(:confirmed AS INTEGER) = 1 OR NOT EXISTS (SELECT 1 FROM {upkeep.test_switch.name}"
        " AS s WHERE s.enabled = 1 AND s.scope IN ('', m.customer))))"
    )
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

    Raises StoreError for several of which one was not: then each has to be written by itself.
    """
    held = transaction.run_many(_FINISH, [_columns(one) for one, _ in endings])
    if held == len(endings):
        write_told(transaction, endings)
    elif len(endings) > 1:
        raise StoreError("one of several mails is in other hands", advice="Finish each by itself.")
    return [held > 0] * len(endings)


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


def _marks(transaction: Transaction, mark: Mark, position: int) -> bool:
    return transaction.run_many(_MARK, [_row(mark, position)]) == 1


def _row(mark: Mark, position: int) -> dict[str, Any]:
    return {
        "id": mark.id,
        "fence": mark.fence,
        "position": position,
        "server": mark.server,
        "now": mark.now,
        "confirmed": int(mark.confirmed),
    }


def write_all(
    transaction: Transaction, several: Sequence[Sequence[Mark | tuple[Ending, int]]]
) -> list[list[bool]]:
    """Write marks and endings down; say of each whether it may, or whether the mail was still in these hands."""
    every = [one for some in several for one in some]
    marked = iter(mark_all(transaction, [one for one in every if isinstance(one, Mark)]))
    held = iter(finish_all(transaction, [one for one in every if not isinstance(one, Mark)]))
    return [[next(marked if isinstance(one, Mark) else held) for one in some] for some in several]


def renew(transaction: Transaction, name: str, *, lease: int, now: int) -> frozenset[str]:
    """Let a claim's lease end later; give the ids that are still in its hands."""
    return frozenset(one.id for one in transaction.run(_RENEW, claim=name, lease=lease, now=now))
