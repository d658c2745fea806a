"""What people type about the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from mailsend.cli.blank import not_blank

__all__ = [
    "After",
    "Content",
    "DryRun",
    "HoldId",
    "Limit",
    "Locale",
    "Mail",
    "Query",
    "Raw",
    "Reason",
    "Save",
    "Standing",
    "Until",
    "Which",
]

Query: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="In the query language; all without one.", show_default=False),
]
Which: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID|QUERY", help="Ids, or a query such as customer:rat.", show_default=False),
]
Mail: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", callback=not_blank, help="The mail's own id.", show_default=False)
]
Reason: TypeAlias = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; it is written down with each mail.")
]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
]
After: TypeAlias = Annotated[
    str | None, typer.Option("--after", metavar="PLACE", help="Go on behind the page that said this.")
]
Limit: TypeAlias = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, max=10_000, help="How many at most.")
]
Content: TypeAlias = Annotated[
    bool, typer.Option("--content", help="Show header, text and attachments, too; the look is written down.")
]
Raw: TypeAlias = Annotated[
    bool, typer.Option("--raw", help="Print the finished mail alone; the look is written down.")
]
Save: TypeAlias = Annotated[
    Path | None,
    typer.Option("--save", metavar="FOLDER", help="Write bytes, HTML and attachments there; written down."),
]
Locale: TypeAlias = Annotated[
    str, typer.Option("--locale", metavar="TAG", help="The language of the words: en or de.")
]
Until: TypeAlias = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Also what comes until then: 2h, 7d, or 2026-12-31 (UTC)."),
]
Standing: TypeAlias = Annotated[
    bool, typer.Option("--standing", help="Also what comes, until somebody lifts it.")
]
HoldId: TypeAlias = Annotated[
    int,
    typer.Argument(
        metavar="NUMBER", min=1, max=2**63 - 1, help="The standing hold's number.", show_default=False
    ),
]
