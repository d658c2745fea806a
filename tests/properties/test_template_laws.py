"""Laws of templates: readable colours, exact escaping, inlining that changes nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from css_inline import CSSInliner
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from mailsend.compose.templates import StaticLayer, Templates
from mailsend.compose.templates.environment import base_environment
from mailsend.compose.templates.files import TemplateFiles
from mailsend.compose.templates.inline import inlined
from mailsend.compose.templates.locate import find, language_chain, normal_locale, variant
from mailsend.compose.templates.palette import contrast, palette
from mailsend.model.rules import Branding

NOW = datetime(2026, 5, 4, tzinfo=UTC)
BASE = base_environment()
PLAIN = Environment(autoescape=True)
CSS = ".a { color: red } .b { padding: 1px } td.a { margin: 0 }"

colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
words = st.sampled_from(["x", "{{ n }}", "{% if n %}y{% endif %}", "{# z #}", "&amp;", "é"])
classes = st.sampled_from(
    ["", ' class="a"', " class='a b'", " class=b title='{{ n }}'", ' {% if n %}lang="de"{% endif %}']
)
leaves = st.tuples(st.sampled_from(["span", "b", "em"]), classes, words).map(
    lambda p: f"<{p[0]}{p[1]}>{p[2]}</{p[0]}>"
)
rows = st.lists(st.tuples(classes, leaves), min_size=1, max_size=3).map(
    lambda cells: "<tr>" + "".join(f"<td{c}>{x}</td>" for c, x in cells) + "</tr>"
)
tables = st.lists(rows, min_size=1, max_size=3).map(
    lambda trs: "<table><tbody>{% for x in xs %}" + "".join(trs) + "{% endfor %}</tbody></table>"
)
documents = st.lists(st.one_of(leaves, tables), min_size=1, max_size=4).map(
    lambda parts: "<div>" + "".join(parts) + "</div>"
)


def plainly(source: str) -> str:
    return PLAIN.from_string(source).render(n="7", xs=[1, 2])


def styled(html: str) -> list[tuple[str, list[str]]]:
    """Each start tag in order, its name and its attributes sorted."""
    tags = re.findall(r"<([a-z]+)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", html)
    found = []
    for name, attributes in tags:
        pairs = re.findall(r"([a-z]+)=(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", attributes)
        found.append((name, sorted(f"{key}={unescape(''.join(value)).rstrip(';')}" for key, *value in pairs)))
    return found


@given(documents)
def test_inlining_before_or_after_rendering_is_the_same(source):
    """Any page of nested tables, loops and conditions gets the styles that its mail would get."""
    afterwards = CSSInliner(load_remote_stylesheets=False).inline_fragment(plainly(source), CSS)
    before = plainly(inlined(BASE, source, CSS, "x/b.html.j2"))
    assert styled(before) == styled(afterwards)
    assert re.sub(r' style="[^"]*"', "", before) == plainly(source)


@given(colors)
def test_every_brand_can_be_read(primary):
    """Whatever colour a brand has, its buttons and links reach WCAG AA, light and dark."""
    made = palette({"primary": primary})
    assert contrast(made["on_primary"], primary) >= 4.5
    for ground in ("surface", "panel", "background"):
        assert contrast(made["link"], made[ground]) >= 4.5
        assert contrast(made["dark_link"], made[f"dark_{ground}"]) >= 4.5


@given(st.text())
def test_a_value_arrives_as_it_is(value):
    """Escaping loses nothing and adds nothing: unescaped HTML, and text, are the value."""
    layer = StaticLayer.of(
        "own", {"t/subject.txt.j2": "s", "t/body.html.j2": "<b>{{ v }}</b>", "t/body.txt.j2": "{{ v }}"}
    )
    content = Templates(layers=(layer,), branding=Branding()).render(
        "t", {"v": value}, locale="", sender="", now=NOW
    )
    assert content.text == value
    assert content.html is not None
    inner = content.html.removeprefix("<b>").removesuffix("</b>")
    assert not set(inner) & set("<>\"'")
    assert (
        inner.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", '"')
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        == value
    )


@given(
    st.lists(st.sets(st.sampled_from(["", "de", "de-CH", "fr"]), max_size=4), max_size=3),
    st.sampled_from(["", "de", "de-CH", "de-CH-1996", "fr", "en"]),
)
def test_the_innermost_layer_wins_then_the_best_language(layers, locale):
    """An oracle that sorts all candidates finds the same file."""
    files = tuple(
        TemplateFiles({variant("t/body.txt.j2", one): f"{n} {one}" for one in has})
        for n, has in enumerate(layers)
    )
    chain = language_chain(normal_locale(locale))
    candidates = sorted(
        (n, chain.index(one), one) for n, has in enumerate(layers) for one in has if one in chain
    )
    found = find(files, "t/body.txt.j2", normal_locale(locale))
    assert (found and found.text) == (f"{candidates[0][0]} {candidates[0][2]}" if candidates else None)
