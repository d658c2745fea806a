"""CSS inlined into a template's source, with Jinja's syntax left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from css_inline import CSSInliner
from jinja2 import DictLoader, Environment, TemplateSyntaxError

from mailsend.compose.templates import StaticLayer, Templates
from mailsend.compose.templates.environment import base_environment
from mailsend.compose.templates.inline import inlined
from mailsend.errors import TemplateError
from mailsend.model.rules import Branding

CSS = """
.a { color: red; padding: 1px 2px }
td.b { margin: 0; font-family: "Segoe UI", Arial }
th.c { color: blue }
#d { color: green }
p { line-height: 2 }
div p { color: navy }
"""
BASE = base_environment()
PLAIN = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)

AWKWARD = [
    '<p class="a">{{ n }}</p>',
    "<table>{% for x in xs %}<tr><td class='b'>{{ x }}</td></tr>{% endfor %}</table>",
    "<table>{% for x in xs %}\n  <tr><th class=c>{{ x }}</th>{% if x %}<td class='b'>{{ n }}</td>{% endif %}</tr>\n{% endfor %}</table>",
    '<table><tr>{% if n %}<td class="b">1</td>{% else %}<td class="a b">2</td>{% endif %}</tr></table>',
    '<a class="a" {% if n %}href="{{ n }}?a=1&amp;b={{ xs[0] }}"{% endif %} title="x > y">z</a>',
    "{# <p class='a'> #}<p class=\"a\" data-x='{{ \"'\\\"%}>\" }}'>z</p>",
    "{% raw %}<p class='a'>{{ not a value }}</p>{% endraw %}",
    '<p class="a" style="width: 3px">{{ n }}</p>',
    '<p class="a" style="color: pink; width: 3px">{{ n }}</p>',
    "<p class='a' style='font-family: \"Open Sans\"'>x</p>",
    '<!--[if mso]><table><tr><td class="b">{{ n }}</td></tr></table><![endif]--><p class="a">x</p>',
    '<!--[if !mso]><!--><p class="a">{{ n }}</p><!--<![endif]-->',
    "<style>@media (max-width: 9px) { .a { color: black !important } }</style><p class='a'>x</p>",
    "<title>{{ n }} <p class='a'></title><p class='a'>x</p>",
    "<textarea><p class='a'></textarea><p class='a'>x</p>",
    "{%- set y = {'a': {'b': '}}'}} -%}  <p id=d>{{ {'k': y}['k']['a']['b'] }}</p>",
    "<div><p>{% if n %}a{% endif %}</p><p class='a'>b</p></div>",
    "<br class='a'/><hr class=a><img class='a' src='cid:{{ n }}' alt=''>",
    "<P CLASS='a'>x</P>",
    "<p class='a'>1 &lt; 2 {{ n }} é ü 中</p>",
    "<p\n  class='a'\n>line</p>\r\n<p class='a'>x</p>",
    "{% macro m(x) %}<p class='a'>{{ x }}</p>{% endmacro %}{{ m(n) }}{{ m(1) }}",
    "<style>{{ '' }}</style><p class='a'>x</p>",
    "<style>.e { color: {{ color }}; padding: {{ n }}px }</style><p class='e'>x</p>",
]


class Tree(HTMLParser):
    """Elements, attributes and texts, with styles as mappings."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[object] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, {name: declarations(v) if name == "style" else v for name, v in attrs}))

    def handle_endtag(self, tag):
        self.seen.append(("/", tag))

    def handle_data(self, data):
        self.seen.append(("text", re.sub(r"\s+", " ", data)))

    def handle_comment(self, data):
        self.seen.append(("comment", data))


