"""What a torture run must not have done, by the server's record, the acknowledgements, and the store."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from torture_programs import engine_for, orders
from torture_run import DOT_TIMEOUT, UNKNOWN_AFTER, Record
from torture_wire import Copy

from mailsend.model.report import Outcome
from mailsend.store.schema.mails import attempt, event, message, recipient

__all__ = ["LATE", "Duplicate", "Kept", "Told", "duplicates", "kept", "why"]

# What a sender says that is not killed, and still too slow: that is torture, and no error.
LATE = "was taken over by another worker before it was finished here"


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


def why(one: Duplicate, record: Record, told: Told) -> str:
    """Say why nobody knew of a copy when it was sent once more; empty where somebody did, or should have.

    ``cut``: the server did not say, or not whole, that it had taken it. ``killed``: its sender was, before
    that was written down. ``late``: the server's answer came when its sender waited no longer.
    ``overtaken``: its sender held its lease when the content went out, but was so slow to write down what it
    heard that somebody else was to send it by then, and says so itself. ``asleep``: whoever sent it once more
    was let stand still by the server between DATA and its content, and had it before the other one.
    """
    copy, again = one.copy, one.again
    if copy.answered is None:
        return "cut"
    noted = told.by_sender(copy, one.recipient)
    if noted is Outcome.UNKNOWN and copy.answered >= copy.began + DOT_TIMEOUT:
        return "late"
    if record.wire.senders.stood_still_between(again.pid, again.began, again.ended):
        return "asleep"
    if noted is Outcome.ACCEPTED and copy.message_id not in told.settled:
        return ""
    killed = {**record.killed, **record.wire.senders.killed}.get(copy.pid)
    if noted is None and killed is not None and killed >= copy.began:
        return "killed"
    # It let nothing out once its lease had ended, and from then on nobody else for so long.
    if copy.message_id in told.overtaken and again.began >= copy.began + UNKNOWN_AFTER:
        return "overtaken"
    return ""


class Told:
    """What senders wrote down, or said, of the copies that they sent."""

    def __init__(self, record: Record) -> None:
        with engine_for(record.url).connect() as connection:
            ids = {
                one.id: one.message_id
                for one in connection.execute(select(message.c.id, message.c.message_id))
            }
            self._attempts = [*connection.execute(select(attempt))]
            settled = select(event.c.message).where(event.c.act == "settle")
            self.settled = {ids[one] for one in connection.scalars(settled)}
        self._ids = ids
        self._epoch = record.epoch
        late = [one.partition(" ")[0] for one in record.errors.splitlines() if one.endswith(LATE)]
        self.overtaken = {ids[one] for one in late}

    def by_sender(self, copy: Copy, recipient: str) -> Outcome | None:
        """Give what the attempt says of a recipient in which a copy was sent; None where it is not written down."""
        began = (copy.began + self._epoch) * 1_000_000
        for one in self._attempts:
            ours = self._ids[one.message] == copy.message_id and one.worker.endswith(f"/{copy.pid}")
            if ours and one.started_at <= began <= one.ended_at:
                outcomes = {who: outcome for who, outcome, *_ in json.loads(one.recipients)}
                return Outcome(outcomes[recipient])
        return None
