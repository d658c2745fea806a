"""Templates in a customer's look: rendered to Content, listed, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mailsend.compose.templates.brand import Brand, brand_of
from mailsend.compose.templates.describe import (
    PARTS,
    TemplateFile,
    TemplateInfo,
    TemplateSource,
    facts_of,
    sample_of,
    template_files,
)
from mailsend.compose.templates.files import TemplateFiles, TemplateLayer
from mailsend.compose.templates.locate import checked_name, find, normal_locale
from mailsend.errors import TemplateError
from mailsend.model.content import Content
from mailsend.model.rules import Branding

if TYPE_CHECKING:
    from jinja2 import Template

    from mailsend.compose.templates.look import Look

__all__ = ["RESERVED", "TemplateFile", "TemplateInfo", "TemplateSource", "Templates"]

RESERVED = frozenset({"brand", "locale", "now", "sender", "year"})
_DESCRIBING = ("template.toml", "sample.toml")


class Templates:
    """The templates of one scope: its layers from the inside out, and its branding.

    It satisfies ``model.circumstances.Renderer``. Making one costs next to nothing; what is
    compiled is kept per process, by the digest of the files, the brand and the language.
    """

    def __init__(self, *, layers: tuple[TemplateLayer, ...], branding: Branding) -> None:
        self._layers = layers
        self._branding = branding

    def render(
        self, name: str, values: Mapping[str, Any], *, locale: str, sender: str, now: datetime
    ) -> Content:
        """Give subject, text and HTML of the template ``name``; ``now`` is aware.

        ``values`` are the template's variables; ``brand``, ``sender``, ``locale``, ``now`` and
        ``year`` are given besides. The logo is a related part where the HTML shows it. Raises
        TemplateError for a template that is missing, broken or greedy, and for a missing variable.
        """
        checked_name(name)
        layers = self._snapshots()
        locale = _checked_locale(name, locale)
        facts = facts_of(layers, name)
        brand = brand_of(self._branding)
        variables = _variables(name, values, locale=locale, sender=sender, now=now)
        subject, html, text = self._rendered(name, layers, brand, locale, variables)
        logo = brand.logo
        return Content(
            subject=subject.strip(),
            text=text,
            html=html,
            related=(logo,) if logo is not None and html is not None and f"cid:{logo.cid}" in html else (),
            template=name,
            sensitive=facts.sensitive,
            essential=facts.essential,
        )

    def names(self) -> tuple[TemplateInfo, ...]:
        """Give every template that can be rendered here, by name."""
        layers = self._snapshots()
        return tuple(self._info(layers, name) for name in _names(layers))

    def show(self, name: str) -> TemplateInfo:
        """Give what is known of one template; raises TemplateError where there is none."""
        layers = self._snapshots()
        if checked_name(name) not in _names(layers):
            raise self._missing(layers, name)
        return self._info(layers, name)

    def sample(self, name: str, locale: str = "") -> dict[str, Any]:
        """Give the values of sample.toml; empty where the template has none."""
        info = self.show(name)
        return sample_of(self._snapshots(), info.name, _checked_locale(name, locale))

    def source_of(self, name: str, file: str, locale: str = "") -> TemplateSource:
        """Give the file (``body.html.j2``) that would be used in one language, and its text.

        ``name`` may be ``_base``. Raises TemplateError where there is no such file.
        """
        layers = self._snapshots()
        if name != "_base":
            self.show(name)
        found = find(layers, f"{name}/{file}", _checked_locale(name, locale))
        if found is None:
            inside = {path.removeprefix(f"{name}/") for one in layers for path in one.list()}
            there = ", ".join(sorted(path for path in inside if "/" not in path))
            raise TemplateError(name, f"there is no file {file!a}", advice=f"Its files are: {there}.")
        return TemplateSource(
            path=found.path, layer=self._layers[found.layer].name, locale=found.locale, text=found.text
        )

    def _snapshots(self) -> tuple[TemplateFiles, ...]:
        return tuple(layer.snapshot() for layer in self._layers)

    def _rendered(
        self, name: str, layers: tuple[TemplateFiles, ...], brand: Brand, locale: str, values: dict[str, Any]
    ) -> tuple[str, str | None, str | None]:
        from mailsend.compose.templates.faults import told
        from mailsend.compose.templates.look import bounded, look_of, produce

        path = ""
        fault: TemplateError
        try:
            look = look_of(layers, brand, locale)
            subject, html, text = self._parts(name, layers, look)
            values["brand"] = look.brand

            def work() -> list[str | None]:
                nonlocal path
                made: list[str | None] = []
                for template in (subject, html, text):
                    path = str(template.name) if template else path
                    made.append(produce(template, values) if template else None)
                return made

            done = bounded(work)
            return done[0] or "", done[1], done[2]
        except Exception as error:  # noqa: BLE001 - values may raise anything
            fault = told(
                error,
                name,
                path,
                known_values=sample_of(layers, name, locale),
                files=[file for layer in layers for file in layer.list()],
            )
        raise fault  # outside the except, so that what a value raised is not kept in __context__

    def _parts(
        self, name: str, layers: tuple[TemplateFiles, ...], look: Look
    ) -> tuple[Template, Template | None, Template | None]:
        subject, html, text = look.parts(name)
        if subject is not None and (html is not None or text is not None):
            return subject, html, text
        if name not in _names(layers):
            raise self._missing(layers, name)
        there = [path.partition("/")[2] for path, _, _ in template_files(layers, name, PARTS)]
        raise TemplateError(
            name,
            "it has no subject for this language" if subject is None else "it has no body for this language",
            advice=f"It has {', '.join(there)}; write subject.txt.j2 and body.html.j2 or body.txt.j2.",
        )

    def _missing(self, layers: tuple[TemplateFiles, ...], name: str) -> TemplateError:
        known = _names(layers)
        near = get_close_matches(name, known, n=3)
        searched = ", ".join(layer.name for layer in self._layers) or "no folder at all"
        hint = f"Nearest: {', '.join(near)}." if near else f"Known are: {', '.join(known[:12]) or 'none'}."
        return TemplateError(name, "there is no such template", advice=f"Looked in: {searched}. {hint}")

    def _info(self, layers: tuple[TemplateFiles, ...], name: str) -> TemplateInfo:
        found = template_files(layers, name, (*PARTS, *_DESCRIBING))
        facts = facts_of(layers, name)
        return TemplateInfo(
            name=name,
            layer=self._layers[found[0][1]].name,
            description=facts.description,
            sensitive=facts.sensitive,
            essential=facts.essential,
            locales=tuple(sorted({locale for path, _, locale in found if path.endswith(".j2") and locale})),
            files=tuple(
                TemplateFile(path=path, layer=self._layers[number].name, locale=locale)
                for path, number, locale in found
            ),
        )


def _names(layers: tuple[TemplateFiles, ...]) -> list[str]:
    folders = {path.partition("/")[0] for layer in layers for path in layer.list() if path.endswith(".j2")}
    return sorted(
        name for name in folders if not name.startswith("_") and template_files(layers, name, PARTS)
    )


def _checked_locale(name: str, locale: str) -> str:
    try:
        return normal_locale(locale)
    except ValueError:
        raise TemplateError(
            name, f"locale {ascii(locale)[:40]} is no language tag", advice="Write it as in 'de' or 'de-CH'."
        ) from None


def _variables(
    name: str, values: Mapping[str, Any], *, locale: str, sender: str, now: datetime
) -> dict[str, Any]:
    for key in values:
        if key in RESERVED:
            raise TemplateError(
                name,
                f"values may not hold {key!a}, which every template is given",
                advice=f"Give the value another name; taken are {', '.join(sorted(RESERVED))}.",
            )
    return {**values, "sender": sender, "locale": locale or "en", "now": now, "year": now.year}
