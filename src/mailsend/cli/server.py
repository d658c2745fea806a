"""``mailsend server``: customers' servers, from entered to released."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli import server_asking as asking
from mailsend.cli.asking import mailer_for
from mailsend.cli.blank import none_blank, not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_entering import add, set_
from mailsend.cli.server_looking import probe, verify
from mailsend.cli.server_steps import lock, release, store_refuses, unlock, with_store
from mailsend.cli.server_words import (
    pause_document,
    record_document,
    server_document,
    tell_servers,
    told_pause,
)

__all__ = ["server"]

server = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="Customers' servers, from entered to released.",
)

_Order = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SERVER",
        callback=none_blank,
        help="All of them, in the order in which to try them.",
        show_default=False,
    ),
]
_Whose = Annotated[
    str | None,
    typer.Argument(metavar="CUSTOMER", callback=not_blank, help="Only this customer's.", show_default=False),
]


def list_(
    whose: _Whose = None,
    customer: options.Customer = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show the servers, in their order, and how far each has come."""
    output = Output(as_json=as_json, quiet=quiet)
    customer = customer or whose
    with mailer_for(config) as mailer:
        names = mailer.servers.customers() if customer is None else (customer,)
        records = [one for name in names for one in mailer.servers.list(name)]
        smarthosts = mailer.rules.application.smarthosts if customer is None else ()
        servers = (*smarthosts, *(one.server for one in records))
        pauses = [None if one is None else mailer.servers.log_in_pause(one) for one in servers]
    documents = [*(server_document(one) for one in smarthosts), *(record_document(one) for one in records)]
    output.document([{**one, **pause_document(pause)} for one, pause in zip(documents, pauses, strict=True)])
    tell_servers(output, smarthosts, records)
    for one, pause in zip(documents, pauses, strict=True):
        if pause is not None:
            output.warn(f"{one['name']}: {told_pause(pause)}")
    return Exit.OK


def remove(
    who: asking.Who = None,
    which: asking.Which = None,
    customer: options.Customer = None,
    by: asking.By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Take a server away. The last route of a customer's mail remains."""
    output = Output(as_json=as_json, quiet=quiet)
    name, rest = asking.named((who, which), customer)
    with mailer_for(config) as mailer:
        mailer.servers.needs_store()  # not the list: a row that cannot be read is taken away as well
        with store_refuses():
            gone = mailer.servers.remove(name, rest[0] if rest else None, by=asking.person(by))
    output.document({"removed": True, **record_document(gone)})
    output.marked(True, f"{gone.name} of {name} is removed.")
    return Exit.OK


def order(
    who: asking.Who = None,
    servers: _Order = None,
    customer: options.Customer = None,
    by: asking.By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Say in which order a customer's servers are tried."""
    output = Output(as_json=as_json, quiet=quiet)
    name, rest = asking.named((who, *(servers or ())), customer, most=1000)
    if not rest:
        raise CommandFailed(Exit.USAGE, "no server is named", advice="Name all of them, the first one first.")
    with mailer_for(config) as mailer:
        with_store(mailer, name)
        with store_refuses():
            records = mailer.servers.order(name, rest, by=asking.person(by))
    output.document([record_document(one) for one in records])
    tell_servers(output, (), records)
    return Exit.OK


server.command("list")(list_)
server.command()(add)
server.command("set")(set_)
server.command()(remove)
server.command()(order)
server.command()(probe)
server.command()(verify)
server.command()(release)
server.command()(lock)
server.command()(unlock)
