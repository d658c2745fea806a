"""What a database says went wrong, in words that say what to do; no value of a row is told."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mailsend.errors import StoreError
from mailsend.store.location import Location, StoreKind

__all__ = ["told"]

# What SQLite and PostgreSQL say, and what that asks of people.
_ADVICE: Final = (
    ("database is locked", "Another program has held it for too long: look which one has it open."),
    ("lock timeout", "Another transaction has held it for too long: look which one it is."),
    ("unable to open", "Look whether this user may read and write the file and its folder."),
    ("readonly", "Look whether this user may read and write the file and its folder."),
    ("not a database", "Look whether it is the right file; none of another kind is ever changed."),
    ("malformed", "Put a backup back; the sqlite3 program's .recover saves what can be read."),
    ("full", "Make room on the disk."),
    ("password authentication", "Look at user and password in the store's URL."),
    ("does not exist", "Look at the names in the store's URL; the database itself is made by hand."),
)


def told(problem: SQLAlchemyError, location: Location) -> StoreError:
    """Give the error that says it in our words; the driver's stays its cause."""
    cause = problem.orig if isinstance(problem, DBAPIError) else None
    first = next(iter(str(cause or type(problem).__name__).splitlines()), "")
    usual = (
        "Look whether the server runs and can be reached."
        if location.kind is StoreKind.POSTGRESQL
        else "Look at the file and the disk that it is on."
    )
    advice = next((advice for sign, advice in _ADVICE if sign in first), usual)
    return StoreError(f"the store {location.shown} failed: {first}", advice=advice)
