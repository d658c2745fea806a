"""``mailsend template``: the templates of a scope, listed, shown and rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mailsend.cli import options
from mailsend.cli.asking import read_values, settings_from
from mailsend.cli.blank import not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.viewing import viewable_html, write_file
from mailsend.compose.templates import TemplateInfo
from mailsend.mailer.clock import utc_now
from mailsend.mailer.gather import DEFAULT_LOCALE
from mailsend.mailer.looks import templates_for
from mailsend.model.language_tag import LANGUAGE_TAG_ADVICE, language_tag
from mailsend.model.rules import Scope

__all__ = ["template"]

template = typer.Typer(
    callback=options.help_if_alone, invoke_without_command=True, help="Templates: list, show, preview."
)

_Name = Annotated[str, typer.Argument(metavar="NAME", callback=not_blank, help="The template.")]
_Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML to FILE, for a browser.")
]
_Source = Annotated[
    str | None, typer.Option("--source", metavar="FILE", help="Print this file of it, as body.html.j2.")
]


@template.command("list")
def list_(
    customer: options.Customer = None,
    business_unit: options.BusinessUnit = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """List the templates that a customer, or the application, can use."""
    output = Output(as_json=as_json, quiet=quiet)
    found = templates_for(_scope(config, customer, business_unit)).names()
    output.document([_document(one) for one in found])
    output.table(
        ("Template", "From", "Languages", "What it is"),
        [(one.name, _folder(one.layer), " ".join(one.locales), _about(one)) for one in found],
    )
    return Exit.OK


@template.command()
def show(
    name: _Name,
    source: _Source = None,
    locale: options.Locale = None,
    customer: options.Customer = None,
    business_unit: options.BusinessUnit = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Show where a template's files lie and which values it takes."""
    output = Output(as_json=as_json, quiet=quiet)
    scope = _scope(config, customer, business_unit)
    templates = templates_for(scope)
    wanted = _language(locale, scope)
    info, sample = templates.show(name), templates.sample(name, wanted)
    if source is not None:
        found = templates.source_of(name, source, wanted)
        output.document(
            {"path": found.path, "layer": found.layer, "locale": found.locale, "text": found.text}
        )
        output.block(found.text)
        return Exit.OK
    output.document({**_document(info), "sample": _plain_values(sample)})
    output.labelled("Template", info.name)
    output.labelled("What it is", _about(info))
    output.labelled("Languages", " ".join(info.locales) or "no others than its default")
    output.heading("Files, the innermost first")
    output.table(("File", "From"), [(one.path, _folder(one.layer)) for one in info.files])
    if sample:
        output.heading("Values, as in its sample")
        output.block(templates.source_of(name, "sample.toml", wanted).text)
    return Exit.OK


@template.command()
def preview(
    name: _Name,
    html: _Html = None,
    values: options.Values = None,
    set_: options.Set = None,
    locale: options.Locale = None,
    customer: options.Customer = None,
    business_unit: options.BusinessUnit = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Render a template in a customer's look.

    With its sample values, with those of a file, and with single ones put over them.
    """
    output = Output(as_json=as_json, quiet=quiet)
    scope = _scope(config, customer, business_unit)
    templates = templates_for(scope)
    wanted = _language(locale, scope)
    given = read_values(values, set_)
    content = templates.render(
        name,
        given if values is not None else _over(templates.sample(name, wanted), given),
        locale=wanted,
        sender=str(scope.first("fallback_sender")),
        now=utc_now(),
    )
    if html is not None:
        shown = viewable_html(content.html, content.related)
        if shown is None:
            raise CommandFailed(Exit.DATA, f"template {name!r} has no HTML", advice="Leave --html out.")
        write_file(html, shown.encode())
    output.document(
        {
            "template": name,
            "locale": wanted,
            "subject": content.subject,
            "text": content.text,
            "html": content.html,
            "sensitive": content.sensitive,
            "essential": content.essential,
        }
    )
    output.labelled("Subject", content.subject)
    output.line()
    output.block(content.text or "(this template has no text part)")
    if html is not None:
        output.line()
        output.marked(True, f"written: {html}")
    return Exit.OK


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Put values over others, table by table, so that one of a table leaves its others."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[name] = _over(under, value)
        else:
            merged[name] = value
    return merged


def _language(asked: str | None, scope: Scope) -> str:
    """Give the language asked for, else that of the scope."""
    if asked is None:
        return str(scope.first("locale") or DEFAULT_LOCALE)
    tag = language_tag(asked)
    if tag is None:
        raise CommandFailed(
            Exit.DATA, f"--locale {asked!a}: this is no language tag", advice=LANGUAGE_TAG_ADVICE
        )
    return tag


def _scope(config: Path | None, customer: str | None, business_unit: str | None) -> Scope:
    if customer is None and business_unit is not None:
        raise CommandFailed(
            Exit.USAGE,
            "--business-unit is given without --customer",
            advice="Name the customer that it belongs to.",
        )
    return settings_from(config).rules.scope(customer, business_unit)


def _document(one: TemplateInfo) -> dict[str, Any]:
    return {
        "name": one.name,
        "layer": one.layer,
        "description": one.description,
        "sensitive": one.sensitive,
        "essential": one.essential,
        "locales": list(one.locales),
        "files": [{"path": file.path, "layer": file.layer, "locale": file.locale} for file in one.files],
    }


def _about(one: TemplateInfo) -> str:
    marks = [word for word, holds in (("sensitive", one.sensitive), ("essential", one.essential)) if holds]
    return f"{one.description} ({', '.join(marks)})" if marks else one.description


def _folder(layer: str) -> str:
    path = Path(layer)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return layer


def _plain_values(value: Any) -> Any:
    """Give TOML's values as JSON has them: times become text."""
    if isinstance(value, dict):
        return {key: _plain_values(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain_values(one) for one in value]
    return value if isinstance(value, (str, int, float, bool)) else str(value)
