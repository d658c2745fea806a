"""Templates rendered: inheritance, languages, branding, and errors that say what to do."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from mailsend.compose.templates import (
    StaticLayer,
    TemplateFile,
    TemplateFiles,
    TemplateInfo,
    Templates,
    TemplateSource,
)
from mailsend.errors import TemplateError
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content
from mailsend.model.rules import Branding, Logo

NOW = datetime(2026, 5, 4, 9, 41, tzinfo=UTC)
LOGO = Logo(data=b"\x89PNG\r\n\x1a\n", filename="logo.png", content_type="image/png")
CID = Attachment.from_bytes(LOGO.data, filename="logo.png", content_type="image/png", inline=True)


def templates(*layers: dict[str, str], **branding) -> Templates:
    named = tuple(StaticLayer.of(f"layer {number}", files) for number, files in enumerate(layers))
    return Templates(layers=named, branding=Branding(**branding))


def render(files: dict[str, str], values=None, *, name="hello", locale="", **branding) -> Content:
    made = templates(files, **branding)
    return made.render(name, values or {}, locale=locale, sender="Ann <ann@x.example>", now=NOW)


def one(body: str, values=None, **branding) -> str | None:
    files = {"hello/subject.txt.j2": "s", "hello/body.html.j2": body}
    return render(files, values, **branding).html


def fault(files, values=None, **more) -> tuple[str, str]:
    with pytest.raises(TemplateError) as caught:
        render(files, values, **more)
    return str(caught.value), caught.value.advice


def fault_in(body: str, values=None, **more) -> tuple[str, str]:
    return fault({"hello/subject.txt.j2": "s", "hello/body.html.j2": body}, values, **more)


def test_a_whole_mail():
    """Subject, text and HTML come with the template's name and its two marks, the logo as a related part."""
    files = {
        "hello/subject.txt.j2": "  Hello {{ who }} \n",
        "hello/body.html.j2": '<img src="{{ brand.logo }}"><b>{{ who }}</b>',
        "hello/body.txt.j2": "Hello {{ who }}, from {{ sender }} in {{ year }} ({{ now.hour }} h, {{ locale }})",
        "hello/template.toml": 'sensitive = true\nessential = true\ndescription = "x"',
    }
    assert render(files, {"who": "B&B"}, logo=LOGO) == Content(
        subject="Hello B&B",
        text="Hello B&B, from Ann <ann@x.example> in 2026 (9 h, en)",
        html=f'<img src="cid:{CID.cid}"><b>B&amp;B</b>',
        related=(CID,),
        template="hello",
        sensitive=True,
        essential=True,
    )


@pytest.mark.parametrize("body", ["body.html.j2", "body.txt.j2"])
def test_one_body_is_enough(body):
    """A template of the customer's may have HTML alone, or text alone; the logo goes only where it is shown."""
    content = render({"hello/subject.txt.j2": "s", f"hello/{body}": "x"}, logo=LOGO)
    assert (content.html, content.text, content.related) == (
        ("x", None, ()) if body == "body.html.j2" else (None, "x", ())
    )


def test_brand_is_exactly_the_branding():
    """Every branding field is there, empty where the customer gave none."""
    fields = ("partner_name", "contact", "legal_notice", "support_phone", "support_email", "logo")
    body = "|".join("{{ brand." + name + " }}" for name in fields)
    assert one(body) == "|".join(["None"] * 6)
    given = {
        "partner_name": "P",
        "contact": "C",
        "legal_notice": "L",
        "support_phone": "T",
        "support_email": "E",
    }
    assert one(body, **given, logo=LOGO) == f"P|C|L|T|E|cid:{CID.cid}"


def test_inner_layers_win_file_by_file():
    """A customer that writes one file inherits the others; languages fall back within a layer."""
    unit = {"hello/subject.de.txt.j2": "unit de"}
    customer = {"hello/body.txt.j2": "customer", "hello/subject.txt.j2": "customer"}
    shipped = {
        "hello/subject.txt.j2": "shipped",
        "hello/body.txt.j2": "shipped",
        "hello/body.de.txt.j2": "shipped de",
        "hello/body.html.j2": "shipped",
        "hello/body.de-CH.html.j2": "shipped de-CH",
        "hello/body.de.html.j2": "shipped de",
    }
    made = templates(unit, customer, shipped)

    def parts(locale):
        content = made.render("hello", {}, locale=locale, sender="", now=NOW)
        return content.subject, content.text, content.html

    assert parts("") == ("customer", "customer", "shipped")
    assert parts("de") == ("unit de", "customer", "shipped de")
    assert parts("de_ch") == ("unit de", "customer", "shipped de-CH")
    assert parts("fr") == ("customer", "customer", "shipped")


