"""``mailsend list``: who is not written to, who never is, and who is all the same."""

from __future__ import annotations

import typer

from mailsend.cli import list_asking as asking
from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.output import Output
from mailsend.cli.server_asking import By
from mailsend.model.list_entry import Level, Why

__all__ = ["list_"]

list_ = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="Lists of addresses: suppress, block, allow.",
)


@list_.command()
def show(
    which: asking.Which,
    addresses: asking.Patterns = None,
    customer: options.Customer = None,
    after: asking.After = 0,
    limit: asking.Limit = 100,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show a list. Or what it says of single addresses and their domains."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return asking.show_of(output, mailer, which, addresses, customer=customer, after=after, limit=limit)


@list_.command()
def add(
    which: asking.Which,
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
    """Put addresses or whole domains on a list. A customer's, or the application's, which holds for all."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return asking.add_to(
            output,
            mailer,
            which,
            addresses,
            customer=customer,
            why=reason,
            note=note,
            until=until,
            level=level,
            by=by,
        )


@list_.command()
def remove(
    which: asking.Which,
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
    """Take addresses or whole domains off a list."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        return asking.remove_from(
            output, mailer, which, addresses, customer=customer, why=reason, note=note, by=by
        )
