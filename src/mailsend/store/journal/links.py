"""What goes with a mail: mails made from it, and who receives mail for a domain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import literal_column, select

from mailsend.model.case_file import LinkedMail
from mailsend.model.providers import BY_DOMAIN
from mailsend.store.notices import NOTICED
from mailsend.store.schema.mails import event, message
from mailsend.store.schema.upkeep import provider
from mailsend.store.times import time_of

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["linked_mails", "providers_of"]

_AT_ONCE: Final = 1000
_SEEN: Final = (message.c.id, message.c.how, message.c.kind, message.c.state, message.c.queued_at)


def linked_mails(transaction: Transaction, ids: Iterable[str]) -> dict[str, tuple[LinkedMail, ...]]:
    """Give for each of these mails those that were made from it: sent again, or notices of it."""
    found: dict[str, dict[str, LinkedMail]] = {}
    for some in _in_parts(ids):
        _find_linked(transaction, some, found)
    return {mail: tuple(sorted(some.values(), key=lambda one: one.id)) for mail, some in found.items()}


def _find_linked(
    transaction: Transaction, wanted: Sequence[str], found: dict[str, dict[str, LinkedMail]]
) -> None:
    run = transaction.connection.execute
    # Written out, so that an index of those few that were made from another may be used.
    is_linked = message.c.linked_to != literal_column("''")
    made = select(*_SEEN, message.c.linked_to).where(message.c.linked_to.in_(wanted), is_linked)
    for row in run(made):
        found.setdefault(row.linked_to, {})[row.id] = _linked(row)
    told = select(event.c.message, event.c.facts).where(event.c.message.in_(wanted), event.c.act == NOTICED)
    notices = [(one.message, json.loads(one.facts).get("notice", "")) for one in run(told)]
    ours = select(*_SEEN).where(message.c.id.in_([notice for _, notice in notices]))
    by_id = {one.id: one for one in run(ours)}
    for mail, notice in notices:
        if notice in by_id:
            found.setdefault(mail, {})[notice] = _linked(by_id[notice])


def providers_of(transaction: Transaction, domains: Iterable[str]) -> Mapping[str, str]:
    """Give who receives mail for each of these domains; empty where nobody has looked yet."""
    wanted, known = set(domains), dict[str, str]()
    for some in _in_parts(wanted):
        asked = select(provider.c.domain, provider.c.provider).where(provider.c.domain.in_(some))
        known.update((one.domain, one.provider) for one in transaction.connection.execute(asked))
    return {one: BY_DOMAIN.get(one) or known.get(one, "") for one in sorted(wanted)}


def _in_parts(texts: Iterable[str]) -> Iterator[Sequence[str]]:
    """Give them some at a time: databases take so many values and no more in one statement."""
    several = list(texts)
    for start in range(0, len(several), _AT_ONCE):
        yield several[start : start + _AT_ONCE]


def _linked(row: Any) -> LinkedMail:
    return LinkedMail(
        id=row.id, how=row.how, kind=row.kind, state=row.state, queued_at=time_of(row.queued_at)
    )
