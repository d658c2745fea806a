"""A look: templates compiled for one brand and one language, with its CSS already inlined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any, TypeVar

from jinja2 import BaseLoader, Environment, Template
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup

from mailsend.compose.templates.brand import Brand
from mailsend.compose.templates.describe import PARTS
from mailsend.compose.templates.environment import base_environment
from mailsend.compose.templates.files import TemplateFiles
from mailsend.compose.templates.guard import guard
from mailsend.compose.templates.inline import inlined
from mailsend.compose.templates.limits import BUDGET, Budget, joined
from mailsend.compose.templates.locate import Kind, find, kind_of

__all__ = ["INLINED_CSS", "KEPT_CSS", "Look", "bounded", "look_of", "produce"]

T = TypeVar("T")

INLINED_CSS = "_base/style.css.j2"
KEPT_CSS = "_base/head.css.j2"
_BASE = base_environment()


class _Loader(BaseLoader):
    def __init__(self, layers: tuple[TemplateFiles, ...], locale: str) -> None:
        self.layers = layers
        self.locale = locale
        self.css = ""

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:
        found = find(self.layers, name, self.locale)
        if found is None or not found.path.endswith(".j2"):
            raise TemplateNotFound(name)
        css = self.css if kind_of(found.path) is Kind.HTML else ""
        code = _compiled(found.path, found.text, css)
        return environment.template_class.from_code(environment, code, globals or {})


@lru_cache(maxsize=2048)
def _compiled(path: str, text: str, css: str) -> CodeType:
    if kind_of(path) is Kind.HTML:
        text = inlined(_BASE, text, css, path)
    try:
        code: CodeType = _BASE.compile(guard(_BASE.parse(text, path), path), path, path)
    except (SyntaxError, MemoryError) as error:  # Python's own limits on what Jinja has made of it
        raise TemplateSyntaxError("it is nested too deeply", 1, path) from error
    return code


class Look:
    """Templates of some layers, as one brand shows them in one language."""

    def __init__(self, layers: tuple[TemplateFiles, ...], brand: Brand, locale: str) -> None:
        self._loader = _Loader(layers, locale)
        self._environment = _BASE.overlay(loader=self._loader)
        self._parts: dict[str, tuple[Template | None, ...]] = {}
        self.brand = dict(brand.values)
        self.logo = brand.logo
        self._loader.css = self._stylesheet(INLINED_CSS)
        self.brand["style"] = self._kept_rules()

    def template(self, path: str) -> Template | None:
        """Give the compiled template, or None where no layer has the file; raises Jinja's errors."""
        there = find(self._loader.layers, path, self._loader.locale) is not None
        return self._environment.get_template(path) if there else None

    def parts(self, name: str) -> tuple[Template | None, ...]:
        """Give subject, HTML and text of the template ``name``, each None where it has none."""
        kept = self._parts.get(name)
        if kept is None:
            kept = self._parts[name] = tuple(self.template(f"{name}/{part}") for part in PARTS)
        return kept

    def _stylesheet(self, path: str) -> str:
        template = self.template(path)
        return "" if template is None else produce(template, {"brand": self.brand})

    def _kept_rules(self) -> Markup:
        css = self._stylesheet(KEPT_CSS)
        if "<" in css:
            raise TemplateSyntaxError("a stylesheet may not hold '<'", 1, KEPT_CSS)
        return Markup(css)  # noqa: S704 - without '<' it cannot end its style element


@lru_cache(maxsize=512)
def look_of(layers: tuple[TemplateFiles, ...], brand: Brand, locale: str) -> Look:
    """Give the look; the same one for the same files, brand and language."""
    return bounded(lambda: Look(layers, brand, locale))


def bounded(work: Callable[[], T]) -> T:
    """Do ``work`` with a budget of its own."""
    token = BUDGET.set(Budget())
    try:
        return work()
    finally:
        BUDGET.reset(token)


def produce(template: Template, values: Mapping[str, Any]) -> str:
    """Give what the template makes of ``values``, within the limits."""
    return joined(template.root_render_func(template.new_context(dict(values))))
