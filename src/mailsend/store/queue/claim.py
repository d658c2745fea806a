"""Taking from the queue what is due: under a lease, with a number that tells a late finisher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text, update

from mailsend.store.queue.kept import KEPT, KeptRecipient
from mailsend.store.queue.lanes import take_lanes
from mailsend.store.queue.listed import is_among, listed
from mailsend.store.schema.mails import blob, content, content_blob, message, recipient
from mailsend.store.statement import Statement
from mailsend.store.times import time_of

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["Claimed", "claim", "next_due"]

_MOST_BYTES: Final = 64 << 20  # of all the mails in one claim

# Written out, not bound: a partial index is used only where its own condition is seen.
_QUEUED: Final = text("state = 'queued' AND frozen = 0")

_DUE: Final = (
    select(message.c.id, message.c.lane, message.c.priority, message.c.size)
    .where(_QUEUED, message.c.due_at <= bindparam("now"))
    .order_by(message.c.rank)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
# Nearly all stand in the first: the index leads straight to them, however long the queue is.
_FIRST: Final = Statement(_DUE.where(message.c.rank <= bindparam("now")))
_BEHIND: Final = Statement(
    _DUE.where(message.c.rank > bindparam("now"))
)  # low priority, and nothing else to do
_CLAIM: Final = Statement(
    update(message)
    .where(is_among(message.c.id, "going"))
    .values(
        state="sending",
        fence=message.c.fence + 1,
        worker=bindparam("claim"),
        lease_until=bindparam("lease"),
        tried_at=bindparam("now"),
    )
)
_POSTPONE: Final = Statement(
    update(message)
    .where(message.c.id == bindparam("this"))
    .values(due_at=bindparam("due"), rank=bindparam("later"))
)
_WANTED: Final = (
    "id", "customer", "business_unit", "in_test_mode", "priority", "send_at", "expires_at", "gives_up_at",
    "fence", "attempts", "prepared_at", "message_id", "sender_mailbox", "essential", "require_tls", "digest",
    "rules_version", "how", "lane", "routes", "envelopes", "kind", "seal", "template", "tags", "requested",
    "sender",
)  # fmt: skip
# What we hold is asked for by id: of what others hold nothing is read.
_MAILS: Final = Statement(  # sorted below: SQLite would copy the content for it
    select(*(message.c[one] for one in _WANTED), content.c.data, content.c.cuts, content.c.sealed)
    .select_from(message.outerjoin(content, content.c.message == message.c.id))
    .where(is_among(message.c.id, "going"))
)
_RECIPIENTS: Final = Statement(
    select(recipient.c.message, *KEPT)
    .where(is_among(recipient.c.message, "going"))
    .order_by(recipient.c.message, recipient.c.position)
)
_BLOBS: Final = Statement(
    select(content_blob.c.message, blob.c.digest, blob.c.data)
    .select_from(blob.join(content_blob, content_blob.c.digest == blob.c.digest))
    .where(is_among(content_blob.c.message, "going"))
)
_NEXT: Final = Statement(select(message.c.due_at).where(_QUEUED).order_by(message.c.due_at).limit(1))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail in our hands until its lease ends: its row, its frozen content, and all its recipients.

    ``paid`` is the lane whose limit it was counted against, or empty.
    """

    row: Any
    recipients: tuple[KeptRecipient, ...]
    at: datetime
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    paid: str = ""


def claim(transaction: Transaction, *, now: int, lease: int, name: str, most: int) -> tuple[Claimed, ...]:
    """Take at most ``most`` mails that are due, in the order of the queue; times in microseconds.

    ``name`` is this claim's alone. What a server's limits do not leave room for stays in the queue,
    due when there is room again.
    """
    found = [*transaction.run(_FIRST, now=now, most=most)]
    if len(found) < most:
        found += transaction.run(_BEHIND, now=now, most=most - len(found))
    if not found:
        return ()
    found = _held_at_once(found)
    going, waiting, unknown = take_lanes(transaction, found, now=now)
    transaction.run_many(
        _POSTPONE, [{"this": mail, "due": due, "later": due - step} for mail, due, step in waiting]
    )
    if not going:
        return ()
    ours = listed(going)
    transaction.run(_CLAIM, going=ours, claim=name, lease=lease, now=now)
    place = {mail: at for at, mail in enumerate(going)}
    rows = sorted(transaction.run(_MAILS, going=ours), key=lambda one: place[one.id])
    by_mail: dict[str, list[KeptRecipient]] = {}
    for one in transaction.run(_RECIPIENTS, going=ours):
        by_mail.setdefault(one[0], []).append(KeptRecipient._make(one[1:]))
    blobs = _blobs(transaction, rows, ours)
    at = time_of(now)
    return tuple(
        [
            Claimed(
                one,
                tuple(by_mail.get(one.id, ())),
                at,
                blobs.get(one.id, {}),
                one.lane if one.lane not in unknown else "",
            )
            for one in rows
        ]
    )


def next_due(transaction: Transaction) -> int | None:
    """Give when the first mail of the queue is due, in microseconds; None where nothing waits."""
    found = transaction.run(_NEXT)
    return found[0].due_at if found else None


def _held_at_once(found: Sequence[Any]) -> list[Any]:
    """Give as many of these as may be in memory together, and one at least."""
    sizes = accumulate(one.size for one in found)
    return [
        one
        for place, (one, size) in enumerate(zip(found, sizes, strict=True))
        if not place or size <= _MOST_BYTES
    ]


def _blobs(transaction: Transaction, rows: Sequence[Any], ours: str) -> dict[str, dict[str, bytes]]:
    if not any(one.cuts not in (None, "[]") for one in rows):
        return {}
    found: dict[str, dict[str, bytes]] = {}
    shared: dict[str, bytes] = {}
    for mail, digest, data in transaction.run(_BLOBS, going=ours):
        found.setdefault(mail, {})[digest] = shared.setdefault(digest, bytes(data))
    return found
