"""``mailsend limit``: what the limits of servers leave, for all processes together."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.blank import not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_asking import By, person
from mailsend.model.limit_record import LimitRecord, RateRecord

__all__ = ["limit"]

limit = typer.Typer(
    callback=options.help_if_alone, invoke_without_command=True, help="Servers' limits: list, reset."
)

_Name = Annotated[
    str | None,
    typer.Argument(metavar="LIMIT", callback=not_blank, help="As limit list shows it.", show_default=False),
]
_Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is written down.")]


@limit.command("list")
def list_(
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show how much of each server's limits is taken now."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        limits = mailer.limits.list()
    output.document([_document(one) for one in limits])
    if not limits:
        output.line("Nothing has been taken from any limit yet.")
        return Exit.OK
    output.table(("limit", "taken", "in", "next one back"), [row for one in limits for row in _rows(one)])
    return Exit.OK


@limit.command()
def reset(
    name: _Name = None,
    reason: _Reason = "",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Forget what was taken from a limit. The server itself may still remember."""
    output = Output(as_json=as_json, quiet=quiet)
    for given, what, advice in (
        (name, "no limit is named", "List them: mailsend limit list."),
        (reason.strip(), "no reason is given", "Say why: --reason TEXT; it is written down."),
    ):
        if not given:
            raise CommandFailed(Exit.USAGE, what, advice=advice)
    with mailer_for(config) as mailer:
        mailer.limits.reset(str(name), reason=reason, by=person(by))
    output.document({"limit": name, "reset": True})
    output.marked(True, f"{name}: everything is there again.")
    return Exit.OK


def _document(one: LimitRecord) -> dict[str, Any]:
    return {
        "limit": one.name,
        "at": one.at.isoformat(),
        "rates": [
            {
                "amount": rate.amount,
                "seconds": rate.seconds,
                "counts": "recipients" if rate.per_recipient else "mails",
                "taken": rate.taken,
                "next_back": None if rate.next_back is None else rate.next_back.isoformat(),
            }
            for rate in one.rates
        ],
    }


def _rows(one: LimitRecord) -> list[tuple[str, ...]]:
    return [(one.name, _taken(rate), f"{rate.seconds:g} s", _back(rate)) for rate in one.rates]


def _taken(rate: RateRecord) -> str:
    return f"{rate.taken} of {rate.amount} {'recipients' if rate.per_recipient else 'mails'}"


def _back(rate: RateRecord) -> str:
    return "" if rate.next_back is None else rate.next_back.strftime("%Y-%m-%d %H:%M:%S UTC")
