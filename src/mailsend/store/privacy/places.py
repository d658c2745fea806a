"""Where in the store an address may stand, and how it is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import String, Table, cast, func, or_, select, tuple_

from mailsend.store.schema import customers, lists, mails, servers, upkeep

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from mailsend.store.privacy.person import Person

__all__ = [
    "BY_MAIL",
    "SETTINGS",
    "TOLD",
    "blobs_with",
    "contents_with",
    "is_joined",
    "rows_with",
    "text_columns",
]

# Rows about a mail, with the column that names it.
BY_MAIL: Final = {
    mails.message: mails.message.c.id,
    mails.recipient: mails.recipient.c.message,
    mails.attempt: mails.attempt.c.message,
    mails.event: mails.event.c.message,
}
# What people and programs told of themselves, and what is over: it is blanked like the log.
TOLD: Final[dict[Table, tuple[str, ...]]] = {
    mails.event: ("by", "reason", "facts"),
    lists.entry: ("note", "source", "by"),
    servers.server_step: ("by", "note"),
    customers.customer: ("by",),
    customers.customer_version: ("by", "note"),
    upkeep.test_switch: ("by",),
    upkeep.confirmation: ("by",),
    upkeep.standing_hold: ("reason", "by", "lifted_by"),
    upkeep.duty: ("told",),
    upkeep.worker: ("told",),
}
# What holds for mail to come: a person changes it, or the address goes on to be used.
SETTINGS: Final[dict[Table, tuple[str, ...]]] = {
    customers.customer: ("rules",),
    customers.customer_version: ("rules",),
    servers.server: ("definition", "senders", "findings"),
    upkeep.test_switch: ("recipient",),
    upkeep.standing_hold: ("query",),
}

# What callers make up themselves, often of an address and more.
_JOINED: Final = frozenset(
    (
        mails.message.c.idempotency_key,
        mails.message.c.metadata,
        mails.message.c.tags,
        mails.idempotency.c.key,
    )
)

_AT_ONCE: Final = 200
_ESCAPE: Final = "\\"


def text_columns(table: Table) -> tuple[str, ...]:
    """Give the names of a table's columns that hold text of any kind, but those that name its rows."""
    return tuple(one.name for one in table.columns if isinstance(one.type, String) and not one.primary_key)


def is_joined(table: Table, name: str) -> bool:
    """Whether what stands in this column may tie an address to other words."""
    return table.c[name] in _JOINED


def rows_with(connection: Connection, person: Person, table: Table, names: Sequence[str]) -> Iterator[Any]:
    """Give the rows of a table in which the address stands in one of these columns."""
    columns = [table.c[one] for one in names]
    where = or_(*(_like(func.lower(one), person.needles) for one in columns))
    for row in _found(connection, table, where):
        if any(person.is_in(getattr(row, one), joined=is_joined(table, one)) for one in names):
            yield row


def contents_with(connection: Connection, person: Person) -> Iterator[str]:
    """Give the mails in whose content the address can be read; what is encrypted nobody reads."""
    needles = person.needles
    read: Callable[[Any], Any]
    if connection.dialect.name == "postgresql":
        needles = tuple(_escaped(one) for one in needles)
        read = _read_by_postgresql
    else:
        read = _read_by_sqlite
    table = mails.content
    where = or_(_like(read(table.c.asked), needles), _like(read(table.c.data), needles))
    for row in _found(connection, table, where):
        if person.is_in_octets(bytes(row.asked)) or person.is_in_octets(bytes(row.data)):
            yield row.message


def blobs_with(connection: Connection, person: Person) -> Sequence[str]:
    """Give the mails that hold a large file in which the address stands as it is written."""
    files, held = mails.blob, mails.content_blob
    if connection.dialect.name == "postgresql":
        where = [func.strpos(func.encode(files.c.data, "hex"), one.hex()) > 0 for one in person.octets]
    else:
        where = [func.instr(files.c.data, one) > 0 for one in person.octets]
    both = files.join(held, held.c.digest == files.c.digest)
    return [
        row.message for row in connection.execute(select(held.c.message).select_from(both).where(or_(*where)))
    ]


def _found(connection: Connection, table: Table, where: Any) -> Iterator[Any]:
    """Give the rows, some hundred at a time: they may be large, and many."""
    keys = list(table.primary_key.columns)
    found = [tuple(one) for one in connection.execute(select(*keys).where(where))]
    for at in range(0, len(found), _AT_ONCE):
        some = found[at : at + _AT_ONCE]
        yield from connection.execute(select(table).where(tuple_(*keys).in_(some))).all()


def _read_by_sqlite(column: Any) -> Any:
    return func.lower(cast(column, String))


def _read_by_postgresql(column: Any) -> Any:
    return func.lower(func.encode(column, "escape"))


def _escaped(needle: str) -> str:
    """Write a text as PostgreSQL shows octets: those that are not ASCII by their number."""
    return "".join(chr(one) if one < 128 else f"\\{one:03o}" for one in needle.encode())


def _like(column: Any, needles: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(column.like(f"%{_literal(one)}%", escape=_ESCAPE) for one in needles))


def _literal(needle: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        needle = needle.replace(special, _ESCAPE + special)
    return needle
