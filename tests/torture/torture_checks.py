"""What a torture run must not have done, by the server's record, the acknowledgements, and the store."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from torture_programs import engine_for, orders
from torture_run import Record
from torture_wire import Copy

from mailsend.store.schema.mails import attempt, event, message, recipient

__all__ = ["Duplicate", "Kept", "duplicates", "kept", "was_cut", "was_killed"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store says in the end."""

    states: Counter[str]
    numbers: dict[int, tuple[str, str]]  # id and Message-ID by the mail's number
    outcomes: dict[int, dict[str, str]]  # by number and address
    leases: int
    by_people: list[str]  # events of the queue's operations
    orders: set[int]
    accepted: Counter[str]  # attempts that say so, by Message-ID


def kept(record: Record) -> Kept:
    """Read the store."""
    with engine_for(record.url).connect() as connection:
        mails = connection.execute(select(message)).all()
        by_id = {one.id: int(one.subject.removeprefix("Mail ")) for one in mails}
        message_ids = {one.id: one.message_id for one in mails}
        outcomes: dict[int, dict[str, str]] = defaultdict(dict)
        for one in connection.execute(select(recipient)):
            outcomes[by_id[one.message]][one.address] = one.outcome
        assert len(set(by_id.values())) == len(mails), "a mail stands in the store twice"
        tries = connection.execute(select(attempt.c.message).where(attempt.c.outcome == "accepted"))
        return Kept(
            states=Counter(one.state for one in mails),
            numbers={by_id[one.id]: (one.id, one.message_id) for one in mails},
            outcomes=dict(outcomes),
            leases=sum(one.lease_until is not None for one in mails),
            by_people=[
                one.act for one in connection.execute(select(event)) if one.act not in ("gave_up", "settle")
            ],
            orders=set(connection.scalars(select(orders.c.number))),
            accepted=Counter(message_ids[one] for one in tries.scalars()),
        )


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A copy to somebody, and the one that followed it."""

    recipient: str
    copy: Copy
    again: Copy


def duplicates(record: Record) -> Iterator[Duplicate]:
    """Give every copy that was followed by another to the same recipient."""
    copies: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for one in record.wire.copies:
        for address in one.recipients:
            copies[one.message_id, address].append(one)
    for (_, address), found in copies.items():
        for copy, again in itertools.pairwise(found):
            yield Duplicate(address, copy, again)


def was_cut(copy: Copy) -> bool:
    """Whether the server did not say, or not whole, that it had taken it."""
    return not copy.answered


def was_killed(copy: Copy, record: Record, within: float) -> bool:
    """Whether its sender was killed after it could write content, and soon enough to have noted nothing."""
    at = {**record.killed, **record.wire.killed}.get(copy.pid)
    return at is not None and copy.began <= at <= copy.ended + within
