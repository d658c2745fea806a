"""The templates that ship: complete, in two languages, sound HTML, and seen when edited."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from css_inline import CSSInliner

from mailsend.compose.templates import StaticLayer, Templates
from mailsend.compose.templates.palette import contrast
from mailsend.errors import TemplateError
from mailsend.mailer.template_files import FolderLayer, shipped_layer
from mailsend.model.rules import Branding, Logo

NOW = datetime(2026, 5, 4, 9, 41, tzinfo=UTC)
NAMES = (
    "account-notice",
    "document-to-sign",
    "invitation",
    "invoice",
    "order-confirmation",
    "password-reset",
)
LOCALES = ("en", "de")
BRANDING = Branding(
    partner_name="Acme & Sons",
    contact="Your Acme team",
    legal_notice="Acme AG, Registered in Example",
    support_phone="+41 00 000 00 00",
    support_email="help@suite.example",
    logo=Logo(data=b"\x89PNG\r\n\x1a\n"),
    colors={"primary": "#0b5fff"},
)
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def render(name, locale="en", branding=BRANDING, values=None):
    made = Templates(layers=(shipped_layer(),), branding=branding)
    return made.render(
        name,
        values or made.sample(name, locale),
        locale=locale,
        sender="Ann Meier <ann@customer.example>",
        now=NOW,
    )


class Page(HTMLParser):
    """Start tags with their attributes; fails on tags that are closed out of order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[object] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        styles = dict(attrs).get("style") or ""
        rest = {name: value for name, value in attrs if name != "style"}
        self.seen.append(
            (tag, rest, [one.strip() for one in styles.replace(": ", ":").split(";") if one.strip()])
        )
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_comment(self, data):
        self.seen.append(("comment", data))

    def handle_data(self, data):
        if data.strip():
            self.seen.append(" ".join(data.split()))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


everything = pytest.mark.parametrize(
    ("name", "locale"), [(name, locale) for name in NAMES for locale in LOCALES]
)


def test_the_shipped_set():
    """These six ship, each with every part in both languages, and marked as the specification says."""
    found = Templates(layers=(shipped_layer(),), branding=Branding()).names()
    assert tuple(one.name for one in found) == NAMES
    assert {one.name for one in found if one.sensitive} == {
        "document-to-sign",
        "invitation",
        "password-reset",
    }
    assert {one.name for one in found if one.essential} == {"document-to-sign", "invoice", "password-reset"}
    for one in found:
        assert one.description
        assert sorted(file.path.partition("/")[2] for file in one.files) == [
            *(
                "body.de.html.j2",
                "body.de.txt.j2",
                "body.html.j2",
                "body.txt.j2",
                "sample.de.toml",
                "sample.toml",
            ),
            *("subject.de.txt.j2", "subject.txt.j2", "template.toml"),
        ]


@everything
def test_each_mail_holds_the_whole_branding(name, locale):
    """Greeting, signature, legal notice, telephone, address, sender and logo are in HTML and text."""
    content = render(name, locale)
    greeting = (
        "Dear Acme & Sons customer," if locale == "en" else "Liebe Kundin, lieber Kunde von Acme & Sons,"
    )
    fields = (
        greeting,
        "Your Acme team",
        "Acme AG, Registered in Example",
        "+41 00 000 00 00",
        "help@suite.example",
    )
    text, html = content.text or "", content.html or ""
    sender = "Ann Meier <ann@customer.example>"
    assert [field in text for field in (*fields, sender)] == [True] * 6
    escaped = [
        field.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for field in (*fields, sender)
    ]
    assert [field in html for field in escaped] == [True] * 6
    assert [one.cid for one in content.related] == re.findall(r'src="cid:([^"]+)"', html)
    assert len(content.related) == 1


@everything
def test_a_field_that_is_missing_leaves_no_trace(name, locale):
    """Without any branding there is no empty row, no None, and no picture."""
    content = render(name, locale, Branding())
    assert content.html is not None
    assert content.text is not None
    assert "None" not in content.html + content.text
    assert not re.search(r"<(td|th|p|h1|h2|strong)\b[^>]*>\s*</", content.html)
    assert "\n\n\n" not in content.text
    assert (Page(content.html).all("img"), content.related) == ([], ())