def test_base_files_are_inherited_and_translated_as_well():
    """The frame, its words and its stylesheet can be overridden one by one."""
    shipped = {
        "_base/html.j2": '{% import "_base/words.j2" as words %}<p class="x">{{ words.hi }}</p>{% block b %}{% endblock %}',
        "_base/words.j2": '{% set hi = "Hello " ~ who %}',
        "_base/words.de.j2": '{% set hi = "Hallo " ~ who %}',
        "_base/style.css.j2": ".x { color: {{ brand.colors.primary }} }",
        "hello/subject.txt.j2": "s",
        "hello/body.html.j2": '{% extends "_base/html.j2" %}{% block b %}!{% endblock %}',
    }
    own = {"_base/style.css.j2": ".x { color: black }"}

    def html(*layers, locale=""):
        return (
            templates(*layers, colors={"primary": "#ABC"})
            .render("hello", {"who": "<you>"}, locale=locale, sender="", now=NOW)
            .html
        )

    assert html(shipped) == '<p style="color: #aabbcc;" class="x">Hello &lt;you&gt;</p>!'
    assert html(shipped, locale="de") == '<p style="color: #aabbcc;" class="x">Hallo &lt;you&gt;</p>!'
    assert html(own, shipped) == '<p style="color: black;" class="x">Hello &lt;you&gt;</p>!'


def test_rules_for_the_head_are_given_as_brand_style():
    """head.css.j2 reaches a style element as it is, and cannot leave it."""
    files = {"hello/subject.txt.j2": "s", "hello/body.html.j2": "<style>{{ brand.style }}</style>"}
    css = "@media print { .x > .y { color: {{ brand.colors.primary }} } }"
    assert render({**files, "_base/head.css.j2": css}, colors={"primary": "#123456"}).html == (
        "<style>@media print { .x > .y { color: #123456 } }</style>"
    )
    assert fault({**files, "_base/head.css.j2": "</style><script>"}) == (
        "template 'hello' (_base/head.css.j2, line 1): a stylesheet may not hold '<'",
        "Mend the line; 'mailsend template preview' shows the result.",
    )


def test_escaping_follows_the_file():
    """HTML escapes, text does not; words shared by both are escaped where they are shown."""
    files = {
        "_base/words.j2": '{% set greeting = "Dear " ~ brand.partner_name %}',
        "hello/subject.txt.j2": "{{ v }}",
        "hello/body.html.j2": '{% import "_base/words.j2" as w %}{{ w.greeting }} {{ v }} {{ "a" ~ v ~ "b"|safe }}',
        "hello/body.txt.j2": '{% import "_base/words.j2" as w %}{{ w.greeting }} {{ v }} {{ "a" ~ v }}',
    }
    content = render(files, {"v": "<&>"}, partner_name="A&B")
    assert (content.subject, content.html, content.text) == (
        "<&>",
        "Dear A&amp;B &lt;&amp;&gt; a&lt;&amp;&gt;b",
        "Dear A&B <&> a<&>",
    )


def test_html_may_not_take_in_plain_text():
    """What a text file says is not escaped, so HTML cannot import it."""
    files = {
        "hello/subject.txt.j2": "s",
        "hello/body.txt.j2": "{% macro m() %}{{ brand.partner_name }}{% endmacro %}",
        "hello/body.html.j2": '{% from "hello/body.txt.j2" import m %}{{ m() }}',
    }
    assert fault(files, partner_name="<script>")[0] == (
        "template 'hello' (body.html.j2, line 1): an HTML file may not take in 'hello/body.txt.j2', which is plain text"
    )


def test_a_key_of_a_mapping_comes_before_its_methods():
    """``order.items`` is the key 'items' where there is one."""
    assert (
        one("{{ o.items|join }}{{ p.items()|list|length }}", {"o": {"items": [1, 2]}, "p": {"a": 1}}) == "121"
    )


