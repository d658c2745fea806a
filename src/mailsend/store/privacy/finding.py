"""Where in the store a person is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from mailsend.store.privacy.places import (
    BY_MAIL,
    SETTINGS,
    TOLD,
    blobs_with,
    contents_with,
    rows_with,
    text_columns,
)
from mailsend.store.privacy.rewriting import IS_OPEN
from mailsend.store.schema.mails import event, idempotency, message, recipient

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailsend.store.privacy.person import Person

__all__ = ["Findings", "find"]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found: ids of mails, keys, and how many rows of each other table.

    ``mails`` are those whose records name the person, ``contents`` those whose content alone does;
    ``open`` and ``open_contents`` the same where they have not come to their end.
    """

    mails: tuple[str, ...]
    contents: tuple[str, ...]
    open: tuple[str, ...]
    open_contents: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    told: Mapping[str, int]
    settings: Mapping[str, int]
    domain_is_shared: bool

    @property
    def to_blank(self) -> bool:
        """Whether there is anything that can be blanked now."""
        return bool(self.mails or self.contents or self.keys or self.told)


def find(connection: Connection, person: Person) -> Findings:
    """Look for a person in every table but the lists, which keep marks of their own."""
    named: set[str] = set()
    told: Counter[str] = Counter()
    for table, mail in BY_MAIL.items():
        for row in rows_with(connection, person, table, text_columns(table)):
            if (of := getattr(row, mail.name)) != "":
                named.add(of)
            else:
                told[table.name] += 1
    for table, names in TOLD.items():
        if table is not event:
            told[table.name] += sum(1 for _ in rows_with(connection, person, table, names))
    within = {*contents_with(connection, person), *blobs_with(connection, person)} - named
    is_open = _open(connection, sorted(named | within))
    keys = [
        (row.customer, row.in_test_mode, row.key)
        for row in rows_with(connection, person, idempotency, ("customer", "key"))
    ]
    settings = {
        table.name: sum(1 for _ in rows_with(connection, person, table, names))
        for table, names in SETTINGS.items()
    }
    return Findings(
        mails=tuple(sorted(named - is_open)),
        contents=tuple(sorted(within - is_open)),
        open=tuple(sorted(named & is_open)),
        open_contents=tuple(sorted(within & is_open)),
        keys=tuple(keys),
        told={name: count for name, count in told.items() if count},
        settings={name: count for name, count in settings.items() if count},
        domain_is_shared=_is_shared(connection, person),
    )


def _open(connection: Connection, mails: list[str]) -> set[str]:
    found: set[str] = set()
    for some in _parts(mails):
        asked = select(message.c.id).where(message.c.id.in_(some), message.c.state.in_(sorted(IS_OPEN)))
        found.update(row.id for row in connection.execute(asked))
    return found


def _parts(mails: list[str]) -> Iterable[list[str]]:
    return (mails[at : at + _AT_ONCE] for at in range(0, len(mails), _AT_ONCE))


def _is_shared(connection: Connection, person: Person) -> bool:
    """Whether mail went to others there."""
    address = person.address
    others = select(recipient.c.message).where(
        recipient.c.domain == address.domain.ascii, recipient.c.key != address.key
    )
    return connection.execute(others.limit(1)).first() is not None
