"""What the library says of a value, told as a fault of the option that gave it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mailsend.cli.exits import CommandFailed, Exit
from mailsend.errors import StoreError
from mailsend.store.cursor import Cursor

__all__ = ["check_place", "wrong_option"]


@contextmanager
def wrong_option(option: str) -> Iterator[None]:
    """Let what is raised for the value of ``option`` end as wrong usage."""
    try:
        yield
    except StoreError as problem:
        raise CommandFailed(Exit.USAGE, f"{option}: {problem}", advice=problem.advice) from None


def check_place(after: str | None) -> None:
    """See that ``--after`` names a place in a list; raises CommandFailed."""
    if after is not None:
        with wrong_option("--after"):
            Cursor.read(after)