def declarations(style: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in re.split(r";(?![^\"']*[\"'][^\"']*$)", style) if one.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def tree(html: str) -> list[object]:
    """The tree as an HTML5 parser sees it: css_inline, given no rules, writes it out."""
    parser = Tree()
    parser.feed(CSSInliner(inline_style_tags=False, keep_style_tags=True).inline(html))
    return [one for one in parser.seen if one != ("text", " ")]


def inlined_afterwards(html: str, css: str) -> str:
    return CSSInliner(
        extra_css=css, keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False
    ).inline(html)


@pytest.mark.parametrize("source", AWKWARD)
def test_inlining_a_template_gives_what_inlining_the_mail_gives(source):
    """Elements, attributes and texts are those of a mail that was inlined after rendering."""
    values = {"n": "7", "xs": [0, 1, 2], "color": "teal"}
    before = PLAIN.from_string(inlined(BASE, source, CSS, "x/body.html.j2")).render(values)
    afterwards = inlined_afterwards(PLAIN.from_string(source).render(values), CSS)
    assert tree(before) == tree(afterwards)


@pytest.mark.parametrize("source", AWKWARD)
def test_nothing_but_style_attributes_changes(source):
    """Whatever is not a style attribute stays as the designer wrote it, character for character."""

    def without_styles(text: str) -> str:
        return re.sub(r"""\sstyle=("[^"]*"|'[^']*')""", "", text)

    made = inlined(BASE, source, CSS, "x/body.html.j2")
    assert without_styles(made) == without_styles(source.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ('<td class="b">', '<td style="margin: 0;font-family: \'Segoe UI\', Arial;" class="b">'),
        ("<tr><th class=c>", '<tr><th style="color: blue;" class=c>'),
        (
            '<p class="a" style="width: {{ n }}%">',
            '<p class="a" style="line-height: 2;color: red;padding: 1px 2px;width: {{ n }}%">',
        ),
        (
            "<p class=a style='{% if n %}width: {{ \"3\" }}px{% endif %}'>",
            '<p class=a style="line-height: 2;color: red;padding: 1px 2px;{% if n %}width: {{ "3" }}px{% endif %}">',
        ),
        ('<i class="a" style={{ n }}>', '<i class="a" style="color: red;padding: 1px 2px;{{ n }}">'),
        ('<{{ n }} class="a">', '<{{ n }} class="a">'),
        ("<i>no class</i>", "<i>no class</i>"),
        (
            "<frame class='z'><col class=a>",
            "<frame class='z'><col style=\"color: red;padding: 1px 2px;\" class=a>",
        ),
        ("<!-- <i class=a> never closed", "<!-- <i class=a> never closed"),
        ("<style>.e{color:{% if n %}red{% endif %}}</style><i class=e>", None),
        ("<style>td{top:0}</style><td>", '<style>td{top:0}</style><td style="top: 0;">'),
        ("<style>never closed", None),
        ("<i class=a", None),
        ("", None),
    ],
)
def test_source_after_inlining(source, made):
    """A fragment, a value in a style and an unfinished tag come out as one would write them."""
    result = inlined(BASE, source, CSS, "x/body.html.j2")
    assert re.sub(r":(?=\S)", ": ", result) == re.sub(r":(?=\S)", ": ", source if made is None else made)


@pytest.mark.parametrize(
    "source",
    [
        'one\n<p class="{{ n }}">',
        'one\n<p class="a {% if n %}b{% endif %}">',
        "one\n<p {% if n %}class='a'{% endif %}>",
        "one\n<p {% if n %}id=d{% else %}id=e{% endif %}>",
        "one\n<p {% if n %}style='color: red'{% endif %}>",
    ],
)
def test_a_class_that_depends_on_a_value_is_refused(source):
    """Nobody can know beforehand what such a class will be; the error names the line."""
    with pytest.raises(TemplateSyntaxError, match="depends on a value") as caught:
        inlined(BASE, source, CSS, "x/body.html.j2")
    assert (caught.value.lineno, caught.value.name) == (2, "x/body.html.j2")


