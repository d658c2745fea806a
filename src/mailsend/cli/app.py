"""The commands and their names."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from mailsend.cli.check import check
from mailsend.cli.demo import demo
from mailsend.cli.dkim import dkim
from mailsend.cli.explain import explain
from mailsend.cli.options import help_if_alone
from mailsend.cli.preview import preview
from mailsend.cli.send import send
from mailsend.cli.server import server
from mailsend.cli.store import store
from mailsend.cli.template import template

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
app.add_typer(dkim, name="dkim")
app.add_typer(store, name="store")
app.add_typer(server, name="server")
app.add_typer(template, name="template")
