"""Where the start tags of a template stand, with Jinja's own syntax out of the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment
from jinja2.lexer import newline_re

__all__ = ["CODE", "VALUE", "Attribute", "Piece", "masked", "normal_lines", "pieces"]

# Private-use characters, which stand for Jinja's own text, one for one.
VALUE = "\ue000"  # {{ … }}
CODE = "\ue001"  # {% … %}
NOTE = "\ue002"  # {# … #}
_MASKS = VALUE + CODE + NOTE
_OPENING = frozenset({"if", "for", "with", "filter", "call", "block", "macro", "set"})
_BEGIN = {"variable_begin": VALUE, "block_begin": CODE, "comment_begin": NOTE}
_FENCES = frozenset({"raw_begin", "raw_end"})
_END = frozenset({"variable_end", "block_end", "comment_end"})

_PIECE = re.compile(
    r"""
      <!--.*?(?:-->|\Z)                          # comments, Outlook's too
    | <![^>]{0,1000}+>                          # the doctype
    | </(?P<end>[A-Za-z][A-Za-z0-9:-]{0,40})[^>]{0,1000}+>
    | <(?P<start>[A-Za-z][A-Za-z0-9:-]{0,40}+)(?P<attributes>(?:[^<>"']|"[^"]*"|'[^']*'){0,4000}+)>
    """,
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    rf"""(?P<name>[^\s"'<>/={_MASKS}]+)
        (?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>`=]+)))?""",
    re.VERBOSE,
)
_RAW = frozenset({"style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute: its name in lower case, its value, where it stands, and under how many ``{% if %}``."""

    name: str
    value: str
    start: int
    end: int
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A start tag, an end tag, or a start tag with its raw content (style, script, title)."""

    name: str
    is_end: bool
    start: int
    name_end: int
    end: int
    attributes: tuple[Attribute, ...] = ()
    raw: str = ""


def normal_lines(source: str) -> str:
    """Give ``source`` with line ends as Jinja counts them."""
    return newline_re.sub("\n", source)


def masked(environment: Environment, source: str, path: str) -> str:
    """Give ``source``, of the same length, with all that is Jinja's replaced by private characters.

    Raises TemplateSyntaxError as Jinja does.
    """
    kept: list[str] = []
    at = 0
    mask = ""
    for _, kind, text in environment.lex(source, path, path):
        start = source.index(text, at)  # white space that Jinja takes away lies between
        mask = _BEGIN.get(kind, mask)
        cover = NOTE if kind in _FENCES else mask
        between = source[at:start]
        kept += [mask * len(between) or between, cover * len(text) or text]
        at = start + len(text)
        if kind in _END:
            mask = ""
    kept.append(source[at:])
    return "".join(kept)


def pieces(source: str, mask: str) -> Iterator[Piece]:
    """Give the tags in order; comments, and what stands in style or script, hold none."""
    at = 0
    while found := _PIECE.search(mask, at):
        at = found.end()
        if found["end"]:
            yield Piece(
                name=found["end"].lower(), is_end=True, start=found.start(), name_end=found.end("end"), end=at
            )
        elif found["start"]:
            name = found["start"].lower()
            raw = ""
            if name in _RAW:
                stop = re.compile(rf"</{name}\b", re.IGNORECASE).search(mask, at)
                raw = mask[at : stop.start() if stop else len(mask)]
            yield Piece(
                name=name,
                is_end=False,
                start=found.start(),
                name_end=found.end("start"),
                end=at,
                attributes=tuple(
                    _attributes(source, mask, found.start("attributes"), found.end("attributes"))
                ),
                raw=raw,
            )
            at += len(raw)


def _attributes(source: str, mask: str, start: int, end: int) -> Iterator[Attribute]:
    for found in _ATTRIBUTE.finditer(mask, start, end):
        value = next((one for one in found.group("double", "single", "bare") if one is not None), "")
        yield Attribute(
            name=found["name"].lower(),
            value=value,
            start=found.start(),
            end=found.end(),
            depth=_depth(source, mask, start, found.start()),
        )


def _depth(source: str, mask: str, start: int, end: int) -> int:
    depth = 0
    if CODE in mask[start:end]:
        for run in re.finditer(rf"{CODE}+", mask[start:end]):
            for word in re.findall(r"\{%[-+]?\s*(\w+)", source[start + run.start() : start + run.end()]):
                depth += -1 if word.startswith("end") else word in _OPENING
    return depth