def test_an_import_remembers_nothing():
    """Two mails never see each other's values through a shared file."""
    files = {
        "hello/subject.txt.j2": "s",
        "hello/body.html.j2": '{% import "hello/parts.html.j2" as p %}{{ p.m(v) }}{{ p }}',
        "hello/parts.html.j2": '{% set ns = namespace(x="") %}{% macro m(v) %}{% set ns.x = ns.x ~ v %}{{ ns.x }}{% endmacro %}-',
    }
    made = templates(files)
    seen = [made.render("hello", {"v": v}, locale="", sender="", now=NOW).html for v in ("a", "b")]
    assert seen == ["a-", "b-"]


def test_what_is_compiled_is_kept_and_renewed():
    """The same files give the same look, changed files a new one."""

    class Changing:
        name = "changing"

        def __init__(self):
            self.files = TemplateFiles({"hello/subject.txt.j2": "one", "hello/body.txt.j2": "x"})

        def snapshot(self):
            return self.files

    layer = Changing()
    made = Templates(layers=(layer,), branding=Branding())

    def subject():
        return made.render("hello", {}, locale="", sender="", now=NOW).subject

    assert (subject(), subject()) == ("one", "one")
    layer.files = TemplateFiles({**layer.files.files, "hello/subject.txt.j2": "two"})
    assert subject() == "two"


def test_threads_share_what_is_compiled():
    """Many threads that render at once, from the first mail on, each get their own mail."""
    files = {
        "_base/html.j2": "<p>{% block b %}{% endblock %}</p>",
        "hello/subject.txt.j2": "{{ n }}",
        "hello/body.html.j2": "{% extends '_base/html.j2' %}{% block b %}{% for x in range(50) %}{{ n }},{% endfor %}{% endblock %}",
    }
    made = templates(files)

    def rendered(n):
        content = made.render("hello", {"n": n}, locale="", sender="", now=NOW)
        return content.subject, content.html

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(rendered, range(200))) == [
            (str(n), f"<p>{f'{n},' * 50}</p>") for n in range(200)
        ]


def test_a_missing_template_names_what_was_searched():
    """The error lists the layers and the nearest names."""
    made = templates({"order-confirmation/subject.txt.j2": "s", "_base/html.j2": "x"}, {})
    with pytest.raises(TemplateError) as caught:
        made.render("order-confirmaton", {}, locale="", sender="", now=NOW)
    assert (str(caught.value), caught.value.advice) == (
        "template 'order-confirmaton': there is no such template",
        "Looked in: layer 0, layer 1. Nearest: order-confirmation.",
    )
    with pytest.raises(TemplateError) as caught:
        made.show("zzz")
    assert caught.value.advice == "Looked in: layer 0, layer 1. Known are: order-confirmation."
    with pytest.raises(TemplateError) as caught:
        templates().render("zzz", {}, locale="", sender="", now=NOW)
    assert caught.value.advice == "Looked in: no folder at all. Known are: none."


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "/etc/passwd", "a/b", "", "_base", "A", "a.b", "a\n", None, "x" * 101]
)
def test_a_name_is_never_a_path(name):
    """What is not a plain name is refused before any folder is looked at."""
    with pytest.raises(TemplateError, match="this cannot be the name of a template"):
        templates({}).render(name, {}, locale="", sender="", now=NOW)


def test_an_incomplete_template_says_what_it_lacks():
    """A subject and one body are needed in the language asked for."""
    advice = "It has subject.de.txt.j2; write subject.txt.j2 and body.html.j2 or body.txt.j2."
    assert fault({"hello/subject.de.txt.j2": "s"}) == (
        "template 'hello': it has no subject for this language",
        advice,
    )
    assert fault({"hello/subject.txt.j2": "s"}) == (
        "template 'hello': it has no body for this language",
        advice.replace(".de", ""),
    )


def test_a_missing_variable_is_named():
    """The error names variable, file and line, and what the sample holds."""
    files = {"hello/subject.txt.j2": "s", "hello/body.html.j2": "a\n{{ order.number }}"}
    assert fault({**files, "hello/sample.toml": "x = 1\n[order]\nnumber = 2"}) == (
        "template 'hello' (body.html.j2, line 2): the variable 'order' is missing",
        "Give it in values; the template's sample.toml holds: x, order.",
    )
    assert fault(files, {"order": {}}) == (
        "template 'hello' (body.html.j2, line 2): a value of the kind dict has no 'number'",
        "Give it in values, and add a sample.toml that says which values the template needs.",
    )
    with_import = {
        **files,
        "hello/body.html.j2": '{% import "hello/w.j2" as w %}\n{{ w.none }}',
        "hello/w.j2": "",
    }
    assert fault(with_import)[0].endswith("line 2): a value of the kind TemplateModule has no 'none'")


