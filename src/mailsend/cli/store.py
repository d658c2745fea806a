"""``mailsend store``: the tables that the store needs."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli.asking import settings_from
from mailsend.cli.exits import Exit
from mailsend.cli.output import Output
from mailsend.errors import InvalidSettings
from mailsend.store import upgrade as upgrade_store
from mailsend.store import upgrade_sql

__all__ = ["store"]

store = typer.Typer(
    callback=options.help_if_alone, invoke_without_command=True, help="The store's tables: upgrade."
)

_Sql = Annotated[
    bool, typer.Option("--sql", help="Print the SQL instead, for whoever runs it by hand; change nothing.")
]


@store.command()
def upgrade(
    sql: _Sql = False,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Make the store's tables, or bring them up to date.

    A SQLite file is made, readable by you alone. Running it again does no harm.
    """
    output = Output(as_json=as_json, quiet=quiet)
    url = settings_from(config).rules.application.store
    if url is None:
        raise InvalidSettings(
            "application.store", "there is no store", advice='Set one: store = "sqlite:///mailsend.db".'
        )
    if sql:
        text = upgrade_sql(url)
        output.document({"sql": text})
        output.block(text.strip() or "-- The store is up to date.")
        return Exit.OK
    with output.while_waiting("Bringing the store up to date"):
        before, after = upgrade_store(url)
    output.document({"from": before, "to": after, "changed": before != after})
    if before == after:
        output.marked(True, f"The store is up to date (revision {after}).")
    elif before is None:
        output.marked(True, f"The store has its tables now (revision {after}).")
    else:
        output.marked(True, f"The store went from revision {before} to {after}.")
    return Exit.OK
