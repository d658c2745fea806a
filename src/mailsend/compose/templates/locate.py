"""Which file is meant: brand inheritance by layer, then the fall-back of languages within it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailsend.compose.templates.files import TemplateFiles
from mailsend.errors import TemplateError

__all__ = ["Found", "Kind", "checked_name", "find", "kind_of", "language_chain", "normal_locale", "variants"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\Z")
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}\Z")


class Kind(StrEnum):
    """What a file makes, by its name; whatever is not known to be plain is escaped."""

    HTML = "html"
    TEXT = "text"
    CSS = "css"
    NEUTRAL = "neutral"

    @property
    def escapes(self) -> bool:
        """Whether values are escaped for HTML in such a file."""
        return self in (Kind.HTML, Kind.NEUTRAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file: where it lies, the index of its layer, its language ("" for none) and its text."""

    path: str
    layer: int
    locale: str
    text: str


def checked_name(name: object) -> str:
    """Give ``name`` where it can be that of a template; it never is a path. Raises TemplateError."""
    if isinstance(name, str) and _NAME.match(name):
        return name
    raise TemplateError(
        ascii(name)[:100].strip("'"),
        "this cannot be the name of a template",
        advice="A name holds a-z, 0-9, '-' and '_', as in 'order-confirmation'; it is no path.",
    )


@lru_cache(maxsize=256)
def normal_locale(locale: str) -> str:
    """Give a language tag in its usual case (RFC 5646, 2.1.1): ``de_ch`` becomes ``de-CH``.

    Raises ValueError for what is none; an empty text stays empty.
    """
    if not locale:
        return ""
    if not _LOCALE.match(locale):
        raise ValueError("not a language tag")
    language, *rest = locale.replace("_", "-").split("-")
    cased = {2: str.upper, 4: str.title}
    return "-".join([language.lower(), *(cased.get(len(part), str.lower)(part) for part in rest)])


def language_chain(locale: str) -> tuple[str, ...]:
    """Give the languages to try, from the most exact to none: ``("de-CH", "de", "")``."""
    parts = locale.split("-") if locale else []
    return tuple("-".join(parts[:length]) for length in range(len(parts), -1, -1))


def variant(path: str, locale: str) -> str:
    """Give the path of a file in one language: ``a/body.html.j2`` becomes ``a/body.de.html.j2``."""
    if not locale:
        return path
    folder, _, file = path.rpartition("/")
    stem, dot, rest = file.partition(".")
    return f"{folder}/{stem}.{locale}{dot}{rest}"


def find(layers: tuple[TemplateFiles, ...], path: str, locale: str) -> Found | None:
    """Give the file that ``path`` means: the innermost layer that has it, in the best language."""
    chain = language_chain(locale)
    for number, layer in enumerate(layers):
        for language in chain:
            candidate = variant(path, language)
            text = layer.read(candidate)
            if text is not None:
                return Found(path=candidate, layer=number, locale=language, text=text)
    return None


def variants(layers: tuple[TemplateFiles, ...], path: str) -> tuple[tuple[str, int, str], ...]:
    """Give every file in any layer and language that ``path`` may mean: (path, layer, locale)."""
    folder, _, file = path.rpartition("/")
    stem, _, rest = file.partition(".")
    pattern = re.compile(
        rf"{re.escape(folder)}/{re.escape(stem)}(?:\.(?P<locale>[A-Za-z]{{2,8}}(?:-[A-Za-z0-9]{{1,8}})*))?"
        rf"\.{re.escape(rest)}\Z"
    )
    return tuple(
        (candidate, number, found["locale"] or "")
        for number, layer in enumerate(layers)
        for candidate in layer.list()
        if (found := pattern.match(candidate))
    )


@lru_cache(maxsize=1024)
def kind_of(path: str) -> Kind:
    """Give what a file makes: ``body.de.html.j2`` HTML, ``subject.txt.j2`` text."""
    parts = path.rpartition("/")[2].split(".")
    if "html" in parts:
        return Kind.HTML
    if "txt" in parts or "text" in parts:
        return Kind.TEXT
    return Kind.CSS if "css" in parts else Kind.NEUTRAL
