"""``mailsend check``: whether the settings hold, and where each value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mailsend.cli import options
from mailsend.cli.asking import find_interceptors, settings_from
from mailsend.cli.exits import Exit
from mailsend.cli.output import Output, counted
from mailsend.mailer.interceptors import Interceptors
from mailsend.mailer.token_sources import check_token_sources
from mailsend.settings import Provenance, Settings

__all__ = ["check"]


def check(
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Check the settings, and say where each comes from.

    Reads the keys and files that they name, imports interceptors and token providers; opens no
    connection. Secrets are shown as ***.
    """
    output = Output(as_json=as_json, quiet=quiet)
    settings = settings_from(config)
    find_interceptors(settings)
    Interceptors.of(dict(settings.rules.application.interceptors), (), (), ())
    check_token_sources(settings.rules)
    output.document(_document(settings))
    for origin, several in _by_origin(settings).items():
        output.line(f"From {origin}:", "bold")
        for one in several:
            output.line(f"  {one.key} = {one.shown}")
    findings = settings.findings()
    if findings:
        output.heading("Worth a look")
    for finding in findings:
        output.marked(None, str(finding))
        if finding.advice:
            output.line(f"  {finding.advice}")
    output.line()
    output.marked(True, f"The settings are valid: {_summary(settings)}.")
    return Exit.OK


def _document(settings: Settings) -> dict[str, Any]:
    return {
        "valid": True,
        "file": None if settings.file is None else str(settings.file),
        "rules_version": settings.rules.version,
        "settings": [
            {"key": one.key, "value": one.shown, "origin": one.origin} for one in settings.provenance()
        ],
        "findings": [
            {"where": one.where, "what": one.what, "advice": one.advice} for one in settings.findings()
        ],
    }


def _summary(settings: Settings) -> str:
    rules = settings.rules
    units = sum(len(one.business_units) for one in rules.customers.values())
    return (
        f"{counted(len(rules.application.smarthosts), 'smarthost')},"
        f" {counted(len(rules.customers), 'customer')}, {counted(units, 'business unit')}"
    )


def _by_origin(settings: Settings) -> dict[str, list[Provenance]]:
    found: dict[str, list[Provenance]] = {}
    for one in settings.provenance():
        found.setdefault(_near(one.origin), []).append(one)
    return found


def _near(origin: str) -> str:
    """Give a path in or below the current folder without that folder."""
    path = Path(origin)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return os.path.relpath(origin)
    return origin
