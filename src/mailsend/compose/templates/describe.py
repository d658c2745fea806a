"""What is known of a template without rendering it: template.toml, sample.toml, its files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mailsend.compose.templates.files import TemplateFiles
from mailsend.compose.templates.locate import find, variants
from mailsend.errors import TemplateError

__all__ = [
    "PARTS",
    "Facts",
    "TemplateFile",
    "TemplateInfo",
    "TemplateSource",
    "facts_of",
    "sample_of",
    "template_files",
]

PARTS = ("subject.txt.j2", "body.html.j2", "body.txt.j2")
_FACTS = {"sensitive": bool, "essential": bool, "description": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What template.toml says: how the mail is treated, and what it is for."""

    sensitive: bool = False
    essential: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """One file of a template: its path, the name of its layer, its language ("" for the default)."""

    path: str
    layer: str
    locale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """The file that would be used: where it comes from, and its text."""

    path: str
    layer: str
    locale: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateInfo:
    """A template as lists show it; ``layer`` is the innermost that has one of its files.

    ``files`` holds all its files, from the innermost layer to the outermost.
    """

    name: str
    layer: str
    description: str = ""
    sensitive: bool = False
    essential: bool = False
    locales: tuple[str, ...] = ()
    files: tuple[TemplateFile, ...] = ()


def facts_of(layers: tuple[TemplateFiles, ...], name: str) -> Facts:
    """Read template.toml; a template without one is neither sensitive nor essential.

    Raises TemplateError for what is no TOML, an unknown key, or a value of a wrong kind.
    """
    found = find(layers, f"{name}/template.toml", "")
    return Facts() if found is None else _facts(name, found.path, found.text)


@lru_cache(maxsize=512)
def _facts(name: str, path: str, text: str) -> Facts:
    data = _toml(name, path, text)
    for key, value in data.items():
        kind = _FACTS.get(key)
        if kind is None or not isinstance(value, kind):
            known = ", ".join(_FACTS)
            raise TemplateError(
                name,
                f"{key!a} must be {'true or false' if kind is bool else 'a text'}"
                if kind
                else f"{key!a} is no key of it",
                file="template.toml",
                advice=f"Its keys are: {known}.",
            )
    return Facts(**data)


def sample_of(layers: tuple[TemplateFiles, ...], name: str, locale: str) -> dict[str, Any]:
    """Read sample.toml in the best language; empty where there is none. Raises TemplateError."""
    found = find(layers, f"{name}/sample.toml", locale)
    return {} if found is None else _toml(name, found.path, found.text)


def _toml(name: str, path: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise TemplateError(
            name,
            f"it is no TOML: {error}"
            if isinstance(error, tomllib.TOMLDecodeError)
            else "it is nested too deeply",
            file=path.partition("/")[2],
            advice='Texts stand in quotes, as in description = "…".',
        ) from None


def template_files(
    layers: tuple[TemplateFiles, ...], name: str, files: tuple[str, ...]
) -> list[tuple[str, int, str]]:
    """Give (path, layer, locale) of each file of a template, from the innermost layer outwards."""
    found = [one for file in files for one in variants(layers, f"{name}/{file}")]
    return sorted(found, key=lambda one: one[1])
