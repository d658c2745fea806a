"""``mailsend log stats``: counts, sizes and ratios by period and group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mailsend.cli import log_asking as asking
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.shell_quotes import tell_lost_quotes
from mailsend.cli.wrong_option import wrong_option
from mailsend.errors import StoreRefused
from mailsend.mailer import Mailer
from mailsend.mailer.clock import utc_now
from mailsend.model.periods import Unit
from mailsend.model.statistics import Counts, Group, Statistics

__all__ = ["stats_of"]

_BEGINS: Final = {
    Unit.HOUR: "%Y-%m-%d %H:%M%z",
    Unit.DAY: "%Y-%m-%d",
    Unit.WEEK: "%G-W%V",
    Unit.MONTH: "%Y-%m",
    Unit.YEAR: "%Y",
}
_HEAD: Final = ("mails", "recipients", "accepted", "rejected", "other", "accepted %", "mean size (bytes)")
_REASONS: Final = "reasons (% of recipients)"
_MOST_REASONS: Final = 3


def stats_of(
    output: Output,
    mailer: Mailer,
    typed: Sequence[str] | None,
    *,
    by: Unit,
    since: str | None,
    until: str | None,
    group: Group | None,
    timezone: str | None,
    locale: str,
    formulas: bool,
) -> int:
    """Count, and say how each figure is computed where that is asked for."""
    now, journal = utc_now(), mailer.journal
    with wrong_option("--timezone"):
        zone = journal.zone(timezone)
    begin, end = (
        asking.time_from(option, text, zone, now) for option, text in (("--since", since), ("--until", until))
    )
    if begin is not None and end is not None and end <= begin:
        raise CommandFailed(
            Exit.USAGE, "--until is not after --since", advice="Name a later time, or leave one of them out."
        )
    try:
        with output.while_waiting("Counting"):
            found = journal.statistics(
                by=by,
                since=begin,
                until=end,
                query=asking.joined(typed),
                group=group,
                timezone=timezone,
            )
    except StoreRefused as problem:  # more than anybody reads, or beyond any calendar
        raise CommandFailed(Exit.USAGE, str(problem), advice=problem.advice) from None
    output.document(found.document(locale))
    output.table(*_table(found))
    if not found.total.mails and not found.total.test_copies:
        tell_lost_quotes(output, typed)
    if found.total.test_copies:
        output.line(f"Besides: {found.total.test_copies:,} in test mode.")
    if formulas:
        output.heading("How it is computed")
        for name, words in found.formulas(locale).items():
            output.line(f"{name}: {words}")
    return Exit.OK


def _table(found: Statistics) -> tuple[Sequence[str], list[Sequence[str]]]:
    grouped = found.group is not None
    head = [f"{found.by} ({found.timezone})", *([str(found.group)] if grouped else ()), *_HEAD, _REASONS]
    rows: list[Sequence[str]] = [
        [_begin(one.begin, found.by), *([one.group or "(none)"] if grouped else ()), *_cells(one.counts)]
        for one in found.rows
    ]
    rows.append(["total", *([""] if grouped else ()), *_cells(found.total)])
    return head, rows


def _begin(begin: datetime, by: Unit) -> str:
    return begin.strftime(_BEGINS[by])


def _cells(counts: Counts) -> list[str]:
    accepted, rejected = (counts.outcomes.get(one, 0) for one in ("accepted", "rejected"))
    ratio, mean = counts.ratios["accepted_ratio"], counts.mean_size
    return [
        f"{counts.mails:,}",
        f"{counts.recipients:,}",
        f"{accepted:,}",
        f"{rejected:,}",
        f"{counts.recipients - accepted - rejected:,}",
        "" if ratio is None else _share(ratio),
        "" if mean is None else f"{mean:,.0f}",
        _reasons(counts),
    ]


def _reasons(counts: Counts) -> str:
    """Give the share of each reason, the most frequent first; all of them stand in the document."""
    shares = sorted(counts.reason_shares.items(), key=lambda one: (-one[1], one[0]))
    more = f", {len(shares) - _MOST_REASONS} more" if len(shares) > _MOST_REASONS else ""
    return ", ".join(f"{reason} {_share(share)}" for reason, share in shares[:_MOST_REASONS]) + more


def _share(ratio: float) -> str:
    """Give a share in per cent: none and all are said of none and of all alone."""
    if 0 < ratio < 0.001:
        return "< 0.1%"
    return "> 99.9%" if 0.999 < ratio < 1 else f"{ratio:.1%}"
