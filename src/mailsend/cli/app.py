"""The commands and their names."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from mailsend.cli.check import check
from mailsend.cli.customer import customer
from mailsend.cli.demo import demo
from mailsend.cli.dkim import dkim
from mailsend.cli.erase import erase
from mailsend.cli.explain import explain
from mailsend.cli.limit import limit
from mailsend.cli.list import list_
from mailsend.cli.log import log
from mailsend.cli.options import help_if_alone
from mailsend.cli.person import person
from mailsend.cli.preview import preview
from mailsend.cli.queue import queue
from mailsend.cli.send import send
from mailsend.cli.server import server
from mailsend.cli.store import store
from mailsend.cli.suppress import suppress
from mailsend.cli.template import template
from mailsend.cli.test_mode import test_mode
from mailsend.cli.worker import worker

__all__ = ["app"]

app = typer.Typer(
    name="mailsend",
    invoke_without_command=True,
    pretty_exceptions_enable=False,  # they show local variables, and those hold secrets
    rich_markup_mode=None,  # help is short enough without boxes
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mailsend {version('mailsend')}")
        raise typer.Exit


@app.callback()
def _mailsend(
    context: typer.Context,
    version_: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Transactional mail in your customers' names, every choice explained."""
    help_if_alone(context)


app.command()(demo)
app.command()(send)
app.command()(preview)
app.command()(explain)
app.command()(check)
app.command()(worker)
app.command()(person)
app.command()(erase)
app.add_typer(dkim, name="dkim")
app.add_typer(store, name="store")
app.add_typer(server, name="server")
app.add_typer(customer, name="customer")
app.add_typer(list_, name="list")
app.add_typer(suppress, name="suppress")
app.add_typer(limit, name="limit")
app.add_typer(log, name="log")
app.add_typer(queue, name="queue")
app.add_typer(test_mode, name="test-mode")
app.add_typer(template, name="template")
