"""Where a password comes from: a file, standard input, the environment, or whoever sits there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import typer

from mailsend.cli.asking import read_text
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.model.secret import Secret

__all__ = ["read_password"]

_LARGEST: Final = 100_000


def read_password(file: Path | None, variable: str | None) -> Secret:
    """Read the password from a file, from the environment, or from whoever sits there."""
    if file is not None and variable is not None:
        raise CommandFailed(
            Exit.USAGE, "--password-file and --password-env are both given", advice="Give one of the two."
        )
    if variable is not None:
        found = os.environ.get(variable)  # noqa: TID251 - a person named the variable
        if not found:
            raise CommandFailed(
                Exit.NO_INPUT,
                f"{variable} is not set",
                advice="Set it, or name another variable.",
            )
        return Secret(found)
    if file is not None:
        text = (sys.stdin.readline() if str(file) == "-" else read_text(file, _LARGEST)).rstrip("\r\n")
        if not text:
            raise CommandFailed(Exit.NO_INPUT, "the password is empty", advice="Write it in one line.")
        return Secret(text)
    if not sys.stdin.isatty():
        raise CommandFailed(
            Exit.USAGE,
            "--user is given and no password",
            advice="Give --password-file or --password-env; at a terminal it is asked for.",
        )
    return Secret(typer.prompt("Password", hide_input=True, err=True))
