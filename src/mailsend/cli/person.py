"""``mailsend person``: all that the store has of a person (M38)."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_asking import By
from mailsend.cli.server_asking import person as who_asks
from mailsend.model.address import Address

__all__ = ["person"]

_Who = Annotated[
    str | None, typer.Argument(metavar="ADDRESS", help="The person's address.", show_default=False)
]
_WithContent = Annotated[
    bool, typer.Option("--with-content", help="The mails themselves too, in base64; never sensitive ones.")
]


def person(
    address: _Who = None,
    with_content: _WithContent = False,
    by: By = None,
    config: options.Config = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
    as_json: options.Json = False,
) -> int:
    """Give out all that is kept of a person. As one JSON document, with or without --json.

    It is written down who asked. Of other people nothing is told.
    """
    output = Output(as_json=True, quiet=quiet)
    if address is None:
        raise CommandFailed(Exit.USAGE, "nobody is named", advice="Name the person by an address.")
    who = Address.parse(address, field="address")
    with mailer_for(config) as mailer:
        given = mailer.privacy.export(who, by=who_asks(by), with_content=with_content)
    output.document(given)
    return Exit.OK
