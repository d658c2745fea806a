"""``mailsend suppress``: short for ``mailsend list … suppress``."""

from __future__ import annotations

import typer

from mailsend.cli import list_asking as asking
from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.output import Output
from mailsend.cli.server_asking import By
from mailsend.model.list_entry import Level, ListName, Why

__all__ = ["suppress"]

suppress = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="The suppression list: who is left out of mail.",
)


@suppress.command("list")
def list_(
    addresses: asking.Patterns = None,
    customer: options.Customer = None,
    after: asking.After = 0,
    limit: asking.Limit = 100,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show who is suppressed, or whether single addresses are."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return asking.show_of(
            output, mailer, ListName.SUPPRESS, addresses, customer=customer, after=after, limit=limit
        )


@suppress.command()
def add(
    addresses: asking.Patterns = None,
    customer: options.Customer = None,
    reason: asking.Reason = Why.BY_HAND,
    until: asking.Until = None,
    note: asking.Note = "",
    level: asking.ListLevel = Level.ADMIN,
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Leave addresses or whole domains out of mail. A customer's, or everybody's."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return asking.add_to(
            output,
            mailer,
            ListName.SUPPRESS,
            addresses,
            customer=customer,
            why=reason,
            note=note,
            until=until,
            level=level,
            by=by,
        )


@suppress.command()
def remove(
    addresses: asking.Patterns = None,
    customer: options.Customer = None,
    reason: asking.RemovedFor = None,
    note: asking.Note = "",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Write to addresses or whole domains again."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return asking.remove_from(
            output, mailer, ListName.SUPPRESS, addresses, customer=customer, why=reason, note=note, by=by
        )
