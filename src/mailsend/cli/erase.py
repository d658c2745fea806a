"""``mailsend erase``: a person blanked everywhere in the store (M38)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output, counted
from mailsend.cli.server_asking import By, person
from mailsend.model.address import Address
from mailsend.model.erasure import Erasure

__all__ = ["erase"]

_Who = Annotated[
    str | None, typer.Argument(metavar="ADDRESS", help="The person's address.", show_default=False)
]
_Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is written down. Needed.")]
_CancelOpen = Annotated[
    bool, typer.Option("--cancel-open", help="Cancel mails that wait; else they stand in the way.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be found, and change nothing.")]
_Compact = Annotated[
    bool | None,
    typer.Option(
        "--compact/--no-compact",
        help="Write the store's files anew, so that nothing is left in them. PostgreSQL locks its tables"
        " meanwhile, so that there it is done only with --compact.",
        show_default=False,
    ),
]

_SHOWN: Final = 5


def erase(
    address: _Who = None,
    reason: _Reason = "",
    cancel_open: _CancelOpen = False,
    dry_run: _DryRun = False,
    compact: _Compact = None,
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Blank a person everywhere. In records, contents, conversations and events; and tell what was found.

    What keeps mail from the address goes on to hold, by a mark that only the secret keys can make.
    """
    output = Output(as_json=as_json, quiet=quiet)
    if address is None:
        raise CommandFailed(Exit.USAGE, "nobody is named", advice="Name the person by an address.")
    if not reason.strip() and not dry_run:
        raise CommandFailed(Exit.USAGE, "a reason is missing", advice='Say why: --reason "…".')
    who = Address.parse(address, field="address")
    with mailer_for(config) as mailer, output.changing_line("Looking") as say:
        done = mailer.privacy.erase(
            who,
            reason=reason or "dry run",
            by=person(by),
            dry_run=dry_run,
            cancel_open=cancel_open,
            compact=compact,
            progress=lambda number, of: say(
                f"{'Reading' if dry_run else 'Blanking'}: {number:,} of {counted(of, 'mail')}"
            ),
        )
    output.document(_document(done))
    _tell(output, done)
    return Exit.OK


def _tell(output: Output, done: Erasure) -> None:
    if not done.found:
        output.marked(True, "The store has nothing of this person.")
    for text, number in (
        ("mails", done.mails),
        ("recipients", done.recipients),
        ("attempts", done.attempts),
        ("events", done.events),
        ("contents", done.contents),
        ("keys", done.keys),
        ("listed", done.entries),
        ("other rows", done.others),
    ):
        if number:
            output.labelled(text, f"{number:,}")
    if done.dry_run:
        if done.open:
            ids = ", ".join(done.open[:_SHOWN]) + (", …" if len(done.open) > _SHOWN else "")
            what = "would be cancelled" if done.cancelled else "not at an end"
            output.marked(None, f"{counted(len(done.open), 'mail')} {what}: {ids}")
        for where, number in done.remaining.items():
            output.marked(None, f"It would still stand in {where} ({number:,}): that is changed by hand.")
        output.marked(None, "Nothing was changed: this was a dry run.")
        return
    if done.cancelled:
        output.marked(None, f"{counted(done.cancelled, 'mail')} cancelled.")
    for where, number in done.remaining.items():
        output.marked(None, f"It still stands in {where} ({number:,}): change that by hand, and erase again.")
    output.marked(
        done.compacted or None, "The store's files hold nothing of it." if done.compacted else done.advice
    )


def _document(done: Erasure) -> dict[str, Any]:
    return {
        "mails": done.mails,
        "recipients": done.recipients,
        "attempts": done.attempts,
        "events": done.events,
        "contents": done.contents,
        "keys": done.keys,
        "list_entries": done.entries,
        "others": done.others,
        "open": list(done.open),
        "cancelled": done.cancelled,
        "remaining": dict(done.remaining),
        "compacted": done.compacted,
        "advice": done.advice,
        "dry_run": done.dry_run,
    }
