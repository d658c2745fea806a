"""The tables, as the newest revision has them; the migrations lead there.

Times are whole microseconds since 1970 in UTC, the same in every database; lists and mappings are
JSON in text. No column but ``sealed`` holds anything secret, and that one is encrypted.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["REVISION", "REVISIONS", "VERSION_TABLE", "metadata", "server", "server_step"]

VERSION_TABLE: Final = "mailsend_alembic_version"
REVISIONS: Final = ("0001",)
REVISION: Final = REVISIONS[-1]

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite numbers rows by itself only in a column that is INTEGER to the letter.
_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")

server: Final = Table(
    "mailsend_server",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("definition", Text),  # JSON; none where the definition stands in the rules
    Column("sealed", Text),  # the account, encrypted
    Column("senders", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("account", String(64), nullable=False),  # the fingerprint without password and TLS
    Column("steps", Text, nullable=False),
    Column("findings", Text, nullable=False),
    UniqueConstraint("customer", "name"),
)

# It refers to no row of the other: history outlives what it tells of.
server_step: Final = Table(
    "mailsend_server_step",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("act", String(16), nullable=False),
    Column("before", String(16)),
    Column("after", String(16)),
    Column("note", Text, nullable=False),
    Index(None, "customer", "id"),
)
