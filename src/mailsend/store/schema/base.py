"""What all tables share: names, kinds of columns, and the revisions that lead to them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Text

__all__ = [
    "NUMBER",
    "REVISION",
    "REVISIONS",
    "VERSION_TABLE",
    "flag",
    "metadata",
    "number",
    "only_on",
    "text",
    "time",
    "word",
]

VERSION_TABLE: Final = "mailsend_alembic_version"
REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
REVISION: Final = REVISIONS[-1]

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite numbers rows by itself only in a column that is INTEGER to the letter.
NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")


def text(name: str, **more: Any) -> Column[str]:
    """Give a column of text that is never missing: empty where there is nothing to say."""
    return Column(name, Text, nullable=False, **more)


def word(name: str, **more: Any) -> Column[str]:
    """Give a column for a stable code."""
    return Column(name, String(32), nullable=False, **more)


def number(name: str, **more: Any) -> Column[int]:
    """Give a column for a whole number that is never missing."""
    return Column(name, Integer, nullable=False, **more)


def flag(name: str) -> Column[int]:
    """Give a column that is 0 or 1."""
    return number(name)


def time(name: str, *, nullable: bool = True) -> Column[int]:
    """Give a column for a time: whole microseconds since 1970 in UTC."""
    return Column(name, BigInteger, nullable=nullable)


def only_on(database: str, index: Index) -> Index:
    """Give an index that this kind of database alone has; its ``info`` says so."""
    index.info["database"] = database
    index.ddl_if(dialect=database)
    return index