@everything
def test_html_is_sound_and_light(name, locale):
    """Tags are closed in order; language, title, preheader and alt texts are there; Gmail shows it whole."""
    html = render(name, locale).html or ""
    page = Page(html)
    assert page.all("html")[0]["lang"] == locale
    assert len(page.all("title")) == len(page.all("h1")) == 1
    assert all(image["alt"] for image in page.all("img"))
    layout = [table for table in page.all("table") if table.get("role") == "presentation"]
    assert layout
    data = [table for table in page.all("table") if table.get("role") != "presentation"]
    assert bool(data) == bool(page.all("th"))
    assert len(html.encode()) < 30_000  # Gmail clips at 102 KB
    style = max(re.findall(r"<style>(.*?)</style>", html, re.DOTALL), key=len)
    assert len(style.encode()) < 8_192  # some versions of Gmail drop longer ones
    for must in (
        "color-scheme",
        "prefers-color-scheme: dark",
        "[data-ogsc]",
        "max-width: 620px",
        "<!--[if mso]>",
    ):
        assert must in html
    assert not re.search(r"https?://(?![a-z]+\.example/|www\.w3\.org/1999/xhtml)", html)
    assert not {"script", "link", "form", "iframe", "object"} & {tag for tag, _ in page.tags}


@everything
def test_inlined_once_is_inlined_after_rendering(name, locale):
    """Elements, attributes and texts are those of a mail that was inlined after it was rendered."""
    files = dict(shipped_layer().snapshot().files)
    css = files.pop("_base/style.css.j2")
    sample = Templates(layers=(shipped_layer(),), branding=BRANDING).sample(name, locale)

    def html(files, **more):
        layer = StaticLayer.of("one", {**files, **more})
        content = Templates(layers=(layer,), branding=BRANDING).render(
            name, sample, locale=locale, sender="x", now=NOW
        )
        return content.html or content.text or ""

    rendered_css = html(
        {f"{name}/subject.txt.j2": "s", f"{name}/body.txt.j2": "{% include '_base/style.css.j2' %}"},
        **{"_base/style.css.j2": css},
    )
    tidy = CSSInliner(inline_style_tags=False, keep_style_tags=True)
    inliner = CSSInliner(
        extra_css=rendered_css, inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False
    )
    once = Page(tidy.inline(html(files, **{"_base/style.css.j2": css})))
    afterwards = Page(inliner.inline(html(files)))
    assert len(once.tags) > 30
    assert once.seen == afterwards.seen


@everything
def test_text_is_readable_by_contrast(name, locale):
    """Each text colour reaches AA on every ground that it can stand on."""
    html = render(name, locale).html or ""
    grounds = set(re.findall(r"background-color: (#[0-9a-f]{6})", html.partition("<body")[2])) - {"#0b5fff"}
    body = re.sub(
        r'<div [^>]*class="preheader".*?</div>|<a [^>]*class="button".*?</a>',
        "",
        html.partition("<body")[2],
        flags=re.DOTALL,
    )
    inks = set(re.findall(r"[;\"] ?color: (#[0-9a-f]{6})", body))
    assert grounds
    assert inks
    assert {
        (ink, ground)
        for ink in inks
        for ground in grounds
        if ink != "#ffffff" and contrast(ink, ground) < 4.5
    } == set()


@everything
def test_values_that_people_type_are_only_shown(name, locale):
    """HTML in values is text in the mail."""

    def hostile(value):
        if isinstance(value, dict):
            return {key: hostile(one) for key, one in value.items()}
        if isinstance(value, list):
            return [hostile(one) for one in value]
        return f"{value}<script>" if isinstance(value, str) and value not in ("CHF", "EUR") else value

    sample = Templates(layers=(shipped_layer(),), branding=Branding()).sample(name, locale)
    html = render(name, locale, values=hostile(sample)).html or ""
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("name", NAMES)
def test_optional_values_may_be_left_out(name):
    """What the sample shows beyond the necessary may be missing."""
    optional = {
        "order-confirmation": ("order", ("delivery_address", "delivery_date", "url")),
        "invoice": ("invoice", ("iban", "reference", "url", "tax_rate")),
        "password-reset": ("reset", ("requested_at", "requested_from")),
        "invitation": ("invitation", ("role", "message", "expires")),
        "document-to-sign": ("document", ("pages", "due", "message")),
        "account-notice": ("notice", ("details", "action_label", "action_url", "advice")),
    }
    key, fields = optional[name]
    for locale in LOCALES:
        sample = Templates(layers=(shipped_layer(),), branding=Branding()).sample(name, locale)
        content = render(
            name, locale, Branding(), {key: {k: v for k, v in sample[key].items() if k not in fields}}
        )
        assert "\n\n\n" not in (content.text or "")
        assert not re.search(r"<(td|th|p|h1|h2|table)\b[^>]*>\s*</", content.html or "")