MANY = "it has more than 5000 tags"
OPEN = "more than 200 elements are open at once"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<div>" * 17000 + "</div>" * 17000, OPEN),
        ("<b>" * 20000, OPEN),
        ("<a><b><i><table>" * 2000, OPEN),
        ("<b><i></b></i>" * 201, OPEN),
        ("<b><p></b></p>" * 201, OPEN),
        ("<div><object></div></object>" * 201, OPEN),
        ("<div><table><tr><td></div>" * 101, OPEN),
        ("<br>" * 5001, MANY),
        ("</p>" * 5001, MANY),
    ],
)
def test_markup_that_a_parser_would_choke_on_is_refused(source, why):
    """Too many elements open at once, or too many tags, are told with line and advice before any parsing."""
    layer = StaticLayer.of("own", {"t/subject.txt.j2": "s", "t/body.html.j2": "one\n" + source})
    with pytest.raises(TemplateError) as caught:
        Templates(layers=(layer,), branding=Branding()).render(
            "t", {}, locale="", sender="", now=datetime(2026, 5, 4, tzinfo=UTC)
        )
    assert (caught.value.why, caught.value.file, caught.value.line) == (why, "body.html.j2", 2)
    assert caught.value.advice.startswith("Close each" if why == OPEN else "Write what repeats")


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 200 + "</div>" * 200,
        "<br>" * 5000,
        "<p>x" * 999,
        "<ul>" + "<li>x<p>y" * 999 + "</ul>",
        "<dl>" + "<dt>x<dd>y" * 999 + "</dl>",
        "<select>" + "<option>x" * 999 + "</select>",
        ("<table><thead><tr><th>x<tbody>" + "<tr><td>x<td>y" * 9 + "</table>") * 150,
        "<div><p><b>x</b></div>" * 800,
    ],
)
def test_markup_with_end_tags_left_out_is_not_disturbed(source):
    """End tags that HTML lets one leave out are not missed, and the limits themselves are within."""
    assert inlined(BASE, source, ".z { top: 0 }", "x/body.html.j2") == source


@pytest.mark.parametrize(
    "source",
    [
        "<style>" + "<a" * 8000 + "\"\n{}</style><p class='a'>x",
        "<svg><style>" + "<div>" * 17000 + "</style></svg><p class='a'>x",
        "<style><!-- .b { top: 1px } --></style><p class='a'>x",
        "<p title='" + "<a" * 8000 + "'></p><p class='a'>x",
    ],
)
def test_what_looks_like_tags_in_a_style_or_a_title_is_none(source):
    """Rules and attributes full of '<' are neither parsed as tags nor read again and again."""
    made = inlined(BASE, source, ".a { top: 0 }", "x/body.html.j2")
    assert made == source.replace("<p class='a'>", "<p style=\"top: 0;\" class='a'>")


def test_rules_in_the_old_comment_of_a_style_apply():
    """<!-- in a style element hides nothing from CSS."""
    made = inlined(BASE, "<style><!-- .b{top:1px} --></style><p class=b>", "", "x/body.html.j2")
    assert made.replace(": ", ":").endswith('<p style="top:1px;" class=b>')


def test_an_attribute_after_a_closed_condition_is_plain():
    """What stands behind {% endif %} depends on nothing."""
    made = inlined(BASE, "<p {% if n %}lang=de{% endif %} class='a'>", ".a { top: 0 }", "x/body.html.j2")
    assert made == "<p style=\"top: 0;\" {% if n %}lang=de{% endif %} class='a'>"


def test_braces_of_a_style_are_no_syntax_of_jinja():
    """A stylesheet cannot bring an expression into a template."""
    made = inlined(BASE, "<p class='a'>x</p>", ".a::before{top:0} .a{content:'{{ 7*7 }}'}", "x/body.html.j2")
    assert "{{" not in made
    assert "49" not in PLAIN.from_string(made).render()


def test_broken_jinja_is_refused_with_its_line():
    """An unclosed expression is Jinja's error, told with file and line."""
    with pytest.raises(TemplateSyntaxError) as caught:
        inlined(BASE, "a\nb {% if 'x", CSS, "x/body.html.j2")
    assert (caught.value.lineno, caught.value.name) == (2, "x/body.html.j2")


def test_inherited_blocks_are_inlined_in_each_file():
    """A page made of two files is inlined as if it had been one."""
    sources = {
        "base": "<div class='a'>{% block x %}{% endblock %}</div>",
        "page": "{% extends 'base' %}{% block x %}<p class='a'>{{ n }}</p>{% endblock %}",
    }
    css = ".a { color: red }"
    done = {name: inlined(BASE, text, css, name) for name, text in sources.items()}
    page = Environment(loader=DictLoader(done), autoescape=True).get_template("page").render(n=1)
    plain = Environment(loader=DictLoader(sources), autoescape=True).get_template("page").render(n=1)
    assert tree(page) == tree(inlined_afterwards(plain, css))
