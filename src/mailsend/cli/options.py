"""The options that commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from mailsend.cli.blank import not_blank
from mailsend.cli.exits import Exit

__all__ = [
    "Actor",
    "Attach",
    "Bcc",
    "BounceTo",
    "BusinessUnit",
    "Cc",
    "Config",
    "Customer",
    "Debug",
    "From",
    "Header",
    "HtmlBody",
    "HtmlBodyOfSend",
    "Json",
    "Locale",
    "Quiet",
    "ReplyTo",
    "RequireTls",
    "Set",
    "Subject",
    "TemplateName",
    "TextBody",
    "To",
    "Values",
    "help_if_alone",
]

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file (else $MAILSEND_CONFIG, ./mailsend.toml)."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")]

From: TypeAlias = Annotated[
    str | None, typer.Option("--from", metavar="MAILBOX", help="The requested sender.")
]
To: TypeAlias = Annotated[
    list[str] | None, typer.Option("--to", metavar="MAILBOX", help="A recipient; may be repeated.")
]
Cc: TypeAlias = Annotated[
    list[str] | None, typer.Option("--cc", metavar="MAILBOX", help="A recipient of a copy; may be repeated.")
]
Bcc: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--bcc", metavar="MAILBOX", help="A recipient nobody sees; may be repeated."),
]
ReplyTo: TypeAlias = Annotated[
    list[str] | None, typer.Option("--reply-to", metavar="MAILBOX", help="Where answers go.")
]
BounceTo: TypeAlias = Annotated[
    str | None, typer.Option("--bounce-to", metavar="ADDRESS", help="Where bounces go, if SPF allows it.")
]
RequireTls: TypeAlias = Annotated[
    bool, typer.Option("--require-tls", help="Verified TLS all the way, or not at all.")
]

Customer: TypeAlias = Annotated[
    str | None, typer.Option("--customer", metavar="NAME", callback=not_blank, help="The customer.")
]
BusinessUnit: TypeAlias = Annotated[
    str | None,
    typer.Option("--business-unit", metavar="NAME", callback=not_blank, help="The customer's unit."),
]
Actor: TypeAlias = Annotated[
    str | None,
    typer.Option("--actor", metavar="TEXT", help="The person who caused the mail (a log-in name)."),
]
Locale: TypeAlias = Annotated[
    str | None,
    typer.Option("--locale", metavar="TAG", help="The mail's language, as in de-CH."),
]

Subject: TypeAlias = Annotated[str | None, typer.Option("--subject", metavar="TEXT", help="The subject.")]
TextBody: TypeAlias = Annotated[
    str | None,
    typer.Option("--text", metavar="TEXT", help="The text; - reads it from standard input."),
]
HtmlBody: TypeAlias = Annotated[
    Path | None,
    typer.Option("--html-file", metavar="FILE", help="The HTML, from a file."),
]
HtmlBodyOfSend: TypeAlias = Annotated[
    Path | None,
    typer.Option("--html", "--html-file", metavar="FILE", help="The HTML, from a file."),
]
Attach: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--attach", metavar="FILE", help="A file to attach; may be repeated."),
]
TemplateName: TypeAlias = Annotated[
    str | None,
    typer.Option("--template", metavar="NAME", help="A template instead of text."),
]
Values: TypeAlias = Annotated[
    Path | None,
    typer.Option("--values", metavar="FILE", help="The template's values, TOML or JSON."),
]
Set: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=TEXT", help="One value, over those of --values; dots go inwards."),
]
Header: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'NAME: TEXT'", help="A further header field."),
]


def help_if_alone(context: typer.Context) -> None:
    """Show the help of a group that was named without a command; that is a usage error."""
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(Exit.USAGE)
