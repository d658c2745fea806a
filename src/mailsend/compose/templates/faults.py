"""What went wrong in a template, told to the person who wrote it: file, line, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from types import TracebackType

from jinja2 import Template
from jinja2.exceptions import (
    SecurityError,
    TemplateAssertionError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
)

from mailsend.compose.templates.limits import LimitReached, MarkupLimitReached
from mailsend.errors import TemplateError

__all__ = ["told"]

_LONGEST = 300


def told(
    error: BaseException, name: str, path: str, *, known_values: Iterable[str], files: Iterable[str]
) -> TemplateError:
    """Give the TemplateError for ``error``, raised while ``path`` of the template ``name`` was made.

    What a value itself raised is told by its kind alone, since its text may hold secrets.
    """
    if isinstance(error, TemplateError):
        return error
    path, line = _place(error.__traceback__, path)
    why, advice = _reason(error, known_values, files)
    if isinstance(error, TemplateSyntaxError):
        path, line = error.name or path, error.lineno
    folder, _, file = path.partition("/")
    return TemplateError(
        name,
        why[:_LONGEST],
        file=file if folder == name else path,
        line=line,
        value_missing=isinstance(error, UndefinedError),
        advice=advice,
    )


def _reason(error: BaseException, known_values: Iterable[str], files: Iterable[str]) -> tuple[str, str]:
    if isinstance(error, UndefinedError):
        given = ", ".join(known_values)
        return str(error), (
            f"Give it in values; the template's sample.toml holds: {given}."
            if given
            else "Give it in values, and add a sample.toml that says which values the template needs."
        )
    if isinstance(error, LimitReached):
        return str(error), error.advice
    if isinstance(error, SecurityError):
        return str(error), "Templates read values; what lies behind them is closed."
    if isinstance(error, TemplateNotFound):
        near = get_close_matches(str(error.name), list(files), n=3)
        return f"there is no file {error.name!a}", (
            f"Nearest: {', '.join(near)}." if near else "Files are named like '_base/html.j2'."
        )
    if isinstance(error, TemplateAssertionError):
        return str(
            error.message
        ), "Only Jinja's own filters and date, time, datetime, number, money are there."
    if isinstance(error, MarkupLimitReached):
        return str(error.message), error.advice
    if isinstance(error, TemplateSyntaxError):
        return str(error.message), "Mend the line; 'mailsend template preview' shows the result."
    if isinstance(error, RecursionError):
        return (
            "it takes in itself, or calls itself without an end",
            "Look for a file that extends or includes itself.",
        )
    if isinstance(error, TemplateRuntimeError):
        return str(error), "Look the construct up in Jinja's documentation."
    return (
        f"{type(error).__name__} was raised while it was rendered",
        "Render it with its sample.toml: if that works, the values given differ from it.",
    )


def _place(traceback: TracebackType | None, path: str) -> tuple[str, int | None]:
    """Give file and line of the innermost template that the error passed through."""
    line: int | None = None
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            path = str(template.name)
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return path, line
