"""File names that receivers refuse (Q10)."""

from __future__ import annotations

import pytest

from mailsend.compose.parameters import filename_parameters
from mailsend.model.attachment_rules import BLOCKED_EXTENSIONS, blocked_extension


@pytest.mark.parametrize(
    ("filename", "blocked"),
    [
        ("setup.exe", "exe"),
        ("SETUP.ExE", "exe"),
        ("invoice.pdf.js", "js"),
        ("setup.exe.", "exe"),
        ("setup.exe . ", "exe"),
        ("invoice.pdf", None),
        ("exe", None),
        ("a.exe.pdf", None),
        ("evil.\N{FULLWIDTH LATIN SMALL LETTER E}\N{FULLWIDTH LATIN SMALL LETTER X}e", "exe"),
        ("evil\N{FULLWIDTH FULL STOP}exe", "exe"),
        ("evil\N{ONE DOT LEADER}exe\N{IDEOGRAPHIC SPACE}", "exe"),
        ("evil.ex\u00e9", "exe"),
        ("evil.exe\u0301", "exe"),
        ("evil.e\N{SOFT HYPHEN}xe", "exe"),
        ("evil.ex\N{VARIATION SELECTOR-16}e", "exe"),
        ("caf\u00e9.pdf", None),
    ],
)
def test_the_last_extension_counts(filename, blocked):
    """Case and trailing dots or blanks hide no extension; an inner one is none."""
    assert blocked_extension(filename, BLOCKED_EXTENSIONS) == blocked


def test_a_list_may_be_written_with_dots_and_in_capitals():
    """A list that says .DOC blocks a.doc."""
    assert blocked_extension("a.doc", (".DOC",)) == "doc"


def test_an_extension_outside_ascii_can_be_blocked_in_either_normal_form():
    """A list that says é blocks it in one character and in two."""
    assert blocked_extension("a.e\u0301", ("\u00c9",)) == "\u00e9"
    assert blocked_extension("a.\u00e9", ("E\u0301",)) == "\u00e9"


@pytest.mark.parametrize("filename", ["evil.\uff45xe", "evil\uff0eexe", "evil.ex\u00e9", "evil.e\u00adxe"])
def test_the_name_in_ascii_has_the_extension_that_was_looked_at(filename):
    """What stands before a name outside ASCII shows no extension that was not looked at."""
    assert filename_parameters(filename) == (("filename", "evil.exe"), ("filename", filename))