@pytest.mark.parametrize("key", ["brand", "sender", "locale", "now", "year"])
def test_values_may_not_shadow_what_is_given(key):
    """A value named like one of ours is an error, not a surprise."""
    assert fault_in("x", {key: 1}) == (
        f"template 'hello': values may not hold '{key}', which every template is given",
        "Give the value another name; taken are brand, locale, now, sender, year.",
    )


@pytest.mark.parametrize(
    ("body", "message", "advice"),
    [
        ("a\n{% if %}", "line 2): Expected an expression, got 'end of statement block'", "Mend the line"),
        ("a\n{{ 1|nothing }}", "line 2): No filter named 'nothing'.", "Only Jinja's own filters"),
        ("a\n{{ 1|random }}", "line 2): No filter named 'random'.", "Only Jinja's own filters"),
        (
            "a\n{% extends '_base/htm.j2' %}",
            "line 2): there is no file '_base/htm.j2'",
            "Nearest: _base/html.j2.",
        ),
        ("{% include 'q' %}", "line 1): there is no file 'q'", "Files are named like '_base/html.j2'."),
        ("{% include '../../etc/passwd' %}", "there is no file '../../etc/passwd'", "Files are named"),
        ("{% include 'hello/sample.toml' %}", "there is no file 'hello/sample.toml'", "Nearest"),
        ("{% include 'hello/body.html.j2' %}", "it takes in itself", "extends or includes itself"),
        ("{% extends 'hello/body.html.j2' %}", "it takes in itself", "extends or includes itself"),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "it takes in itself",
            "extends or includes itself",
        ),
        ("{% autoescape false %}x{% endautoescape %}", "line 1): autoescape may not be switched", "Mend"),
        ("{{ brand.__class__ }}", "access to attribute '__class__' of 'dict' object is unsafe.", "closed"),
        ("{{ ''['__class__'] }}", "access to attribute '__class__' of 'str' object is unsafe.", "closed"),
        (
            "{{ ''|attr('__class__') }}",
            "access to attribute '__class__' of 'str' object is unsafe.",
            "closed",
        ),
        (
            "{{ '{0.__class__}'.format(1) }}",
            "access to attribute '__class__' of 'int' object is unsafe.",
            "closed",
        ),
        (
            "{{ brand.update }}{{ brand.clear() }}",
            "access to attribute 'update' of 'dict' object is unsafe.",
            "closed",
        ),
        ("{% set brand.x = 1 %}", "cannot assign attribute on non-namespace object", "Jinja's documentation"),
        ("{{ lipsum() }}", "the variable 'lipsum' is missing", "values"),
        ("{{ 1 / 0 }}", "ZeroDivisionError was raised while it was rendered", "sample.toml"),
        ("{{ 'x'|money('CHF') }}", "ValueError was raised while it was rendered", "sample.toml"),
    ],
)
def test_every_fault_says_where_and_what_to_do(body, message, advice):
    """Errors of templates name file and line, and give one line of advice."""
    files = {
        "hello/subject.txt.j2": "s",
        "hello/body.html.j2": body,
        "hello/sample.toml": "",
        "_base/html.j2": "",
    }
    told = fault(files)
    assert told[0].startswith("template 'hello' (body.html.j2")
    assert message in told[0]
    assert advice in told[1]


def test_nesting_without_end_is_told():
    """Source that Python cannot compile is a fault of the template, not a crash."""
    assert "nested too deeply" in fault_in("{% if 1 %}" * 150 + "{% endif %}" * 150)[0]
    assert "it takes in itself" in fault_in("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}")[0]


def test_what_a_value_raises_is_told_by_its_kind_alone():
    """A value's own words may hold a secret: they are neither in the error nor in its chain."""

    class Bad:
        @property
        def total(self):
            raise RuntimeError("s3cret")

    with pytest.raises(TemplateError) as caught:
        render({"hello/subject.txt.j2": "s", "hello/body.html.j2": "\n{{ bad.total }}"}, {"bad": Bad()})
    assert (
        str(caught.value)
        == "template 'hello' (body.html.j2, line 2): RuntimeError was raised while it was rendered"
    )
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_an_error_of_ours_passes_through():
    """A TemplateError that a value raises is told as it is."""

    def broken():
        raise TemplateError("inner", "no")

    assert fault_in("{{ f() }}", {"f": broken})[0] == "template 'inner': no"


