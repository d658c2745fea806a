"""CSS inlined into a template's source, once, so that no mail has to be inlined.

What css_inline is shown holds the tags alone, each with a number; the styles that it finds are
written back into the source, which stays as it was in every other character. So nothing of
Jinja's, of Outlook's conditional comments, or of an unfinished table can be lost or moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape

from jinja2 import Environment
from jinja2.exceptions import TemplateSyntaxError

from mailsend.compose.templates.markup import CODE, VALUE, Attribute, Piece, masked, normal_lines, pieces
from mailsend.compose.templates.nesting import check_nesting

__all__ = ["inlined"]

_NUMBER = "data-mailsend-tag"
_STYLED = re.compile(r"<[a-z](?:[^>\"]|\"[^\"]*\")*+>", re.IGNORECASE)  # as css_inline writes it
_NUMBERED = re.compile(rf'\s{_NUMBER}="(\d+)"')
_STYLE = re.compile(r'\sstyle="([^"]*)"')
_VALUES = re.compile(f"{VALUE}+")
_TOKEN = re.compile(r"mailsendvalue(\d+)x")
_PARENTS = {
    **dict.fromkeys(("caption", "colgroup", "tbody", "thead", "tfoot"), "<table>"),
    "col": "<table><colgroup>",
    "tr": "<table><tbody>",
    **dict.fromkeys(("td", "th"), "<table><tbody><tr>"),
}
_SELECTED = frozenset({"class", "id"})


def inlined(environment: Environment, source: str, css: str, path: str) -> str:
    """Give ``source`` with the rules of ``css`` and of its own style elements in its style attributes.

    Style elements stay, and so do at-rules in them. Raises TemplateSyntaxError where a class or an
    id depends on a value, since nobody can know then what applies, and where tags are too many or
    too deep.
    """
    source = normal_lines(source)
    mask = masked(environment, source, path)
    tags = list(pieces(source, mask))
    check_nesting(tags, source, path)
    starts = [tag for tag in tags if not tag.is_end]
    values: list[str] = []
    for tag in starts:
        _check(tag, source, path)
    copy = "".join(_copy(tag, number, source, mask, values) for tag, number in _numbered(tags))
    styles = _computed(copy, css)
    # A cell without its table, as in a macro, is no cell to a parser: those are shown in tables of their own.
    sheets = [_copy(tag, -1, source, mask, values) + "</style>" for tag in starts if tag.name == "style"]
    alone = [
        f"{_PARENTS[tag.name]}{_copy(tag, number, source, mask, values)}</table>"
        for number, tag in enumerate(starts)
        if number not in styles and tag.name in _PARENTS
    ]
    if alone:
        styles |= _computed("".join((*sheets, *alone)), css)
    return _written(source, starts, styles, values)


def _numbered(tags: Iterable[Piece]) -> Iterable[tuple[Piece, int]]:
    number = -1
    for tag in tags:
        number += not tag.is_end
        yield tag, number


def _check(tag: Piece, source: str, path: str) -> None:
    for attribute in tag.attributes:
        depends = attribute.depth or VALUE in attribute.value or CODE in attribute.value
        if (attribute.name in _SELECTED and depends) or (attribute.name == "style" and attribute.depth):
            raise TemplateSyntaxError(
                f"the {attribute.name} of <{tag.name}> depends on a value, but CSS is inlined before values are"
                " known; write the tag out in both branches of an {% if %}, or use style=",
                source.count("\n", 0, attribute.start) + 1,
                path,
            )


def _is_dynamic(attribute: Attribute) -> bool:
    return VALUE in attribute.value or CODE in attribute.value


def _copy(tag: Piece, number: int, source: str, mask: str, values: list[str]) -> str:
    if tag.is_end:
        return f"</{tag.name}>"
    kept = {one.name: one.value for one in reversed(tag.attributes) if not _is_dynamic(one) and not one.depth}
    shown = "".join(f' {name}="{value.replace(chr(34), "&quot;")}"' for name, value in kept.items())
    raw = ""
    if tag.name == "style" and CODE not in tag.raw:
        raw = _tokens(tag, source, mask, values)
    return f'<{tag.name}{shown} {_NUMBER}="{number}">{raw}'


def _tokens(tag: Piece, source: str, mask: str, values: list[str]) -> str:
    """Give the rules of a style element, each ``{{ … }}`` in them as a word that CSS can carry."""
    kept: list[str] = []
    at, end = tag.end, tag.end + len(tag.raw)
    for found in _VALUES.finditer(mask, at, end):
        kept += [_without_tags(mask[at : found.start()]), f"mailsendvalue{len(values)}x"]
        values.append(source[found.start() : found.end()])
        at = found.end()
    # A {{ … }} that stands for whole rules would be taken for the beginning of the selector after it.
    return "".join((*kept, _without_tags(mask[at:end]), " {}"))


def _without_tags(css: str) -> str:
    """Give the same rules without ``<``: in an svg, a parser would read tags in them that nobody counted."""
    return css.replace("<!--", "").replace("<", "\\3c ")


def _computed(markup: str, css: str) -> dict[int, str]:
    from css_inline import CSSInliner

    inliner = CSSInliner(
        extra_css=css,
        inline_style_tags=True,
        keep_style_tags=True,
        keep_at_rules=True,
        load_remote_stylesheets=False,
    )
    html = inliner.inline(f"<!DOCTYPE html>{markup}")
    styles: dict[int, str] = {}
    for tag in _STYLED.findall(html):
        number = _NUMBERED.search(tag)
        if number:
            style = _STYLE.search(tag)
            styles.setdefault(int(number[1]), unescape(style[1]) if style else "")
    return styles


def _written(source: str, starts: list[Piece], styles: dict[int, str], values: list[str]) -> str:
    kept: list[str] = []
    at = 0
    for number, tag in enumerate(starts):
        style = styles.get(number, "")
        if not style:
            continue
        own = next((one for one in tag.attributes if one.name == "style"), None)
        text = _attribute(style, values)
        if own is None:
            kept += [source[at : tag.name_end], f' style="{text}"']
            at = tag.name_end
        elif _is_dynamic(own):
            kept += [source[at : own.start], f'style="{text.rstrip(";")};', _value_of(source, own), '"']
            at = own.end
        else:
            kept += [source[at : own.start], f'style="{text}"']
            at = own.end
    return "".join((*kept, source[at:]))


def _attribute(style: str, values: list[str]) -> str:
    text = escape(style.strip()).replace("&#x27;", "'").replace("{", "&#123;")
    return _TOKEN.sub(lambda found: values[int(found[1])], text)


def _value_of(source: str, attribute: Attribute) -> str:
    """Give the value of an attribute as written, fit to stand between double quotes."""
    text = source[attribute.start : attribute.end].partition("=")[2].strip()
    return text[1:-1] if text[:1] in ("'", '"') else text
