"""The command line: every door of the house, opened by a word."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code (sysexits); ``arguments`` default to the process's own."""
    given = sys.argv[1:] if arguments is None else [*arguments]
    try:
        import rich
        import typer
    except ImportError:
        sys.exit(_without_extra())
    del rich, typer
    from mailsend.cli.running import run

    sys.exit(run(given))


def _without_extra() -> int:
    from mailsend.cli.exits import Exit
    from mailsend.errors import MissingExtra

    missing = MissingExtra("cli", needed_for="the command line")
    print(f"mailsend: {missing}\n  {missing.advice}", file=sys.stderr)
    return Exit.UNAVAILABLE