@pytest.mark.parametrize("locale", ["de--CH", "x", "../de", "de\n", "d" * 40])
def test_a_locale_is_a_language_tag(locale):
    """Anything else is refused, so that it can be no part of a path."""
    assert fault_in("x", locale=locale)[1] == "Write it as in 'de' or 'de-CH'."


@pytest.mark.parametrize("color", ["red", "#12", "#12345g", "expression(1)", "#fff;}", 7])
def test_a_colour_is_six_digits(color):
    """Branding cannot bring anything but a colour into a stylesheet."""
    assert fault_in("x", colors={"primary": color}) == (
        "template '_base': branding: colour 'primary' is not of the form #rrggbb",
        'Write it as in colors = { primary = "#0b5fff" }.',
    )


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("sensitiv = true", "(template.toml): 'sensitiv' is no key of it"),
        ("sensitive = 1", "(template.toml): 'sensitive' must be true or false"),
        ("description = true", "(template.toml): 'description' must be a text"),
        ("description = ", "(template.toml): it is no TOML: Invalid value (at end of document)"),
        ("a = " + "[" * 5000, "(template.toml): it is nested too deeply"),
    ],
)
def test_template_toml_is_checked(toml, message):
    """Unknown keys and wrong kinds are errors."""
    assert (
        fault({"hello/subject.txt.j2": "s", "hello/template.toml": toml})[0] == f"template 'hello' {message}"
    )


def test_names_show_sample_and_source():
    """What the command line shows of templates: names, layers, files, samples, sources."""
    own = {"hello/subject.de.txt.j2": "de", "hello/template.toml": 'description = "Own"'}
    shipped = {
        "hello/subject.txt.j2": "s",
        "hello/body.txt.j2": "b",
        "hello/sample.toml": "who = 'x'",
        "hello/sample.de.toml": "who = 'y'",
        "other/body.html.j2": "b",
        "notes/readme.txt": "no template",
        "_base/html.j2": "f",
    }
    made = templates(own, shipped)
    hello = TemplateInfo(
        name="hello",
        layer="layer 0",
        description="Own",
        locales=("de",),
        files=(
            TemplateFile(path="hello/subject.de.txt.j2", layer="layer 0", locale="de"),
            TemplateFile(path="hello/template.toml", layer="layer 0"),
            TemplateFile(path="hello/subject.txt.j2", layer="layer 1"),
            TemplateFile(path="hello/body.txt.j2", layer="layer 1"),
            TemplateFile(path="hello/sample.de.toml", layer="layer 1", locale="de"),
            TemplateFile(path="hello/sample.toml", layer="layer 1"),
        ),
    )
    other = TemplateInfo(
        name="other", layer="layer 1", files=(TemplateFile(path="other/body.html.j2", layer="layer 1"),)
    )
    assert made.names() == (hello, other)
    assert made.show("hello") == hello
    assert (made.sample("hello"), made.sample("hello", "de-AT"), made.sample("other")) == (
        {"who": "x"},
        {"who": "y"},
        {},
    )
    assert made.source_of("hello", "subject.txt.j2", "de") == TemplateSource(
        path="hello/subject.de.txt.j2", layer="layer 0", locale="de", text="de"
    )
    assert made.source_of("_base", "html.j2").text == "f"
    with pytest.raises(TemplateError) as caught:
        made.source_of("other", "body.txt.j2")
    assert (str(caught.value), caught.value.advice) == (
        "template 'other': there is no file 'body.txt.j2'",
        "Its files are: body.html.j2.",
    )


def test_files_are_values():
    """Two snapshots are equal where names and texts are; paths and sizes are checked."""
    files = {"a/b.j2": "1", "a/a.j2": "2"}
    assert TemplateFiles(files) == TemplateFiles(dict(reversed(files.items())))
    assert TemplateFiles(files) != TemplateFiles({"a/b.j2": "2", "a/a.j2": "1"})
    assert TemplateFiles(files).list() == ("a/a.j2", "a/b.j2")
    for path in ("b.j2", "../b.j2", "/a/b.j2", "a/b/c.j2", "a/.j2", "a/b", "a\\b/c.j2"):
        with pytest.raises(TemplateError, match="one folder and one file name"):
            TemplateFiles({path: ""})
    with pytest.raises(TemplateError, match="more than 200000 characters"):
        TemplateFiles({"a/b.j2": "x" * 200_001})
