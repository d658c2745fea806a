"""What people typed about lists, and how entries are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias

import typer

from mailsend.cli.asking_times import time_in
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output, counted
from mailsend.cli.server_asking import person
from mailsend.mailer import Mailer
from mailsend.mailer.clock import utc_now
from mailsend.model.list_entry import Entry, Level, ListName, ListPattern, Why

__all__ = [
    "After",
    "Limit",
    "ListLevel",
    "Note",
    "Patterns",
    "Reason",
    "RemovedFor",
    "Until",
    "Which",
    "add_to",
    "remove_from",
    "show_of",
]

Which: TypeAlias = Annotated[
    ListName, typer.Argument(metavar="LIST", help="suppress, block or allow.", show_default=False)
]
Patterns: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="ADDRESS", help="bob@…, or @domain for all of one.", show_default=False),
]
Reason: TypeAlias = Annotated[
    Why, typer.Option("--reason", metavar="CODE", help="by_hand, no_such_user or complaint.")
]
RemovedFor: TypeAlias = Annotated[
    Why | None, typer.Option("--reason", metavar="CODE", help="Only what is listed for this reason.")
]
Until: TypeAlias = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Else for good: 2h, 7d, or 2026-12-31[T12:00] (UTC)."),
]
Note: TypeAlias = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is written down.")]
ListLevel: TypeAlias = Annotated[
    Level,
    typer.Option("--level", metavar="LEVEL", help="Whose word it is: user or admin; rule for a program."),
]
After: TypeAlias = Annotated[
    int,
    typer.Option(
        "--after", metavar="ID", min=0, max=2**63 - 1, help="Only what is listed behind this entry."
    ),
]
Limit: TypeAlias = Annotated[
    int, typer.Option("--limit", metavar="NUMBER", min=1, max=10_000, help="How many at most.")
]

_SHOWN: Final = "%Y-%m-%d %H:%M UTC"


def add_to(
    output: Output,
    mailer: Mailer,
    name: ListName,
    patterns: Sequence[str] | None,
    *,
    customer: str | None,
    why: Why,
    note: str,
    until: str | None,
    level: Level,
    by: str | None,
) -> int:
    """List addresses and domains, all of them or none that cannot be read."""
    wanted = _named(patterns)
    if customer is not None:
        _check_customer(mailer, customer)
    ends = None if until is None else time_in(until, utc_now())
    view, who = mailer.lists[name], person(by)
    added = [
        view.add(one, customer=customer, reason=why, note=note, until=ends, level=level, by=who)
        for one in wanted
    ]
    output.document([_document(one) for one in added])
    for one in added:
        again = f" (met {one.times} times)" if one.times > 1 else ""
        output.marked(True, f"{one.pattern} is on the {name} list{_of(one)}{_until(one)}{again}.")
    return Exit.OK


def remove_from(
    output: Output,
    mailer: Mailer,
    name: ListName,
    patterns: Sequence[str] | None,
    *,
    customer: str | None,
    why: Why | None,
    note: str,
    by: str | None,
) -> int:
    """Take addresses and domains off a list; what is not on it is told, and makes the command fail."""
    view, who = mailer.lists[name], person(by)
    gone = [
        (one, view.remove(one, customer=customer, reason=why, note=note, by=who)) for one in _named(patterns)
    ]
    output.document([{"pattern": one, "removed": many} for one, many in gone])
    for one, many in gone:
        if many:
            output.marked(True, f"{one} is off the {name} list.")
        else:
            output.marked(
                False, f"{one} is not on the {name} list{'' if customer is None else f' of {customer}'}."
            )
    if all(many for _, many in gone):
        return Exit.OK
    output.fail(
        "what is not on the list cannot be taken off it",
        f"Look who lists it: mailsend list show {name} ADDRESS.",
    )
    return Exit.DATA


def show_of(
    output: Output,
    mailer: Mailer,
    name: ListName,
    patterns: Sequence[str] | None,
    *,
    customer: str | None,
    after: int,
    limit: int,
) -> int:
    """Show a list, or what it says of single addresses."""
    view = mailer.lists[name]
    if patterns:
        entries = [one for pattern in patterns for one in view.find(pattern, customer=customer)]
    else:
        entries = [*view.show(customer=customer, after=after, limit=limit)]
    output.document([_document(one) for one in entries])
    if not entries:
        output.line(f"Nothing is on the {name} list{'' if customer is None else f' of {customer}'} here.")
        return Exit.OK
    output.table(
        ("id", "address", "customer", "reason", "until", "times", "by", "note"),
        [_row(one) for one in entries],
    )
    if not patterns and len(entries) == limit:
        output.line(f"{counted(limit, 'entry', 'entries')}; the next ones: --after {entries[-1].id}")
    return Exit.OK


def _named(patterns: Sequence[str] | None) -> list[str]:
    if not patterns:
        raise CommandFailed(
            Exit.USAGE, "no address is named", advice="Name one, as in bob@example.org or @example.org."
        )
    return [ListPattern.parse(one, field="ADDRESS").text for one in patterns]


def _check_customer(mailer: Mailer, customer: str) -> None:
    """Refuse a misspelt customer where the settings name all of them."""
    if mailer.rules.customers:
        mailer.rules.scope(customer)


def _document(one: Entry) -> dict[str, Any]:
    return {
        "id": one.id,
        "list": str(one.list),
        "customer": one.customer or None,
        "pattern": one.pattern or None,
        "reason": str(one.why),
        "note": one.note,
        "source": one.source,
        "by": one.by,
        "level": str(one.level),
        "times": one.times,
        "made_at": one.made_at.isoformat(),
        "until": None if one.until is None else one.until.isoformat(),
    }


def _row(one: Entry) -> tuple[str, ...]:
    until = "for good" if one.until is None else one.until.strftime(_SHOWN)
    return (
        str(one.id),
        one.pattern or "(erased)",
        one.customer or "(all)",
        str(one.why),
        until,
        str(one.times),
        one.by,
        one.note,
    )


def _of(one: Entry) -> str:
    return f" of {one.customer}" if one.customer else ""


def _until(one: Entry) -> str:
    return "" if one.until is None else f" until {one.until.strftime(_SHOWN)}"
