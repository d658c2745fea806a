"""What the commands of ``mailsend log`` are asked by, each said once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

import typer

from mailsend.cli.blank import not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.decide.query import parse
from mailsend.errors import InvalidQuery
from mailsend.mailer.journal_export import Format as ExportFormat
from mailsend.model.periods import Unit
from mailsend.model.query import When
from mailsend.model.statistics import Group

__all__ = [
    "After",
    "By",
    "Columns",
    "Content",
    "Conversation",
    "Eml",
    "ExportFormat",
    "Follow",
    "Format",
    "Formulas",
    "GroupBy",
    "Limit",
    "Locale",
    "MailId",
    "Most",
    "Out",
    "Period",
    "Query",
    "Reason",
    "Since",
    "Timezone",
    "To",
    "Until",
    "joined",
    "needed_id",
    "time_from",
]

Query: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="What to look for, in the query language.", show_default=False),
]
MailId: TypeAlias = Annotated[
    str | None,
    typer.Argument(metavar="ID", callback=not_blank, help="Our id of the mail.", show_default=False),
]
Limit: TypeAlias = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many at most.")
]
After: TypeAlias = Annotated[
    str | None, typer.Option("--after", metavar="PLACE", help="Where the page before ended.")
]
Columns: TypeAlias = Annotated[
    str | None, typer.Option("--columns", metavar="NAME,…", help="Which columns, in which order.")
]
Follow: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--follow",
        "-f",
        help="Go on: a line each time a mail comes, is tried, or is acted upon, until Ctrl-C.",
    ),
]
Conversation: TypeAlias = Annotated[
    bool, typer.Option("--conversation", help="The SMTP conversation of every attempt.")
]
Content: TypeAlias = Annotated[
    bool, typer.Option("--content", help="Header fields, text and attachments; the look is written down.")
]
Eml: TypeAlias = Annotated[
    Path | None,
    typer.Option("--eml", metavar="FILE", help="Write the mail itself there; the look is written down."),
]
Locale: TypeAlias = Annotated[
    str, typer.Option("--locale", metavar="TAG", help="The language of the words: en or de.")
]
Format: TypeAlias = Annotated[
    ExportFormat,
    typer.Option("--format", metavar="NAME", help="csv: a row for each recipient; jsonl: a mail a line."),
]
Out: TypeAlias = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="A file instead of standard output.")
]
Most: TypeAlias = Annotated[
    int,
    typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many of the mails in full, at most."),
]
To: TypeAlias = Annotated[
    str | None, typer.Option("--to", metavar="ADDRESS", help="Another recipient instead, alone.")
]
Reason: TypeAlias = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is written down. Needed.")
]
By: TypeAlias = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", callback=not_blank, help="Who does it (else the log-in name here)."),
]
Period: TypeAlias = Annotated[Unit, typer.Option("--period", help="How long a period is.")]
GroupBy: TypeAlias = Annotated[Group | None, typer.Option("--group", help="What rows are told apart by.")]
Since: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From when on: 7d, 2026-03, 2026-03-31T08:30.")
]
Until: TypeAlias = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Until when, this time not included.")
]
Timezone: TypeAlias = Annotated[
    str | None,
    typer.Option("--timezone", metavar="NAME", help="As in Europe/Zurich; else the application's."),
]
Formulas: TypeAlias = Annotated[bool, typer.Option("--formulas", help="Say how each figure is computed.")]


def joined(query: Sequence[str] | None) -> str:
    """Give one query of the words that the shell has split."""
    return " ".join(query or ())


def needed_id(id: str | None) -> str:
    """Give the id that was named; raises CommandFailed for none."""
    if id is None:
        raise CommandFailed(Exit.USAGE, "no mail is named", advice="Find its id: mailsend log search.")
    return id


def time_from(option: str, text: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Read a time as the query language writes it; raises CommandFailed."""
    if text is None:
        return None
    try:
        asked = parse(f'after:"{text}"', zone=zone)
    except InvalidQuery as problem:
        raise _no_time(option, text, problem.advice) from None
    if not isinstance(asked, When):  # a quote in it made it another query
        raise _no_time(option, text, "Write a date (2026-03-31), or how long ago (2h, 3d).")
    return now - asked.at if isinstance(asked.at, timedelta) else asked.at


def _no_time(option: str, text: str, advice: str) -> CommandFailed:
    return CommandFailed(Exit.USAGE, f"{option} {text}: this is no time", advice=advice)
