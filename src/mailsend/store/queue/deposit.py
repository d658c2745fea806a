"""A mail put into the store: all of its rows, in one transaction, whoever's it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text

from mailsend.errors import IdempotencyConflict, StoreError
from mailsend.model.frozen import by_slots
from mailsend.store.buckets import keep_rates
from mailsend.store.queue.endings import columns_of
from mailsend.store.queue.inserts import insertion, insertions, kinds_of
from mailsend.store.schema import mails
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.decide.limit import Limit
    from mailsend.store.database import Transaction
    from mailsend.store.queue.endings import Ending

__all__ = [
    "SINGLE",
    "SINGLE_KINDS",
    "Deposit",
    "Placed",
    "place",
    "place_again",
    "place_all",
    "place_callers",
    "place_single",
    "place_together",
    "single_values",
]

Row = dict[str, Any]

_MESSAGE: Final = insertion(mails.message, giving="id")
_RECIPIENT: Final = insertion(mails.recipient)
_CONTENT: Final = insertion(mails.content)
_BLOB: Final = insertion(mails.blob)
_HOLD_BLOBS: Final = (
    select(mails.blob.c.digest)
    .where(mails.blob.c.digest.in_(bindparam("digests", expanding=True)))
    .with_for_update(read=True, key_share=True)
)
_CONTENT_BLOB: Final = insertion(mails.content_blob)
_ATTEMPT: Final = insertion(mails.attempt, but=("id",))
_KEY: Final = insertion(mails.idempotency, giving="message")

# Each attempt to send a mail at once has a claim of its own.
_OURS: Final = Statement(
    text(f"SELECT id FROM {mails.message.name} WHERE id = :id AND worker = :worker AND state = 'sending'")  # noqa: S608 - names of ours
)
_WHOSE: Final = 'customer = :customer AND in_test_mode = :in_test_mode AND "key" = :key'
_KNOWN_KEY: Final = Statement(
    text(f"SELECT message, request_digest FROM {mails.idempotency.name} WHERE {_WHOSE}")  # noqa: S608 - names of ours
)
# A key is kept for so long, and for as long as its mail is open.
_OLD_KEY: Final = Statement(
    text(
        f"DELETE FROM {mails.idempotency.name} WHERE {_WHOSE} AND kept_until < :now AND NOT EXISTS ("  # noqa: S608 - names of ours
        f"SELECT 1 FROM {mails.message.name} AS m WHERE m.id = {mails.idempotency.name}.message"
        " AND m.state IN ('queued', 'sending', 'held'))"
    )
)


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """The rows of one mail. ``key`` is that of its idempotency key, where it has one.

    ``blobs`` are its large contents by digest; ``attempts`` what has been tried already; ``limit`` is
    that of its lane. Where it is not sure that it ``is_new``, the store may have it already.
    """

    message: Row
    recipients: Sequence[Row]
    content: Row | None
    blobs: Mapping[str, bytes]
    attempts: Sequence[Row] = ()
    key: Row | None = None
    limit: Limit | None = None
    is_new: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be looked up before it is put in."""
        return self.is_new and self.key is None and self.limit is None

    @property
    def is_single(self) -> bool:
        """Whether it is plain, and has one row in each of the tables of every mail."""
        rest = self.blobs or self.attempts or self.content is None
        return self.is_plain and len(self.recipients) == 1 and not rest

    def ended(self, ending: Ending) -> Deposit:
        """Give the rows of the mail after a round that ended so, before it was put in."""
        message = {
            **self.message,
            "state": ending.state,
            "reason": ending.reason,
            "why": ending.why,
            "due_at": ending.due_at,
            "rank": ending.rank,
            "attempts": ending.counted,
            "done_at": ending.done_at,
            "tried_at": self.message["queued_at"],
            "server": ending.server,
            "queue_id": ending.queue_id,
            "digest": ending.digest,
        }
        known = {one.position: columns_of(one) for one in ending.recipients}
        return replace(
            self,
            message=message,
            recipients=[{**one, **known.get(one["position"], {})} for one in self.recipients],
            attempts=[dict(one) for one in ending.attempts],
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """Which mail is in the store now; ``fresh``: it was put there by this very call, though it was made twice."""

    id: str
    fresh: bool = True


def place(transaction: Transaction, deposit: Deposit, *, now: int) -> Placed:
    """Put one mail in, once; raises IdempotencyConflict. ``now`` is in microseconds.

    A mail whose id, or whose idempotency key with the same request, is there already is not put in
    again (M36).
    """
    if deposit.key is not None:
        known = _key_of(transaction, deposit.key, now=now)
        if known is not None:
            return Placed(known, fresh=_is_ours(transaction, deposit, known))
    own = deposit.message["id"]
    if not transaction.run(_MESSAGE, **deposit.message):
        return Placed(own, fresh=_is_ours(transaction, deposit, own))
    if deposit.limit is not None:
        keep_rates(transaction, deposit.message["lane"], deposit.limit, now=now)
    _place_rest(transaction, (deposit,))
    return Placed(own)


def _is_ours(transaction: Transaction, deposit: Deposit, known: str) -> bool:
    """Whether a mail that is there is this very deposit, made once before without its answer being heard."""
    claim = deposit.message["worker"]
    return bool(claim) and bool(transaction.run(_OURS, id=known, worker=claim))


def _key_of(transaction: Transaction, key: Row, *, now: int) -> str | None:
    """Take a key, or give the mail that has it; raises IdempotencyConflict where that asked for another."""
    transaction.run(_OLD_KEY, now=now, **_named(key))
    while not transaction.run(_KEY, **key):
        known = transaction.run(_KNOWN_KEY, **_named(key))
        if not known:  # it has just been freed
            continue
        if known[0].request_digest != key["request_digest"]:
            raise IdempotencyConflict(str(key["key"]))
        return str(known[0].message)
    return None


def place_together(
    transaction: Transaction, callers: Sequence[Sequence[Deposit]]
) -> list[tuple[Placed, ...]]:
    """Put in what each of several callers gives; all of it is plain."""
    place_all(transaction, [one for deposits in callers for one in deposits])
    return [tuple([Placed(one.message["id"]) for one in deposits]) for deposits in callers]


def place_callers(
    transaction: Transaction, several: Sequence[Sequence[Sequence[Deposit]]]
) -> list[list[tuple[Placed, ...]]]:
    """Put in what several groups of callers give; all of it is plain."""
    return [place_together(transaction, callers) for callers in several]


def place_single(transaction: Transaction, deposit: Deposit) -> Placed:
    """Put in what ``is_single`` by one statement, as PostgreSQL knows it: asked once, not five times."""
    transaction.run_arranged(SINGLE, single_values(deposit))
    return Placed(deposit.message["id"])


def single_values(deposit: Deposit) -> tuple[Any, ...]:
    """Give the values of SINGLE, in order."""
    (recipient,) = deposit.recipients
    return (*_of_message(deposit.message), *_of_recipient(recipient), *_of_content(deposit.content or {}))


_of_message, _of_recipient, _of_content = [
    itemgetter(*one.columns.keys()) for one in (mails.message, mails.recipient, mails.content)
]
_IN_RECIPIENT: Final = {one.name: f"recipient_{one.name}" for one in mails.recipient.columns}
_IN_CONTENT: Final = {one.name: f"content_{one.name}" for one in mails.content.columns}
SINGLE: Final = insertions(
    (mails.message, {}), (mails.recipient, _IN_RECIPIENT), (mails.content, _IN_CONTENT)
)
SINGLE_KINDS: Final = kinds_of(mails.message, mails.recipient, mails.content)


def place_all(transaction: Transaction, deposits: Sequence[Deposit]) -> None:
    """Put many mails in that are plain, or have been sent already."""
    if transaction.run_many(_MESSAGE_QUIETLY, [one.message for one in deposits]):
        _place_rest(transaction, deposits)
    # Else they are in since an answer was lost, and what was taken out of them meanwhile stays out (M37).


def place_again(transaction: Transaction, deposits: Sequence[Deposit]) -> None:
    """Put mails in that have been sent already, and may be in: none is twice.

    Raises StoreError for several of which one is in: then each has to be put in by itself.
    """
    fresh = transaction.run_many(_MESSAGE_QUIETLY, [one.message for one in deposits])
    if fresh == len(deposits):
        _place_rest(transaction, deposits)
    elif len(deposits) > 1:
        raise StoreError("one of several mails is in already", advice="Put in each by itself.")


_MESSAGE_QUIETLY: Final = insertion(mails.message)


def _place_rest(transaction: Transaction, deposits: Sequence[Deposit]) -> None:
    transaction.run_many(_RECIPIENT, [row for one in deposits for row in one.recipients])
    transaction.run_many(_CONTENT, [one.content for one in deposits if one.content is not None])
    blobs = {digest: data for one in deposits for digest, data in one.blobs.items()}
    if blobs:
        rows = [{"digest": digest, "data": data, "size": len(data)} for digest, data in blobs.items()]
        transaction.run_many(_BLOB, rows)
        # One that was there may be taken out just now, since nobody held it: then it is put in again.
        held_now = transaction.connection.execute(_HOLD_BLOBS, {"digests": list(blobs)})
        known = {one.digest for one in held_now}
        transaction.run_many(_BLOB, [row for row in rows if row["digest"] not in known])
        held = [{"message": one.message["id"], "digest": digest} for one in deposits for digest in one.blobs]
        transaction.run_many(_CONTENT_BLOB, held)
    transaction.run_many(_ATTEMPT, [row for one in deposits for row in one.attempts])


def _named(key: Row) -> dict[str, Any]:
    return {name: key[name] for name in ("customer", "in_test_mode", "key")}
