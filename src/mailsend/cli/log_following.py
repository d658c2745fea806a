"""``mailsend log search --follow``: a line each time something happens to a mail, until somebody stops it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mailsend.cli.exits import INTERRUPTED, CommandFailed, Exit
from mailsend.cli.log_asking import joined
from mailsend.cli.log_looking import COLUMNS, columns_named, head
from mailsend.cli.output import Output
from mailsend.cli.shell_quotes import tell_lost_quotes
from mailsend.mailer import Mailer
from mailsend.model.mail_document import listed_document
from mailsend.model.stored_mail import StoredMail

__all__ = ["follow_in"]


def follow_in(
    output: Output,
    mailer: Mailer,
    typed: Sequence[str] | None,
    *,
    limit: int,
    after: str | None,
    columns: str | None,
) -> int:
    """Show the newest mails that a query finds, the oldest of them first, then go on with what happens."""
    if after is not None:
        raise CommandFailed(
            Exit.USAGE, "--after and --follow exclude each other", advice="Leave one of them out."
        )
    lines = _Lines(output, columns_named(columns), mailer.journal.zone())
    query = joined(typed)
    needs_attempts = "source-ip" in lines.names
    coming = mailer.journal.follow(query, attempts=needs_attempts)
    try:
        known = mailer.journal.search(query, limit=limit, attempts=needs_attempts).mails
        if not known:
            tell_lost_quotes(output, typed)
        for one in reversed(known):
            lines.tell(one)
        for one in coming:
            lines.tell(one)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has enough; what Python still holds goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK


class _Lines:
    """Rows of a table that grows: a column becomes as wide as what has stood in it."""

    def __init__(self, output: Output, names: Sequence[str], zone: ZoneInfo) -> None:
        self.names = names
        self._output = output
        self._zone = zone
        self._widths = [0] * len(names)
        self._say([head(name, zone) for name in names])

    def tell(self, mail: StoredMail) -> None:
        """Say a mail as it is now; as one line of JSON where JSON was asked for."""
        self._output.document_line(listed_document(mail))
        self._say([COLUMNS[name](mail, self._zone) for name in self.names])

    def _say(self, cells: Sequence[str]) -> None:
        self._widths = [max(width, len(cell)) for width, cell in zip(self._widths, cells, strict=True)]
        filled = (cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True))
        self._output.line("  ".join(filled).rstrip())
