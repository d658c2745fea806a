"""``mailsend customer``: customers that the store keeps, with every version of their rules."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for, read_values
from mailsend.cli.blank import not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_asking import By, person
from mailsend.model.customer_record import CustomerVersion
from mailsend.settings.files import with_files

__all__ = ["customer"]

customer = typer.Typer(
    callback=options.help_if_alone,
    invoke_without_command=True,
    help="Customers in the store: list, show, set.",
)

_Name = Annotated[
    str | None,
    typer.Argument(metavar="CUSTOMER", callback=not_blank, help="The customer's name.", show_default=False),
]
_Edits = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Single keys: VALUE as in TOML, or plain text; empty takes the key away.",
        show_default=False,
    ),
]
_From = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FILE", help="All rules, TOML or JSON: what stands under [customers.NAME]."
    ),
]
_Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is written down.")]
_Version = Annotated[
    int | None, typer.Option("--version", metavar="NUMBER", min=1, help="An earlier version.")
]
_History = Annotated[bool, typer.Option("--history", help="Every version: who wrote it, when and why.")]

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_OF_EDIT: Final = re.compile(
    r"""(?:[^="']|"(?:[^"\\]|\\.)*"|'[^']*')*(?==)"""
)  # quotes keep what is in them
_SHOWN: Final = "%Y-%m-%d %H:%M UTC"


@customer.command("list")
def list_(
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show the customers that the store keeps."""
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        found = mailer.customers.list()
    output.document([_told(one) for one in found])
    if not found:
        output.line("The store has no customer yet: mailsend customer set NAME --from FILE enters one.")
        return Exit.OK
    _table(output, found)
    return Exit.OK


@customer.command()
def show(
    name: _Name = None,
    version: _Version = None,
    history: _History = False,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show a customer's rules; what is secret in them is hidden."""
    output = Output(as_json=as_json, quiet=quiet)
    who = _named(name)
    with mailer_for(config) as mailer:
        if history:
            versions = mailer.customers.history(who)
            output.document([_told(one) for one in versions])
            _table(output, versions)
            return Exit.OK
        found = mailer.customers.show(who, version)
    output.document({**_told(found), "rules": found.rules})
    output.labelled("Customer", found.name)
    output.labelled("Version", f"{found.version}, {found.at.strftime(_SHOWN)}, {found.by}")
    if found.note:
        output.labelled("Note", found.note)
    output.line()
    output.block("\n".join(_lines(found.rules)))
    return Exit.OK


@customer.command("set")
def set_(
    name: _Name = None,
    edits: _Edits = None,
    from_: _From = None,
    note: _Note = "",
    by: By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Enter a customer, or change its rules. What is not valid is not written.

    With --from they are written whole, else key by key. Every version is kept.
    """
    output = Output(as_json=as_json, quiet=quiet)
    who = _named(name)
    if (from_ is None) == (not edits):
        raise CommandFailed(
            Exit.USAGE,
            "rules are given whole, or key by key",
            advice="Give --from FILE, or KEY=VALUE as in locale=de-CH.",
        )
    with mailer_for(config) as mailer:
        if from_ is not None:
            done = mailer.customers.set(who, _rules_in(from_, who), note=note, by=person(by))
        else:
            done = mailer.customers.change(who, _changes(edits or ()), note=note, by=person(by))
        counts = mailer.rules.application.directory is not None
    output.document(_told(done))
    output.marked(True, f"{who} is at version {done.version}.")
    if not counts:
        output.warn('nothing looks at it yet: set application.directory = "store", and take [customers] out')
    return Exit.OK


def _named(name: str | None) -> str:
    if name is None:
        raise CommandFailed(
            Exit.USAGE, "no customer is named", advice="Name one: mailsend customer list shows them."
        )
    return name


def _rules_in(file: Path, name: str) -> Mapping[str, Any]:
    """Read rules, and the files that they name, whose paths count from the folder of this one."""
    read = read_values(file, ())
    whole = read.get("customers")
    if isinstance(whole, dict) and set(read) == {"customers"}:
        if set(whole) != {name}:
            raise CommandFailed(
                Exit.DATA,
                f"{file} holds {', '.join(whole) or 'no customer'}, not {name}",
                advice=f"Write [customers.{name}] alone, or what stands under it.",
            )
        read = whole[name]
    resolved = with_files(read, file.absolute().parent)
    found: Mapping[str, Any] = resolved.data
    return found


def _changes(edits: Sequence[str]) -> dict[Sequence[str], Any]:
    changes: dict[Sequence[str], Any] = {}
    for one in edits:
        key, equals, text = _parted(one)
        path = _path(key)
        if not equals or not all(path):
            raise CommandFailed(
                Exit.USAGE, f"{one}: it is written KEY=VALUE", advice="As in locale=de-CH; dots go inwards."
            )
        changes[path] = _value(text.strip())
    return changes


def _parted(edit: str) -> tuple[str, str, str]:
    """Part a key and its value; an equals sign in quotes belongs to the key."""
    found = _KEY_OF_EDIT.match(edit)
    return edit.partition("=") if found is None else (found[0], "=", edit[found.end() + 1 :])


def _path(key: str) -> tuple[str, ...]:
    """Give the parts of a dotted key: as TOML writes them, or plain as in ``business_units.zürich``."""
    try:
        inwards = {} if "\n" in key else tomllib.loads(f"{key} = 0")
    except (tomllib.TOMLDecodeError, RecursionError):
        inwards = {}
    if not inwards:
        return tuple(key.strip().split("."))
    path = []
    while isinstance(inwards, dict):
        ((name, inwards),) = inwards.items()
        path.append(name)
    return tuple(path)


def _value(text: str) -> Any:
    """Read a value as TOML writes it; what TOML does not know is text, and nothing takes the key away."""
    if not text:
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _told(one: CustomerVersion) -> dict[str, Any]:
    return {
        "customer": one.name,
        "version": one.version,
        "at": one.at.isoformat(),
        "by": one.by,
        "note": one.note,
    }


def _table(output: Output, versions: Sequence[CustomerVersion]) -> None:
    output.table(
        ("customer", "version", "at", "by", "note"),
        [(one.name, str(one.version), one.at.strftime(_SHOWN), one.by, one.note) for one in versions],
    )


def _key(name: str) -> str:
    """Give a key as TOML writes it, whose escapes are those of JSON."""
    if _BARE_KEY.fullmatch(name):
        return name
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _lines(rules: Any, before: str = "") -> list[str]:
    """Give every value in a line of its own, under its dotted key."""
    if isinstance(rules, Mapping) and rules:
        return [
            line
            for key, one in rules.items()
            for line in _lines(one, f"{before}.{_key(key)}" if before else _key(key))
        ]
    if isinstance(rules, list) and any(isinstance(one, Mapping) for one in rules):
        return [line for at, one in enumerate(rules) for line in _lines(one, f"{before}[{at}]")]
    return [f"{before} = {json.dumps(rules, ensure_ascii=False)}"]