def test_a_folder_is_seen_when_it_is_edited(tmp_path):
    """The next mail shows what a designer has saved, without a restart; nothing new gives the same object."""
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "subject.txt.j2").write_text("one")
    layer = FolderLayer(tmp_path, name="customer")
    first = layer.snapshot()
    assert (first.files, layer.snapshot() is first, layer.name) == (
        {"hello/subject.txt.j2": "one"},
        True,
        "customer",
    )
    (folder / "subject.txt.j2").write_text("three")
    (folder / "body.txt.j2").write_text("\ufeffnew", encoding="utf-8")
    changed = FolderLayer(tmp_path).snapshot()
    while (seen := layer.snapshot()) is first:
        pass
    assert seen == changed
    assert changed.files == {"hello/subject.txt.j2": "three", "hello/body.txt.j2": "new"}


def test_a_folder_gives_templates_alone(tmp_path):
    """Hidden files, other files, deeper folders and links that lead out are passed by."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "secret.toml").write_text("")
    for path in ("in/a.txt.j2", "in/.b.txt.j2", "in/c.py", "in/deep/d.j2", ".git/e.j2", "in/t.toml"):
        (tmp_path / path).write_text("x")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "f.txt.j2").write_text("secret")
    (tmp_path / "out").symlink_to(outside)
    (tmp_path / "in" / "g.txt.j2").symlink_to(outside / "f.txt.j2")
    (tmp_path / "in" / "h.txt.j2").symlink_to(tmp_path / "in" / "a.txt.j2")
    (tmp_path / "in" / "i.txt.j2").mkdir()
    assert FolderLayer(tmp_path).snapshot().list() == ("in/a.txt.j2", "in/h.txt.j2", "in/t.toml")


def test_a_folder_that_cannot_be_read_says_so(tmp_path):
    """Missing folders, text that is not UTF-8 and folders of something else are TemplateErrors with advice."""

    def told(layer):
        with pytest.raises(TemplateError) as caught:
            layer.snapshot()
        assert caught.value.advice
        return str(caught.value)

    assert told(FolderLayer(tmp_path / "none", name="own")) == (
        "template 'own': the folder cannot be read: No such file or directory"
    )
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "a.txt.j2").write_bytes(b"\xff")
    assert told(FolderLayer(tmp_path)) == "template 'hello' (a.txt.j2): the file is not UTF-8"
    (folder / "a.txt.j2").write_text("x" * 900_000)
    assert told(FolderLayer(tmp_path)).endswith("the file has more than 200000 characters")
    (folder / "a.txt.j2").unlink()
    for number in range(2001):
        (folder / f"n{number}.j2").touch()
    assert told(FolderLayer(tmp_path, name="own")) == "template 'own': the folder holds more than 2000 files"


def test_a_file_that_goes_while_it_is_read_says_so(tmp_path):
    """A file that vanishes between look and read is an error of that file."""
    layer = FolderLayer(tmp_path)
    with pytest.raises(TemplateError, match=r"template 'a' \(b\.j2\): the file cannot be read: No such file"):
        layer._text("a/b.j2")


def test_the_locator_finds_the_checkout_and_says_its_name():
    """In a checkout the templates lie at its top, without any Python among them."""
    assert repr(shipped_layer()).endswith("name='shipped')")
    assert shipped_layer() is shipped_layer()
    top = Path(__file__).parents[2] / "templates"
    assert {path.suffix for path in top.rglob("*") if path.is_file()} <= {".j2", ".toml", ".md"}
    expected = {os.path.relpath(path, top) for path in top.rglob("*") if path.suffix in (".j2", ".toml")}
    assert set(shipped_layer().snapshot().list()) == expected
